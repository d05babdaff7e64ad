/*
 * bench gateway - what trackers cost pettrack-gateway: those that are connected, a position of each protocol, bad neighbours
 *
 *     bench_gateway --kafka HOST:PORT --gateway PATH [--positions 1000000] [--trackers 20000] [--seconds 60] [--only WORD]
 *
 * Starts the gateway with topics of its own and an auth that knows everybody, plays the simulator's trackers against it, and
 * prints one line of JSON for each measurement. CPU time and memory are the gateway's alone, all its threads.
 * --only: "held", "neighbours", "bare" (the least that could answer OsmAnd's requests), or the name of a protocol.
 */
#include "base/clock.h"
#include "tests/bench/gateway_auth.h"
#include "tests/bench/gateway_bare.h"
#include "tests/bench/gateway_load.h"
#include "tests/bench/gateway_neighbours.h"
#include "tests/bench/gateway_program.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
	REPORT_S = 10, /* of trackers that are held */
	FILES_BESIDE = 100, /* beside a tracker's: Kafka, auth, ops, loops */
	GOOD = 500, /* trackers that have neighbours */
	GOOD_PERIOD_MS = 500,
	BAD = 4, /* neighbours */
	BARE_CONNECTIONS = 1000,
	DURABLE_MS = 120000, /* for the last of a silent protocol's positions */
	LOOK_NS = 10000000,
};

static const char *kafka = "127.0.0.1:9092", *program, *only;
static int64_t positions = 1000000, trackers = 20000, seconds = 60;
static struct gateway_program gateway;
static double bare_cpu_s_per_million; /* 0: not measured */

static bool wanted(const char *what)
{
	return !only || !strcmp(only, what);
}

static struct load_part part(const char *protocol)
{
	return (struct load_part){ dialect_speaking(protocol, "8e"), gateway_port(&gateway, protocol) };
}

/* ---- trackers that are held ---- */

/* They are connected, have reported, and go on: that is what memory and time are measured of. */
static void measure_held(void)
{
	const struct load_options o = {
		.parts = { part("gt06"), part("watch") },
		.parts_n = 2,
		.trackers = (size_t)trackers,
		.records = 1,
		.period_ms = REPORT_S * 1000,
	};
	struct load_result result;
	int64_t before = gateway_resident_bytes(&gateway);
	struct load *l = load_open(&o);

	load_play(l, 0, REPORT_S * 1000, &result);
	double cpu_s = gateway_cpu_s(&gateway);
	load_play(l, 0, seconds * 1000, &result);
	cpu_s = gateway_cpu_s(&gateway) - cpu_s;
	int64_t resident = gateway_resident_bytes(&gateway);
	load_close(l);
	printf("{\"bench\":\"gateway\",\"held\":%lld,\"seconds\":%.0f,\"positions_per_s\":%.0f,\"late\":%lld,"
	       "\"cpu_percent\":%.1f,\"cpu_s_per_million\":%.2f,\"ack_p50_ms\":%.2f,\"ack_p99_ms\":%.2f,"
	       "\"bytes_per_connection\":%.0f}\n",
		(long long)trackers, result.seconds, (double)result.positions / result.seconds, (long long)result.late,
		100 * cpu_s / result.seconds, 1e6 * cpu_s / (double)result.positions, result.ack_p50_ms,
		result.ack_p99_ms, (double)(resident - before) / (double)trackers);
	fflush(stdout);
}

/* ---- the least that could answer ---- */

/* The requests of OsmAnd's 1,000 connections, for a server that does nothing but answer: in the same run, on the same machine. */
static void measure_bare(void)
{
	struct gateway_program bare;
	struct load_result result;

	bare_start(&bare);
	const struct load_options o = {
		.parts = { { dialect_speaking("osmand", "8e"), gateway_port(&bare, "osmand") } },
		.parts_n = 1,
		.trackers = BARE_CONNECTIONS,
		.records = 1,
		.battery = true,
	};
	struct load *l = load_open(&o);

	load_play(l, positions / 20, 0, &result);
	double cpu_s = gateway_cpu_s(&bare);
	load_play(l, positions, 0, &result);
	cpu_s = gateway_cpu_s(&bare) - cpu_s;
	load_close(l);
	bare_stop(&bare);
	bare_cpu_s_per_million = 1e6 * cpu_s / (double)result.positions;
	printf("{\"bench\":\"gateway\",\"bare\":\"osmand\",\"connections\":%d,\"positions\":%lld,\"positions_per_s\":%."
	       "0f,"
	       "\"cpu_s_per_million\":%.2f,\"ack_p50_ms\":%.2f,\"ack_p99_ms\":%.2f}\n",
		BARE_CONNECTIONS, (long long)result.positions, (double)result.positions / result.seconds,
		bare_cpu_s_per_million, result.ack_p50_ms, result.ack_p99_ms);
	fflush(stdout);
}

/* ---- each protocol, as fast as it goes ---- */

struct speed {
	const char *protocol;
	size_t connections;
	size_t records; /* 10 where a frame can have several */
	bool bare; /* HTTP with one position a request, which is what the bare server is compared with */
	bool battery; /* said in the frame of the position; elsewhere it would take a frame of its own */
	int share; /* of the positions are played: one in so many */
};

static const struct speed speeds[] = {
	{ "teltonika", 500, 10, false, true, 1 },
	{ "teltonika-udp", 500, 10, false, true, 1 },
	{ "jt808", 500, 10, false, false, 1 },
	{ "gt06", 500, 1, false, false, 1 },
	{ "osmand", 1000, 1, true, true, 1 },
	{ "osmand", 64, 1, false, true, 4 },
	{ "owntracks", 1000, 1, true, true, 1 },
	{ "overland", 500, 10, false, true, 1 },
	{ "gpslogger", 1000, 1, true, true, 1 },
	{ "h02", 500, 1, false, false, 1 },
	{ "watch", 500, 1, false, true, 1 },
	{ "gl200", 500, 10, false, true, 1 },
	{ "gps103", 500, 1, false, false, 1 },
	{ "tk103", 500, 1, false, false, 1 },
	{ "t55", 500, 1, false, false, 1 },
	{ "meitrack", 500, 10, false, true, 1 },
};

static double records_in_kafka(const char *protocol)
{
	return gateway_metric(&gateway, "pettrack_gateway_positions_total", protocol);
}

/* Nothing is answered: what is sent is awaited where the gateway counts it. */
static void await_records(const char *protocol, double n)
{
	int64_t until_ms = clock_mono_ms() + DURABLE_MS;

	while (records_in_kafka(protocol) < n) {
		if (clock_mono_ms() > until_ms)
			gateway_bench_die("positions of %s do not arrive", protocol);
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
}

/* Plays @n positions until all are in Kafka. Returns the seconds that it took. */
static double play(struct load *l, const struct load_part *p, int64_t n, struct load_result *ret)
{
	double before = records_in_kafka(p->dialect->protocol);
	int64_t begun_ns = clock_mono_ns();

	load_play(l, n, 0, ret);
	if (!p->dialect->silent)
		return ret->seconds;
	await_records(p->dialect->protocol, before + (double)ret->positions);
	return (double)(clock_mono_ns() - begun_ns) / 1e9;
}

static void measure_speed(const struct speed *s)
{
	const struct load_options o = {
		.parts = { part(s->protocol) },
		.parts_n = 1,
		.trackers = s->connections,
		.records = s->records,
		.battery = s->battery,
	};
	struct load_result result;
	struct load *l = load_open(&o);

	play(l, &o.parts[0], positions / 20, &result); /* devices are looked up, connections of librdkafka made */
	double cpu_s = gateway_cpu_s(&gateway), records = records_in_kafka(s->protocol);
	double took_s = play(l, &o.parts[0], positions / s->share, &result);
	cpu_s = gateway_cpu_s(&gateway) - cpu_s;
	records = records_in_kafka(s->protocol) - records;
	load_close(l);
	printf("{\"bench\":\"gateway\",\"protocol\":\"%s\",\"connections\":%zu,\"positions_per_frame\":%zu,"
	       "\"positions\":%lld,\"records_per_position\":%.2f,\"sent_again\":%lld,\"positions_per_s\":%.0f,"
	       "\"cpu_s_per_million\":%.2f",
		s->protocol, s->connections, s->records, (long long)result.positions,
		records / (double)result.positions, (long long)result.again, (double)result.positions / took_s,
		1e6 * cpu_s / (double)result.positions);
	if (s->bare && bare_cpu_s_per_million > 0)
		printf(",\"times_bare\":%.2f", 1e6 * cpu_s / (double)result.positions / bare_cpu_s_per_million);
	if (!o.parts[0].dialect->silent)
		printf(",\"ack_p50_ms\":%.2f,\"ack_p99_ms\":%.2f", result.ack_p50_ms, result.ack_p99_ms);
	puts("}");
	fflush(stdout);
}

/* ---- bad neighbours ---- */

static void measure_beside(struct load *l, enum neighbour kind)
{
	struct load_result alone, beside;
	struct neighbours_deeds deeds;
	int64_t duration_ms = seconds * 1000 / 6;

	load_play(l, 0, duration_ms, &alone);
	struct neighbours *bad = neighbours_start(kind, gateway_port(&gateway, "osmand"), BAD);
	load_play(l, 0, duration_ms, &beside);
	neighbours_stop(bad, &deeds);
	printf("{\"bench\":\"gateway\",\"beside\":\"%s\",\"trackers\":%d,\"positions_per_s\":%.0f,\"late\":%lld,"
	       "\"bad_connects_per_s\":%.0f,\"bad_bytes_per_s\":%.0f,\"alone_p99_ms\":%.2f,\"ack_p99_ms\":%.2f,"
	       "\"p99_ratio\":%.2f}\n",
		neighbour_name(kind), GOOD, (double)beside.positions / beside.seconds, (long long)beside.late,
		(double)deeds.connects / beside.seconds, (double)deeds.bytes / beside.seconds, alone.ack_p99_ms,
		beside.ack_p99_ms, beside.ack_p99_ms / alone.ack_p99_ms);
	fflush(stdout);
}

static void measure_neighbours(void)
{
	const struct load_options o = {
		.parts = { part("teltonika"), part("osmand") },
		.parts_n = 2,
		.trackers = GOOD,
		.records = 1,
		.battery = true,
		.period_ms = GOOD_PERIOD_MS,
	};
	struct load_result result;
	struct load *l = load_open(&o);

	load_play(l, 0, GOOD_PERIOD_MS, &result); /* all are known */
	for (int kind = 0; kind < NEIGHBOURS; kind++)
		measure_beside(l, (enum neighbour)kind);
	load_close(l);
}

/* ---- all of it ---- */

static void measure(uint16_t auth_port)
{
	gateway_start(&gateway, program, kafka, auth_port);
	if (wanted("held"))
		measure_held();
	if (wanted("neighbours"))
		measure_neighbours();
	if (wanted("bare") || wanted("osmand"))
		measure_bare();
	for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (wanted(speeds[i].protocol))
			measure_speed(&speeds[i]);
	gateway_stop(&gateway);
}

static void read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kafka", required_argument, NULL, 'k' },
		{ "gateway", required_argument, NULL, 'g' },
		{ "positions", required_argument, NULL, 'p' },
		{ "trackers", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
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
		case 't':
			trackers = strtoll(optarg, NULL, 10);
			break;
		case 's':
			seconds = strtoll(optarg, NULL, 10);
			break;
		case 'o':
			only = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (!program || positions < 10000 || trackers < 1 || seconds < 6)
		gateway_bench_die("--gateway PATH is needed; --positions is at least 10000, --trackers 1, --seconds 6");
}

/* Here and, inherited, in the gateway: no more trackers than files are allowed. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		gateway_bench_die("RLIMIT_NOFILE: %s", strerror(errno));
	if (limit.rlim_max < (rlim_t)trackers + FILES_BESIDE) {
		struct rlimit more = { (rlim_t)trackers + FILES_BESIDE, (rlim_t)trackers + FILES_BESIDE };
		if (setrlimit(RLIMIT_NOFILE, &more) == 0) /* the system's own administrator may */
			return;
		trackers = (int64_t)limit.rlim_max - FILES_BESIDE;
		fprintf(stderr, "bench gateway: only %lld trackers: no more files are allowed (ulimit -Hn)\n",
			(long long)trackers);
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		gateway_bench_die("RLIMIT_NOFILE: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct web *auth;

	read_arguments(argc, argv);
	allow_files();
	signal(SIGPIPE, SIG_IGN);
	if (gateway_auth_open(&auth) != 0)
		gateway_bench_die("cannot listen");
	measure(web_port(auth));
	web_close(auth);
	return EXIT_SUCCESS;
}
