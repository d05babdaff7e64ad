# shellcheck shell=bash
# process - what ./dev up started: found again by process id and start time, so that a reused id is never taken for it.
#
# .run/pid/NAME holds "PID START FINGERPRINT": START is field 22 of /proc/PID/stat, FINGERPRINT says of what program and
# settings it was started. .run/log/NAME.log is its output. .run/ports holds "NAME PORT" lines.

# Start time of a process in clock ticks since boot; nothing for one that is gone or a zombie.
process_start_time() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
	stat=${stat##*) } # the name may contain anything; what follows does not
	# shellcheck disable=SC2086 # fields
	set -- $stat
	[ "$1" = Z ] || printf '%s' "${20}"
}

# process_read NAME - sets $pid, $started and $fingerprint from its file.
process_read() {
	pid='' started='' fingerprint=''
	[ -r "$run/pid/$1" ] && read -r pid started fingerprint <"$run/pid/$1" && [ -n "$started" ]
}

process_runs() {
	local pid started fingerprint
	process_read "$1" && [ "$(process_start_time "$pid")" = "$started" ]
}

# process_start NAME FINGERPRINT COMMAND... - leaves one that runs with this fingerprint as it is; replaces another.
process_start() {
	local name=$1 want=$2 pid started fingerprint
	shift 2

	if process_runs "$name"; then
		process_read "$name"
		[ "$fingerprint" != "$want" ] || return 0
		process_end "$name"
	fi
	mkdir -p "$run/pid" "$run/log"
	setsid "$@" >>"$run/log/$name.log" 2>&1 </dev/null &
	printf '%s %s %s\n' "$!" "$(process_start_time "$!")" "$want" >"$run/pid/$name"
	started_now+=("$name")
}

# process_end NAME - SIGTERM, up to 30 s to drain, then SIGKILL.
process_end() {
	local pid started fingerprint deadline=$((SECONDS + 30))

	if process_runs "$1"; then
		process_read "$1"
		kill "$pid" 2>/dev/null || true
		while process_runs "$1"; do
			if [ $SECONDS -ge $deadline ]; then
				say "  $1 did not end within 30 s of SIGTERM: killed"
				kill -9 "$pid" 2>/dev/null || true
			fi
			sleep 0.1
		done
	fi
	rm -f "$run/pid/$1"
}

# process_wait NAME SECONDS WHAT COMMAND... - until COMMAND succeeds; ends ./dev when NAME died or time is up.
process_wait() {
	local name=$1 deadline=$((SECONDS + $2)) what=$3
	shift 3

	until "$@" >/dev/null 2>&1; do
		process_runs "$name" || die "$name ended while starting: $(tail -n 3 "$run/log/$name.log")" \
			"its log: ./dev logs $name"
		[ $SECONDS -lt $deadline ] || die "$name: $what took too long: $(tail -n 3 "$run/log/$name.log")" \
			"its log: ./dev logs $name"
		sleep 0.1
	done
}

# ---- ports ----

# Whether anything listens on a TCP port, on whatever address.
port_busy() {
	local hex
	printf -v hex ':%04X' "$1"
	awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6
}

port_read() {
	[ -r "$run/ports" ] && awk -v name="$1" '$1 == name { port = $2 } END { if (!port) exit 1; print port }' "$run/ports"
}

# port_assign PROCESS NAME PREFERRED - the port NAME keeps while PROCESS runs; else the last one, the preferred one or
# any that is free, in that order.
port_assign() {
	local process=$1 name=$2 preferred=$3 port
	port=$(port_read "$name") || port=$preferred
	if ! process_runs "$process"; then
		port_free_for "$name" "$port" || port=$preferred
		until port_free_for "$name" "$port"; do
			port=$((20000 + RANDOM % 10000)) # below what the kernel hands out
		done
	fi
	[ ! -e "$run/ports" ] || sed -i "/^$name /d" "$run/ports"
	printf '%s %s\n' "$name" "$port" >>"$run/ports"
}

# Nobody listens on it, and no other name has it.
port_free_for() {
	! port_busy "$2" && ! awk -v name="$1" -v port="$2" '$1 != name && $2 == port { f = 1 } END { exit !f }' "$run/ports" 2>/dev/null
}

port() {
	port_read "$1" || die "no port is assigned to $1" "./dev up assigns them"
}
