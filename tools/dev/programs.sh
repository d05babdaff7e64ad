# shellcheck shell=bash
# programs - the four of Pettrack, for ./dev up: their settings, start and readiness.

programs=(auth gateway writer query)
declare -A program_path=(
	[auth]=auth/pettrack-auth
	[gateway]=ingest/gateway/pettrack-gateway
	[writer]=ingest/writer/pettrack-writer
	[query]=query/pettrack-query
)
cli=$root/build/cli/pettrack
program_targets=("${program_path[@]}" cli/pettrack query/web/page.stamp)

# secret NAME - the path of a file that holds a secret of this checkout, made when it is not there.
secret() {
	local file=$run/secrets/$1
	if [ ! -s "$file" ]; then
		mkdir -p -m 700 "$run/secrets"
		(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$file.part" && mv "$file.part" "$file")
	fi
	printf '%s' "$file"
}

# secret_write NAME TEXT
secret_write() {
	mkdir -p -m 700 "$run/secrets"
	(umask 077 && printf '%s\n' "$2" >"$run/secrets/$1")
}

programs_start() {
	local name preferred clients ops=9081
	started_now=()
	port_assign auth auth 8081
	while read -r name preferred; do
		[[ $name == *-udp ]] || port_assign gateway "$name" "$preferred"
	done < <(protocol_ports)
	port_assign query query 8083
	port_assign query live 8084
	for name in "${programs[@]}"; do
		port_assign "$name" "$name-ops" $((ops++))
	done
	clients="gateway:$(<"$(secret gateway)"):devices.lookup latest.read,query:$(<"$(secret query)"):access.read tokens.introspect account.export"
	clients+=",operator:$(<"$(secret operator)"):devices.unknown keys.rotate users.invite"
	secret_write clients "$clients"
	secret_write mongodb-uri "$mongodb_uri"
	for name in "${programs[@]}"; do
		program_start "$name"
	done
	for name in "${programs[@]}"; do
		process_wait "$name" 60 "start of $name" curl -fsS -m 5 "http://127.0.0.1:$(port "$name-ops")/readyz"
	done
	if [ ${#started_now[@]} -gt 0 ]; then
		say "  Started: ${started_now[*]}"
	fi
}

# What the gateway speaks, and the port of each: "gt06 5023".
protocol_ports() {
	"$root/build/${program_path[gateway]}" --help |
		sed -n 's/^  --\([a-z0-9-]*\)-port PORT  (GATEWAY_.*; default \([0-9]*\).*/\1 \2/p'
}

program_start() {
	local name=$1 binary=$root/build/${program_path[$1]} env fingerprint
	mapfile -t env < <(program_env "$name")
	fingerprint=$({
		sha256sum <"$binary"
		printf '%s\n' "${env[@]}"
		cat "$run"/secrets/{clients,mongodb-uri}
	} | sha256sum | cut -c 1-16)
	process_start "$name" "$fingerprint" env "${env[@]}" "$binary"
}

# The settings of a program, NAME=VALUE a line. Secrets are in files, so that no list of processes shows them.
program_env() {
	local name
	printf '%s\n' LOG_FORMAT=json "KAFKA_BROKERS=$brokers" "MONGODB_URI_FILE=$run/secrets/mongodb-uri" \
		"OPS_PORT=$(port "$1-ops")"
	case $1 in
	auth)
		printf '%s\n' "AUTH_PORT=$(port auth)" "AUTH_CLIENTS_FILE=$run/secrets/clients" "AUTH_MASTER_SECRET_FILE=$(secret master)" \
			"AUTH_CORS_ORIGINS=$(page_origins)" "AUTH_PUBLIC_URL=http://127.0.0.1:$(port query)" \
			"AUTH_SMTP_URL=smtp://127.0.0.1:$(port smtp)" AUTH_SMTP_STARTTLS=false
		;;
	gateway)
		while read -r name _; do
			printf 'GATEWAY_%s_PORT=%s\n' "$(tr a-z- A-Z_ <<<"$name")" "$(port "${name%-udp}")"
		done < <(protocol_ports)
		printf '%s\n' \
			"AUTH_URL=http://127.0.0.1:$(port auth)" CLIENT_ID=gateway "CLIENT_SECRET_FILE=$(secret gateway)" \
			"QUERY_URL=http://127.0.0.1:$(port query)"
		;;
	query)
		printf '%s\n' "QUERY_PORT=$(port query)" "LIVE_PORT=$(port live)" \
			"AUTH_URL=http://127.0.0.1:$(port auth)" CLIENT_ID=query "CLIENT_SECRET_FILE=$(secret query)" \
			"QUERY_FILES_DIR=$root/build/query/web/page" \
			"QUERY_TILE_URL=${QUERY_TILE_URL:-}" "QUERY_TILE_ATTRIBUTION=${QUERY_TILE_ATTRIBUTION:-}"
		;;
	esac
}

page_origins() {
	printf 'http://127.0.0.1:%s,http://localhost:%s' "$(port query)" "$(port query)"
}
