# shellcheck shell=bash
# servers - Kafka and MongoDB for ./dev up: one node each, data in .run; or the user's own. And a mail server that only shows.

# Sets $brokers and $mongodb_uri, and starts what the user did not bring.
servers_start() {
	brokers=${PETTRACK_KAFKA_BROKERS:-}
	mongodb_uri=${PETTRACK_MONGODB_URI:-}
	[ -n "$brokers" ] || kafka_launch
	[ -n "$mongodb_uri" ] || mongod_launch
	mails_launch
	[ -n "${PETTRACK_KAFKA_BROKERS:-}" ] || kafka_wait
	[ -n "${PETTRACK_MONGODB_URI:-}" ] || mongod_wait
	mails_wait
}

# What auth mails goes nowhere but onto a page.
mails_launch() {
	port_assign mails smtp 2525
	port_assign mails mails 8025
	process_start mails "$(sha256sum <"$root/tools/dev/mails.py" | cut -c 1-16)-$(port smtp)-$(port mails)" \
		"$python" "$root/tools/dev/mails.py" "$(port smtp)" "$(port mails)" "$run/mails"
}

mails_wait() {
	process_wait mails 30 "start of the mail server" "$python" "$root/tools/dev/mails.py" ready "$(port smtp)" "$(port mails)"
}

kafka_launch() {
	local folder=$run/kafka
	port_assign kafka kafka 9092
	port_assign kafka kafka-controller 9093
	brokers=127.0.0.1:$(port kafka)
	mkdir -p "$folder"
	kafka_java_set
	sed -e "s|@PORT@|$(port kafka)|g; s|@CONTROLLER@|$(port kafka-controller)|g; s|@DATA@|$folder/data|g" \
		"$root/tools/dev/kafka.properties" >"$folder/server.properties"
	[ -e "$folder/data/meta.properties" ] || step "Preparing Kafka's storage" kafka_format "$folder"
	process_start kafka "$(sha256sum <"$folder/server.properties" | cut -c 1-16)" \
		"${kafka_java[@]}" kafka.Kafka "$folder/server.properties"
}

kafka_format() {
	local cluster
	cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
	rm -rf "$1/data"
	"${kafka_java[@]}" kafka.tools.StorageTool format --standalone "--cluster-id=$cluster" -c "$1/server.properties"
}

kafka_wait() {
	process_wait kafka 60 "start of Kafka" "$python" "$root/tools/dev/servers.py" kafka "$brokers"
}

mongod_launch() {
	local folder=$run/mongodb
	port_assign mongod mongod 27017
	mongodb_uri="mongodb://127.0.0.1:$(port mongod)/pettrack?replicaSet=rs0"
	mkdir -p "$folder"
	process_start mongod "$(port mongod)" \
		"$mongod" --dbpath "$folder" --port "$(port mongod)" --bind_ip 127.0.0.1 --replSet rs0 \
		--wiredTigerCacheSizeGB 0.5 --setParameter diagnosticDataCollectionEnabled=false
}

mongod_wait() {
	process_wait mongod 60 "start of MongoDB" "$python" "$root/tools/dev/servers.py" mongod "$(port mongod)"
}
