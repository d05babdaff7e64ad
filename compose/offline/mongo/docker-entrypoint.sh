#!/bin/bash
# docker-entrypoint.sh - arguments as the official image's takes them: options alone are mongod's; it listens on every
# address unless told otherwise; root makes the data the server's and steps down.
set -euo pipefail

[ "${1#-}" = "${1:-}" ] || set -- mongod "$@"
[ "${1:-}" = mongod ] || exec "$@"
[[ " $* " == *" --bind_ip"* ]] || set -- "$@" --bind_ip_all
if [ "$(id -u)" = 0 ]; then
	find /data/db /data/configdb ! -user mongodb -exec chown mongodb '{}' +
	exec setpriv --reuid=mongodb --regid=mongodb --init-groups "$@"
fi
exec "$@"
