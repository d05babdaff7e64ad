# shellcheck shell=bash
# up - from a bare Debian to pets on a map; down, status and logs for what that started.

# In the order of start; the end goes the other way.
processes=(kafka mongod mails auth gateway writer query simulate)

command_up() {
	local tracks=''
	while [ $# -gt 0 ]; do
		case $1 in
		--tracks)
			[ -r "${2:-}" ] || die "--tracks needs a file that can be read: '${2:-}'" "./dev up --tracks walk.gpx"
			tracks=$(realpath "$2")
			shift 2
			;;
		*) die "up knows no '$1'" "./dev up [--tracks FILE]" ;;
		esac
	done

	say "Pettrack"
	packages_ensure "${packages_build[@]}" "${packages_run[@]}"
	[ -n "${PETTRACK_KAFKA_BROKERS:-}" ] || fetch_kafka
	[ -n "${PETTRACK_MONGODB_URI:-}" ] || fetch_mongod
	fetch_python
	build_only=("${program_targets[@]}")
	build_ensure build gcc
	started_now=()
	servers_start
	programs_start
	demo_start "$tracks"
	demo_say
}

command_down() {
	local i wipe=''
	case ${1:-} in
	'') ;;
	--wipe) wipe=yes ;;
	*) die "down knows no '$1'" "./dev down [--wipe]" ;;
	esac

	for ((i = ${#processes[@]} - 1; i >= 0; i--)); do
		! process_runs "${processes[i]}" || say "  ending ${processes[i]}"
		process_end "${processes[i]}"
	done
	[ -z "$wipe" ] || rm -rf "$run"
}

command_status() {
	local name pid started fingerprint runs=''

	for name in "${processes[@]}"; do
		if process_runs "$name"; then
			process_read "$name"
			printf '%-10s pid %-8s since %s\n' "$name" "$pid" "$(date -d "@$(stat -c %Y "$run/pid/$name")" '+%F %T')"
			runs=yes
		elif [ -e "$run/pid/$name" ]; then
			printf '%-10s ENDED by itself: ./dev logs %s\n' "$name" "$name"
		else
			printf '%-10s not started\n' "$name"
		fi
	done
	[ ! -r "$run/ports" ] || {
		printf '\nports on 127.0.0.1:\n'
		sort "$run/ports" | while read -r name pid; do printf '  %-18s %s\n' "$name" "$pid"; done
	}
	[ -z "$runs" ] || demo_say
}

command_logs() {
	local file=$run/log/${1:-}.log
	[ -n "${1:-}" ] && [ -r "$file" ] ||
		die "there is no log of '${1:-}'" "there is: $(cd "$run/log" && printf '%s\n' *.log | sed '/^dev-/d; s/\.log$//' | paste -sd ' ')"
	if [ "${2:-}" = -f ]; then
		exec tail -n 100 -F "$file"
	fi
	cat "$file"
}
