# shellcheck shell=bash
# compose - the suite that runs docker-compose: by a docker that answers, else by a daemon of its own.
#
# The daemon's images are kept in .run/docker, so that a second run builds little; the daemon itself ends with the suite.
# Its sockets are in a folder with a short path, since a socket's path has a limit.

compose_daemon_pid=''

suite_compose() {
	local status=0 figures=$run/results/compose-figures
	packages_ensure "${packages_compose[@]}"
	compose_daemon_ensure
	compose_images_ensure
	PETTRACK_FIGURES=$figures suite_run compose "Compose: from a clean copy, kept, killed" \
		"$run/results/compose.xml" compose_pytest "$@" || status=$?
	[ ! -e "$figures" ] || sed 's/^/    /' "$figures"
	compose_daemon_end
	return "$status"
}

compose_pytest() {
	mkdir -p "$run/tmp" && cd "$root/tests/compose" &&
		"$python" -m pytest -v -p no:cacheprovider --junit-xml="$run/results/compose.xml" --basetemp="$run/tmp/compose" "$@"
}

compose_daemon_ensure() {
	! docker version >/dev/null 2>&1 || return 0
	[ "$(id -u)" -eq 0 ] || die "no docker daemon answers" "start it, say where it is by DOCKER_HOST, or be root"
	compose_sockets=$(mktemp -d /tmp/pettrack-docker-XXXXXX)
	export DOCKER_HOST=unix://$compose_sockets/docker.sock
	mkdir -p "$run/docker"
	setsid dockerd --host "$DOCKER_HOST" --data-root "$run/docker" --exec-root "$compose_sockets/exec" \
		--pidfile "$compose_sockets/docker.pid" >"$run/log/dockerd.log" 2>&1 </dev/null &
	compose_daemon_pid=$!
	trap compose_daemon_end EXIT
	step "Starting a docker daemon" compose_daemon_wait
}

compose_daemon_wait() {
	local deadline=$((SECONDS + 60))
	until docker version; do
		kill -0 "$compose_daemon_pid" && [ $SECONDS -lt $deadline ] || {
			tail -n 20 "$run/log/dockerd.log"
			return 1
		}
		sleep 0.3
	done
}

# SIGTERM lets it end its containers; its own network namespace stays mounted all the same.
compose_daemon_end() {
	[ -n "$compose_daemon_pid" ] || return 0
	kill "$compose_daemon_pid" 2>/dev/null || true
	wait "$compose_daemon_pid" 2>/dev/null || true
	compose_daemon_pid=''
	umount "$compose_sockets/exec/netns/default" 2>/dev/null || true
	rm -rf --one-file-system "$compose_sockets" || say "  $compose_sockets could not be removed"
}

# The images that everything starts from: there already, from a registry, or stand-ins.
compose_images_ensure() {
	local image absent=()
	for image in debian:bookworm-slim "apache/kafka:$kafka_version" mongo:6.0; do
		docker image inspect "$image" >/dev/null 2>&1 || absent+=("$image")
	done
	[ ${#absent[@]} -gt 0 ] || return 0
	attempt "Pulling ${absent[*]}" compose_pull "${absent[@]}" ||
		"$root/compose/offline.sh" || die "the base images can neither be pulled nor made"
}

compose_pull() {
	local image
	for image in "$@"; do
		timeout 600 docker pull -q "$image" || return
	done
}
