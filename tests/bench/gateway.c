/*
 * bench gateway - what a position costs pettrack-gateway, and what an idle connection keeps
 *
 *     bench_gateway --kafka HOST:PORT --gateway PATH [--positions 500000] [--idle 15000]
 *
 * Starts the gateway with topics of its own and an auth that knows everybody, plays trackers against it, and prints one
 * line of JSON for each protocol and one for idle connections. CPU time is the gateway's alone, all its threads.
 */
#include "base/clock.h"
#include "base/text.h"
#include "client/client.h"
#include "secret/secret.h"
#include "tests/bench/gateway_load.h"
#include "web/web.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 30000, LINE_SIZE = 1024 };

static const char *kafka = "127.0.0.1:9092", *program;
static int64_t positions = 500000, idle_connections = 15000;
static pid_t gateway;
static uint16_t osmand_port, teltonika_port, ops_port;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench gateway: %s\n", what);
	if (gateway > 0)
		kill(gateway, SIGKILL);
	exit(EXIT_FAILURE);
}

/* ---- an auth that knows everybody ---- */

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200,
		json_pack("{ss ss si ss}", "access_token", "bench", "token_type", "Bearer", "expires_in", 900, "scope",
			"devices.lookup"));
}

static json_t *device_of(const char *identifier)
{
	uint8_t hash[SECRET_HASH_SIZE];
	char hash_text[2 * SECRET_HASH_SIZE + 1], id_text[UUID_TEXT_SIZE];
	struct uuid id;

	secret_sha256(hash, identifier, strlen(identifier));
	memcpy(id.b, hash, sizeof id.b);
	uuid_format(id_text, &id);
	secret_sha256(hash, LOAD_SECRET, strlen(LOAD_SECRET));
	text_hex(hash_text, hash, sizeof hash);
	return json_pack("{ss ss ss}", "identifier", identifier, "id", id_text, "secret_sha256", hash_text);
}

static void look_up(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q), *v;
	json_t *devices = json_array();
	size_t i;

	(void)owner;
	json_array_foreach(json_object_get(body, "identifiers"), i,
		v) if (json_array_append_new(devices, device_of(json_string_value(v))) != 0) die("no memory");
	if (body)
		web_reply(q, 200, json_pack("{so}", "devices", devices));
	else
		json_decref(devices);
}

static const struct web_route routes[] = {
	{ "POST", "/v1/oauth/token", give_token, WEB_PUBLIC, NULL },
	{ "POST", "/internal/v1/devices/lookup", look_up, WEB_PUBLIC, NULL },
	{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
};

/* ---- the gateway ---- */

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		die("no memory");
}

static _Noreturn void become_gateway(uint16_t auth_port, int log)
{
	char text[64];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives the bench */
	snprintf(text, sizeof text, "bench_gateway_%d.", (int)getpid());
	set("KAFKA_TOPIC_PREFIX", text);
	snprintf(text, sizeof text, "http://127.0.0.1:%u", auth_port);
	set("AUTH_URL", text);
	set("KAFKA_BROKERS", kafka);
	set("CLIENT_SECRET", "bench");
	set("GATEWAY_ADDRESS", "127.0.0.1");
	set("GATEWAY_CONNECTIONS_PER_ADDRESS", "0");
	set("GATEWAY_PROTOCOLS", "osmand,teltonika");
	set("GATEWAY_OSMAND_PORT", "0");
	set("GATEWAY_TELTONIKA_PORT", "0");
	set("OPS_PORT", "0");
	set("LOG_FORMAT", "json");
	if (dup2(log, STDERR_FILENO) < 0)
		die("dup2");
	execl(program, program, (char *)NULL);
	die("cannot start the gateway");
}

static void read_port(const char *line, const char *name, uint16_t *ret)
{
	char wanted[64];
	const char *port = strstr(line, "\"port\":");

	snprintf(wanted, sizeof wanted, "\"event\":\"listening\",\"name\":\"%s\"", name);
	if (port && strstr(line, wanted))
		*ret = (uint16_t)strtoul(port + strlen("\"port\":"), NULL, 10);
}

/* Reads the log until all ports are known. The pipe stays open, for the gateway's sake. */
static void read_ports(int log)
{
	FILE *f = fdopen(log, "r");
	char line[LINE_SIZE];

	while (!(osmand_port && teltonika_port && ops_port)) {
		if (!f || !fgets(line, sizeof line, f))
			die("the gateway has ended");
		read_port(line, "osmand", &osmand_port);
		read_port(line, "teltonika", &teltonika_port);
		read_port(line, "ops", &ops_port);
	}
}

static void await_ready(void)
{
	char url[64];
	struct client *client;
	int64_t until_ms = clock_mono_ms() + READY_MS;

	snprintf(url, sizeof url, "http://127.0.0.1:%u", ops_port);
	if (client_open(&client, &(struct client_options){ .base_url = url }) != 0)
		die("no memory");
	while (client_call(client, "GET", "/readyz", NULL, NULL, NULL, NULL) != 0) {
		if (clock_mono_ms() > until_ms)
			die("the gateway is not ready: is Kafka there?");
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	client_close(client);
}

static void start_gateway(uint16_t auth_port)
{
	int log[2];

	if (pipe(log) < 0 || (gateway = fork()) < 0)
		die("cannot fork");
	if (gateway == 0)
		become_gateway(auth_port, log[1]);
	close(log[1]);
	read_ports(log[0]);
	await_ready();
}

static void stop_gateway(void)
{
	int status;

	kill(gateway, SIGTERM);
	if (waitpid(gateway, &status, 0) < 0 || status != 0)
		die("the gateway did not end cleanly");
}

/* CPU seconds the gateway has used. */
static double cpu_seconds(void)
{
	char path[64], text[1024];
	unsigned long user, kernel;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)gateway);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	if (!after || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		die("the gateway is gone");
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* KiB resident. */
static long resident(void)
{
	char path[64], line[256];
	long kib = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)gateway);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* ---- what is measured ---- */

static void play(const struct load *l, struct load_result *ret)
{
	int r = load_play(l, ret);

	if (r < 0)
		die(strerror(-r));
}

static void measure(const char *protocol, uint16_t port, int connections, int records)
{
	struct load l = { protocol, port, connections, 2000, records, positions, NULL, NULL };
	struct load_result result;

	l.positions = positions / 20; /* devices are looked up, connections of librdkafka made */
	play(&l, &result);
	l.positions = positions;
	double cpu = cpu_seconds();
	play(&l, &result);
	cpu = cpu_seconds() - cpu;
	printf("{\"bench\":\"gateway\",\"protocol\":\"%s\",\"connections\":%d,\"positions_per_frame\":%d,\"positions\":"
	       "%lld,"
	       "\"refused\":%lld,\"positions_per_s\":%.0f,\"cpu_s_per_million\":%.2f,\"ack_p50_ms\":%.2f,\"ack_p99_"
	       "ms\":%.2f}\n",
		protocol, connections, records, (long long)result.acknowledged, (long long)result.refused,
		(double)result.acknowledged / result.seconds, cpu * 1e6 / (double)result.acknowledged,
		result.ack_p50_ms, result.ack_p99_ms);
	fflush(stdout);
}

static void note_resident(void *arg)
{
	*(long *)arg = resident();
}

/* Connections that have all sent a position, and now wait for their owners to move. */
static void measure_idle(void)
{
	long before = resident(), idle = 0;
	struct load l = { "osmand", osmand_port, (int)idle_connections, 2000, 1, idle_connections, note_resident,
		&idle };
	struct load_result result;

	play(&l, &result);
	printf("{\"bench\":\"gateway\",\"idle_connections\":%lld,\"bytes_per_connection\":%.0f}\n",
		(long long)idle_connections, (double)(idle - before) * 1024 / (double)idle_connections);
}

static void read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kafka", required_argument, NULL, 'k' },
		{ "gateway", required_argument, NULL, 'g' },
		{ "positions", required_argument, NULL, 'p' },
		{ "idle", required_argument, NULL, 'i' },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'k':
			kafka = optarg;
			break;
		case 'g':
			program = optarg;
			break;
		case 'p':
			positions = strtoll(optarg, NULL, 10);
			break;
		case 'i':
			idle_connections = strtoll(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
	if (!program || positions < 1000 || idle_connections < 1)
		die("--gateway PATH is needed; --positions is at least 1000, --idle at least 1");
}

/* Here and, inherited, in the gateway. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || (rlim_t)idle_connections + 500 > limit.rlim_max)
		idle_connections = (int64_t)limit.rlim_cur - 500;
}

int main(int argc, char **argv)
{
	const struct web_options auth = { .address = "127.0.0.1", .threads = 4, .body_max = 1 << 20, .routes = routes };
	struct web *server;

	read_arguments(argc, argv);
	allow_files();
	signal(SIGPIPE, SIG_IGN);
	if (web_open(&server, &auth) != 0)
		die("cannot listen");
	start_gateway(web_port(server));
	measure("teltonika", teltonika_port, 500, 10);
	measure("osmand", osmand_port, 64, 1);
	measure("osmand", osmand_port, 1000, 1);
	measure_idle();
	stop_gateway();
	web_close(server);
	return EXIT_SUCCESS;
}
