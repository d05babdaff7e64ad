# shellcheck shell=bash
# bench - what it costs, with servers of its own and a release build.

command_bench() {
	packages_ensure "${packages_build[@]}" "${packages_run[@]}"
	fetch_kafka
	fetch_mongod
	fetch_python
	kafka_java_set
	local build_only=("${program_targets[@]}" tests/ingest/gateway/bench_gateway tests/ingest/writer/bench_writer tests/query/live/bench_live tests/auth/bench_auth)
	build_ensure build-release gcc --buildtype=release -Db_lto=true
	export PETTRACK_KAFKA_HOME=$kafka_home PETTRACK_MONGOD=$mongod
	"$python" "$root/tests/system/with_servers.py" --kafka \
		"$python" "$root/tests/bench/bench.py" "$root/build-release" "$@"
}
