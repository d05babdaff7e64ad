#!/bin/sh
# secrets.sh - the secrets of a development system, made at the first start; afterwards they stay as they are, and
# what auth is to know of the services follows them
#
#     secrets.sh              makes what is missing
#     secrets.sh password     prints the demo account's password
#
# /secrets/NAME is the volume that service NAME mounts. Files belong to root and are readable by the group of the
# programs, 10001: a program reads its own, and whoever may use docker on this machine, who is as good as root, all.
set -eu
umask 077

group=10001

random() {
	head -c 33 /dev/urandom | base64 | tr '+/' '-_'
}

# secret FILE TEXT - whole or not at all.
secret() {
	[ ! -s "$1" ] || return 0
	printf '%s\n' "$2" >"$1.part"
	chown "0:$group" "$1.part"
	chmod 440 "$1.part"
	mv "$1.part" "$1"
}

clients() {
	printf 'gateway:%s:devices.lookup latest.read,query:%s:access.read tokens.introspect account.export,retention:%s:devices.retention,operator:%s:devices.unknown keys.rotate' \
		"$(cat /secrets/gateway/client)" "$(cat /secrets/query/client)" "$(cat /secrets/retention/client)" \
		"$(cat /secrets/operator/client)"
}

make_all() {
	secret /secrets/auth/master "$(random)"
	secret /secrets/gateway/client "$(random)"
	secret /secrets/query/client "$(random)"
	secret /secrets/retention/client "$(random)"
	secret /secrets/operator/client "$(random)"
	secret /secrets/demo/password "$(random)"
	[ "$(cat /secrets/auth/clients 2>/dev/null)" = "$(clients)" ] || rm -f /secrets/auth/clients # a scope is new
	secret /secrets/auth/clients "$(clients)"
	chmod 755 /secrets/auth /secrets/gateway /secrets/query /secrets/retention /secrets/operator /secrets/demo
	chown "$group:$group" /secrets/trackers # written by the seed and the simulator
}

case ${1:-} in
'') make_all ;;
password) cat /secrets/demo/password ;;
*)
	echo "usage: secrets.sh [password]" >&2
	exit 2
	;;
esac
