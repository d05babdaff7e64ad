#!/usr/bin/env bash
#
# offline.sh - the images that compose and the charts start from, for a host that reaches package registries but no
#              image registry
#
#     compose/offline.sh [--force] [base] [kafka] [mongo]      all three without a name
#
# Makes stand-ins of the same names in the local docker. An image that is there already, pulled or made by this script as
# it is now, stays as it is; --force makes it anew. Needs root (debootstrap) and, for Kafka and MongoDB, x86_64 or a JRE.
#
# debian:bookworm-slim   Debian 12's own packages by debootstrap, minimal, upgraded, without documentation, manuals and
#                        translations: what the official image holds. What differs: apt asks the mirrors that this
#                        host's apt asks, with its proxy, and certificates that this host trusts locally are there
#                        (/usr/local/share/ca-certificates), so that builds on it work where this host's do. Images
#                        built on it are therefore for this host and not for publishing.
# apache/kafka:4.1.1     The same Kafka, from Maven Central, set up and formatted by the same class (KafkaDockerWrapper)
#                        from the same places: /mnt/shared/config, KAFKA_* variables, CLUSTER_ID, KAFKA_HEAP_OPTS,
#                        user 1000, data wherever log.dirs says. What differs: Debian's Java 17, logs by slf4j-simple on
#                        stderr, a few of bin/'s tools, no JMX, no native build.
# mongo:6.0              MongoDB, Inc.'s own mongod 6.0, as a PyPI wheel carries it; user 999, /data/db, arguments as
#                        the official image takes them. What differs: no mongosh, no MONGO_INITDB_* variables.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
run=$root/.run
cache=${PETTRACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pettrack}

# shellcheck source=tools/dev/say.sh
source "$root/tools/dev/say.sh"
# shellcheck source=tools/dev/packages.sh
source "$root/tools/dev/packages.sh"
# shellcheck source=tools/dev/fetch.sh
source "$root/tools/dev/fetch.sh"

recipe_label=pettrack.stand-in # what an image of this script was made by; pulled ones have none
declare -A image_of=(
	[base]=debian:bookworm-slim
	[kafka]=apache/kafka:$kafka_version
	[mongo]=mongo:6.0
)
force=''

usage() {
	sed -n '3,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

main() {
	local wanted=() name
	while [ $# -gt 0 ]; do
		case $1 in
		--force) force=yes ;;
		base | kafka | mongo) wanted+=("$1") ;;
		-h | --help)
			usage
			return
			;;
		*) die "offline.sh knows no '$1'" "compose/offline.sh [--force] [base] [kafka] [mongo]" ;;
		esac
		shift
	done
	[ ${#wanted[@]} -gt 0 ] || wanted=(base kafka mongo)

	mkdir -p "$run/log"
	command -v docker >/dev/null || die "there is no docker command" "install Docker, or Debian's docker.io"
	docker version >/dev/null 2>&1 || die "no docker daemon answers" "start it, or say where it is by DOCKER_HOST"
	for name in "${wanted[@]}"; do
		image_ensure "$name"
	done
}

image_ensure() {
	local name=$1 image=${image_of[$1]} recipe made
	recipe=$(recipe_hash "$name")
	if [ -z "$force" ] && made=$(docker image inspect -f "{{index .Config.Labels \"$recipe_label\"}}" "$image" 2>/dev/null); then
		if [ -z "$made" ] || [ "$made" = "$recipe" ]; then
			say "  $image is there"
			return
		fi
	fi
	"${name}_prepare"
	step "Making $image" "${name}_make" "$image" "$recipe"
}

# What an image is made by: it is made anew when that changes. Kafka and MongoDB stand on the base.
recipe_hash() {
	{
		declare -f base_fill base_slim base_import host_sources host_apt_settings
		[ "$1" = base ] || {
			declare -f "$1_make"
			cat "$root/tools/dev/kafka.xml" "$root/tools/dev/mongod.txt"
			find "$root/compose/offline/$1" -type f | sort | xargs cat
		}
	} | sha256sum | cut -c 1-12
}

# ---- debian:bookworm-slim ----

base_prepare() {
	[ "$(id -u)" -eq 0 ] || die "debootstrap needs root" "sudo compose/offline.sh base"
	packages_ensure "${packages_offline[@]}"
}

base_make() {
	local image=$1 recipe=$2 tree status=0
	tree=$(mktemp -d) || return
	base_fill "$tree" && base_slim "$tree" && base_import "$tree" "$image" "$recipe" || status=$?
	rm -rf --one-file-system "$tree"
	return "$status"
}

# Packages, from where this host gets its own; where it is no Debian, from where debootstrap would.
base_fill() {
	local tree=$1 sources options=(--variant=minbase)
	sources=$(host_sources)
	if [[ $sources == *https:* ]]; then
		options+=(--include=ca-certificates)
	fi
	debootstrap "${options[@]}" bookworm "$tree" ${sources:+"$(awk '$3 == "bookworm" { print $2; exit }' <<<"$sources")"} || return
	[ -z "$sources" ] || printf '%s\n' "$sources" >"$tree/etc/apt/sources.list"
	host_apt_settings >"$tree/etc/apt/apt.conf.d/90host"
	mkdir -p "$tree/usr/local/share/ca-certificates"
	find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$tree/usr/local/share/ca-certificates/" \; || true
	chroot "$tree" apt-get update && chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get -y upgrade
}

# "deb URI SUITE COMPONENT" for each of Debian 12's that this host's apt knows.
host_sources() {
	command -v apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' |
		grep -E ' bookworm(-updates|-security)? main$' | sort -u || true
}

host_apt_settings() {
	! command -v apt-config >/dev/null || apt-config dump | grep -E '^Acquire::(https?::|Check-)' || true
}

# As the official slim image: no documentation but licences, no manuals, no translations, now and in what is installed
# later; dpkg does not sync, for a build that was cut short is thrown away; nothing that apt can fetch again.
base_slim() {
	local tree=$1
	cat >"$tree/etc/dpkg/dpkg.cfg.d/docker" <<-'EOF'
		force-unsafe-io
		path-exclude /usr/share/doc/*
		path-include /usr/share/doc/*/copyright
		path-exclude /usr/share/info/*
		path-exclude /usr/share/linda/*
		path-exclude /usr/share/lintian/overrides/*
		path-exclude /usr/share/locale/*
		path-include /usr/share/locale/locale.alias
		path-exclude /usr/share/man/*
	EOF
	cat >"$tree/etc/apt/apt.conf.d/docker" <<-'EOF'
		Apt::AutoRemove::SuggestsImportant "false";
		DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Acquire::GzipIndexes "true";
		Acquire::Languages "none";
	EOF
	find "$tree/usr/share/doc" ! -type d ! -name copyright -delete &&
		find "$tree/usr/share/doc" -type d -empty -delete &&
		rm -rf "$tree"/usr/share/{info,linda,lintian/overrides,man}/* "$tree"/var/lib/apt/lists/* \
			"$tree"/var/cache/apt/{archives/*.deb,*.bin} "$tree"/var/cache/ldconfig/* "$tree"/var/log/{*.log,apt/*} \
			"$tree"/etc/{resolv.conf,hostname} &&
		find "$tree/usr/share/locale" -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -rf {} +
}

base_import() {
	tar -C "$1" --one-file-system --numeric-owner -c . |
		docker import --change 'CMD ["bash"]' --change "LABEL $recipe_label=$3" - "$2"
}

# ---- apache/kafka ----

kafka_prepare() {
	image_ensure base
	fetch_kafka
}

# Kafka says nothing through slf4j-nop, which ./dev up uses: here it speaks.
kafka_make() {
	local image=$1 recipe=$2 context status=0
	context=$(mktemp -d) || return
	cp -R "$root/compose/offline/kafka/." "$kafka_home/libs" "$context" &&
		rm -f "$context"/libs/slf4j-nop-*.jar &&
		mvn -B -ntp -q dependency:copy -Dartifact=org.slf4j:slf4j-simple:1.7.36 -DoutputDirectory="$context/libs" \
			-f "$root/tools/dev/kafka.xml" &&
		docker build --network host -t "$image" --label "$recipe_label=$recipe" "$context" || status=$?
	rm -rf "$context"
	return "$status"
}

# ---- mongo ----

mongo_prepare() {
	image_ensure base
	fetch_mongod
}

mongo_make() {
	local image=$1 recipe=$2 context status=0
	context=$(mktemp -d) || return
	cp "$root"/compose/offline/mongo/* "$mongod" "$context" &&
		docker build --network host -t "$image" --label "$recipe_label=$recipe" "$context" || status=$?
	rm -rf "$context"
	return "$status"
}

main "$@"
