# shellcheck shell=bash
# demo - an owner whose pets move: ten of the movement model, or those of a file of tracks.
#
# .run/demo holds the session of the command line, the trackers' secrets and what is played. Times faster than life:
# PETTRACK_SPEED_UP.

demo_email=demo@example.org

# demo_start [TRACKS] - leaves what is played already; with other tracks it begins anew.
demo_start() {
	local tracks=$1 folder=$run/demo plays want
	want=$({ sha256sum <"$cli" && printf '%s\n' "$tracks" "$(port osmand)" "$(port auth)" "${PETTRACK_SPEED_UP:-}"; } |
		sha256sum | cut -c 1-16)
	if process_runs simulate && process_read simulate && [ "$fingerprint" = "$want" ]; then
		return
	fi

	process_end simulate
	mkdir -p -m 700 "$folder"
	plays=(simulate --gateway "127.0.0.1:$(port osmand)" --devices "$folder/trackers.jsonl")
	demo_settings
	step "Logging in the demo owner" \
		"${demo[@]}" login --register --email "$demo_email" --password-file "$(secret demo-password)"
	if [ -n "$tracks" ]; then
		plays+=(--tracks "$tracks")
		step "Playing the tracks up to now" "${demo[@]}" "${plays[@]}" --register --speed-up 0
		plays+=(--speed-up "${PETTRACK_SPEED_UP:-10}")
	else
		plays+=(--trackers 10)
		step "Playing the last day of ten pets" "${demo[@]}" "${plays[@]}" --register --past 24h --speed-up 0
		plays+=(--interval 2s --speed-up "${PETTRACK_SPEED_UP:-1}")
	fi
	process_start simulate "$want" "${demo[@]}" "${plays[@]}"
}

# Sets $demo: the command line with a session of its own in place of the user's.
demo_settings() {
	demo=(env "XDG_CONFIG_HOME=$run/demo" "PETTRACK_AUTH_URL=http://127.0.0.1:$(port auth)" "$cli")
}

demo_say() {
	cat <<EOF

  Page      http://127.0.0.1:$(port query)/
  Mails     http://127.0.0.1:$(port mails)/
  E-mail    $demo_email
  Password  $(<"$(secret demo-password)")

  ./dev status     ./dev logs NAME -f     ./dev down
EOF
}
