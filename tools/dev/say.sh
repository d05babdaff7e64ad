# shellcheck shell=bash
# say - what ./dev tells: steps with their time, and on failure what went wrong and what to do.

say() {
	printf '%s\n' "$*"
}

# die WHAT [WHAT-TO-DO]
die() {
	printf '\ndev: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf 'dev: %s\n' "$2" >&2
	exit 1
}

# step TEXT COMMAND... - runs it with its output in a log, shows that time passes, and ends ./dev when it fails.
step() {
	attempt "$@" || die "failed: $1" "the whole output is in ${step_log#"$root/"}"
}

# attempt TEXT COMMAND... - the same, and returns the command's status. $step_log names the log.
attempt() {
	local text=$1 started=$SECONDS status=0
	shift
	step_log=$run/log/dev-$(tr -cs 'a-zA-Z0-9\n' '-' <<<"$text").log

	set -m # a process group of its own, so that an interrupt ends all of it
	"$@" >"$step_log" 2>&1 </dev/null &
	local pid=$!
	set +m
	trap 'kill -- -'"$pid"' 2>/dev/null; exit 130' INT TERM
	show_progress "$text" "$pid" "$started"
	wait "$pid" || status=$?
	trap - INT TERM

	[ ! -t 1 ] || printf '\r\033[K'
	if [ "$status" -eq 0 ]; then
		printf '  %s (%d s)\n' "$text" $((SECONDS - started))
	else
		printf '  %s: FAILED after %d s\n' "$text" $((SECONDS - started))
		tail -n 30 "$step_log" | sed 's/^/    /'
	fi
	return "$status"
}

# On a terminal the seconds count up; elsewhere a line every half minute says what the step is at.
show_progress() {
	local text=$1 pid=$2 started=$3 said=$SECONDS

	while kill -0 "$pid" 2>/dev/null; do
		if [ -t 1 ]; then
			printf '\r\033[K  %s ... %d s' "$text" $((SECONDS - started))
		elif [ $((SECONDS - said)) -ge 30 ]; then
			said=$SECONDS
			printf '  %s ... %d s: %s\n' "$text" $((SECONDS - started)) "$(tail -n 1 "$step_log" | cut -c 1-100)"
		fi
		sleep 0.2
	done
}
