/*
 * bench writer - how fast pettrack-writer empties a topic, beside a bare libmongoc insert of the same documents
 *
 *     bench_writer --kafka HOST:PORT --mongodb URI --writer PATH [--positions 1000000] [--devices 2000]
 *
 * In rounds, so that a machine or a MongoDB that gets slower slows both alike: the writer is stopped (SIGSTOP) while a
 * topic of its own is filled, then drains it into a database of its own; before or after, the same documents go into an
 * equal clustered collection, in batches as large and in the order in which the topic gives them, since a batch of few
 * devices costs MongoDB less than one of many. Prints one line of JSON. The writer's rate counts from the first batch of
 * a round that is seen to the last full ones, its CPU from its start to its end. What is counted of the bare insert is
 * libmongoc's work and MongoDB's, neither reading nor the making of documents.
 */
#include "base/clock.h"
#include "bus/topics.h"
#include "ingest/writer/document.h"
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <mongoc/mongoc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 2000, PARTITIONS = 12, ROUNDS = 10, WATCH_MS = 10, PATIENCE_MS = 60000 };

static const char *kafka = "127.0.0.1:9092", *mongodb = "mongodb://127.0.0.1:27017/?replicaSet=rs0", *writer;
static int64_t positions = 1000000, devices = 2000;
static char prefix[64], database[64];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench writer: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- the positions ---- */

/* The @i-th: one fix of each device a second, a slow walk, what an app on a collar would say. */
static struct position position_at(int64_t i)
{
	static const struct attribute attributes[] = {
		{ .name = "motion", .type = ATTRIBUTE_BOOL, .boolean = true },
		{ .name = "steps", .type = ATTRIBUTE_INT, .integer = 1234 },
	};
	int64_t device = i % devices, second = i / devices;
	struct position p = {
		.time_ms = 1767225600000 + second * 1000,
		.received_ms = 1767225600250 + second * 1000,
		.lat_e7 = (int32_t)(501703000 + device * 911 + second * 37),
		.lon_e7 = (int32_t)(-51138000 - device * 733 + second * 53),
		.speed_mps = 0.5f + (float)(second % 7) * 0.25f,
		.course_deg = (float)((device * 37 + second * 11) % 360),
		.altitude_m = (float)(20 + second % 90),
		.accuracy_m = 4.5f,
		.battery_pct = (float)(90 - second % 60),
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       POSITION_BATTERY,
		.protocol = "osmand",
		.attributes = attributes,
		.attributes_n = 2,
	};

	/* A version 4 UUID that the number makes; a multiplier spreads them as random ones are. */
	uint64_t mixed = ((uint64_t)device + 1) * 0x9E3779B97F4A7C15u;
	memcpy(p.device.b, &mixed, sizeof(mixed));
	memcpy(p.device.b + 8, &device, sizeof(device));
	p.device.b[6] = (uint8_t)((p.device.b[6] & 0x0f) | 0x40);
	return p;
}

/* ---- Kafka ---- */

static char topic[BUS_TOPIC_SIZE];

static void send_position(struct bus_producer *p, int64_t i)
{
	uint8_t value[RECORD_SIZE_MAX];
	size_t len = 0;
	struct position position = position_at(i);

	if (record_encode(&position, value, sizeof(value), &len))
		die("a position does not fit a record");
	int r;
	while ((r = bus_send(p, topic, position.device.b, sizeof(position.device.b), value, len, NULL, NULL)) ==
		BUS_E_FULL)
		bus_producer_poll(p, 10);
	if (r)
		die("cannot send to Kafka");
}

static void on_delivered(void *owner, void *opaque, int r)
{
	int64_t *delivered = owner;

	(void)opaque;
	*delivered += r == 0;
}

static void make_topics(const struct bus_config *config)
{
	static const char *const names[] = { BUS_TOPIC_POSITIONS, BUS_TOPIC_DEAD, NULL };
	const struct bus_topics how = { .prefix = prefix, .partitions = PARTITIONS, .replication = 1, .create = true };

	bus_topic_name(topic, &how, BUS_TOPIC_POSITIONS);
	if (bus_topics_ensure(config, &how, names, PATIENCE_MS))
		die("cannot make the topic: is Kafka there?");
}

/* Sends the positions from @from to @to - 1, and waits until Kafka has them. */
static void fill_topic(const struct bus_config *config, int64_t from, int64_t to)
{
	int64_t delivered = 0;
	struct bus_producer *p;

	if (bus_producer_open(&p, config,
		    &(struct bus_producer_options){
			    .linger_ms = 20, .queue_max = 100000, .delivered = on_delivered, .owner = &delivered }))
		die("cannot open a producer");
	for (int64_t i = from; i < to; i++) {
		send_position(p, i);
		if (i % 1000 == 0)
			bus_producer_poll(p, 0);
	}
	if (bus_producer_close(p, PATIENCE_MS) > 0 || delivered != to - from)
		die("Kafka did not take all records");
}

/* ---- MongoDB ---- */

static mongoc_collection_t *make_collection(mongoc_client_t *client, const char *db_name, const char *name)
{
	bson_error_t error;
	bson_t *options = document_positions_options();
	mongoc_database_t *db = mongoc_client_get_database(client, db_name);
	mongoc_collection_t *c = mongoc_database_create_collection(db, name, options, &error);

	if (!c)
		die(error.message);
	mongoc_database_destroy(db);
	bson_destroy(options);
	return c;
}

static int64_t count(mongoc_collection_t *c)
{
	bson_error_t error;
	int64_t n = mongoc_collection_estimated_document_count(c, NULL, NULL, NULL, &error);

	if (n < 0)
		die(error.message);
	return n;
}

/* One unordered insert of @docs. Returns nanoseconds. */
static int64_t insert(mongoc_collection_t *c, const bson_t *options, bson_t **docs, size_t n)
{
	bson_error_t error;
	int64_t began = clock_mono_ns();
	mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(c, options);

	for (size_t i = 0; i < n; i++)
		if (!mongoc_bulk_operation_insert_with_opts(bulk, docs[i], NULL, &error))
			die(error.message);
	if (!mongoc_bulk_operation_execute(bulk, NULL, &error))
		die(error.message);
	mongoc_bulk_operation_destroy(bulk);
	return clock_mono_ns() - began;
}

static bson_t *read_document(struct bus_reader *reader)
{
	static uint8_t memory[128 * 1024];
	struct arena arena = arena_over(memory, sizeof(memory));
	struct bus_record record;
	struct position p;
	int r;

	do
		r = bus_reader_poll(reader, PATIENCE_MS, &record);
	while (r == BUS_E_RETRY);
	bson_t *doc = bson_new();
	if (r || record_decode(&p, &arena, record.value, record.value_len) || document_position(doc, &p))
		die("cannot read the topic");
	bus_record_free(&record);
	return doc;
}

/* Inserts the next @n positions of the topic. Returns seconds. */
static double insert_bare(mongoc_collection_t *c, struct bus_reader *reader, int64_t n)
{
	bson_t **docs = calloc((size_t)n, sizeof(bson_t *)), options = BSON_INITIALIZER;
	mongoc_write_concern_t *majority = mongoc_write_concern_new();
	int64_t ns = 0;

	if (!docs)
		die("no memory");
	for (int64_t i = 0; i < n; i++)
		docs[i] = read_document(reader);
	mongoc_write_concern_set_wmajority(majority, 0);
	mongoc_write_concern_set_journal(majority, true);
	mongoc_write_concern_append(majority, &options);
	bson_append_bool(&options, "ordered", -1, false);
	for (int64_t i = 0; i < n; i += BATCH)
		ns += insert(c, &options, docs + i, (size_t)(n - i < BATCH ? n - i : BATCH));
	for (int64_t i = 0; i < n; i++)
		bson_destroy(docs[i]);
	free(docs);
	bson_destroy(&options);
	mongoc_write_concern_destroy(majority);
	return (double)ns / 1e9;
}

/* ---- the writer ---- */

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		die("no memory");
}

/* The same URI with the database named in it: scheme://hosts/DATABASE?options. */
static void name_database(char *out, size_t size)
{
	const char *hosts = strstr(mongodb, "://"), *end = hosts ? strpbrk(hosts + 3, "/?") : NULL;
	const char *options = strchr(mongodb, '?');

	if (!hosts)
		die("--mongodb is no URI");
	snprintf(out, size, "%.*s/%s%s", end ? (int)(end - mongodb) : (int)strlen(mongodb), mongodb, database,
		options ? options : "");
}

static pid_t start_writer(void)
{
	char uri[1024];

	name_database(uri, sizeof(uri));
	pid_t pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (pid > 0)
		return pid;
	set("KAFKA_BROKERS", kafka);
	set("KAFKA_TOPIC_PREFIX", prefix);
	set("WRITER_GROUP", prefix);
	set("MONGODB_URI", uri);
	set("OPS_PORT", "0");
	set("LOG_LEVEL", "warn");
	execl(writer, writer, (char *)NULL);
	die("cannot start the writer");
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* A stretch of time in which @n positions were stored. */
struct stretch {
	int64_t n, ns;
};

/* Waits until @to are in @c, where @from were; returns the stretch between the first seen and the last full batches. */
static struct stretch watch(mongoc_collection_t *c, pid_t pid, int64_t from, int64_t to)
{
	int64_t first = 0, first_ns = 0, grown_ns = clock_mono_ns(), full = to - 2 * (int64_t)BATCH;
	struct stretch s = { 0, 0 };

	for (int64_t n = from, before = from; n < to; before = n) {
		sleep_ms(WATCH_MS);
		n = count(c);
		int64_t now_ns = clock_mono_ns();
		if (waitpid(pid, NULL, WNOHANG) == pid)
			die("the writer ended");
		if (n > before)
			grown_ns = now_ns;
		else if (now_ns - grown_ns > (int64_t)PATIENCE_MS * 1000000)
			die("the writer does not go on");
		if (first == 0 && n > from) {
			first = n;
			first_ns = now_ns;
		}
		if (s.n == 0 && n > first && n >= full)
			s = (struct stretch){ n - first, now_ns - first_ns };
	}
	return s;
}

/* ---- all of it ---- */

static void print_result(struct stretch written, double bare_seconds, const struct rusage *usage)
{
	double rate = (double)written.n / ((double)written.ns / 1e9), bare = (double)positions / bare_seconds;
	double cpu_seconds = (double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec +
			     (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;

	printf("{\"bench\":\"writer\",\"positions\":%lld,\"devices\":%lld,\"positions_per_second\":%.0f,"
	       "\"bare_insert_per_second\":%.0f,\"share_percent\":%.1f,\"cpu_seconds_per_million\":%.2f,"
	       "\"memory_mib\":%.1f}\n",
		(long long)positions, (long long)devices, rate, bare, 100 * rate / bare,
		cpu_seconds / ((double)positions / 1e6), (double)usage->ru_maxrss / 1024);
}

static void end_writer(pid_t pid, struct rusage *ret)
{
	int status;

	kill(pid, SIGTERM);
	if (wait4(pid, &status, 0, ret) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the writer did not end well");
}

static void run(mongoc_client_t *client)
{
	const struct bus_config config = { .brokers = kafka, .client = "bench-writer" };
	mongoc_database_t *db = mongoc_client_get_database(client, database);
	mongoc_collection_t *stored = make_collection(client, database, "positions");
	mongoc_collection_t *bare = make_collection(client, database, "bare");
	struct bus_reader *reader;
	struct stretch all = { 0, 0 };
	struct rusage usage;
	bson_error_t error;
	double bare_seconds = 0;

	make_topics(&config);
	pid_t pid = start_writer();
	fill_topic(&config, 0, BATCH); /* to see that it is there */
	watch(stored, pid, 0, BATCH);
	if (bus_reader_open(&reader, &config, topic, BUS_START_OLDEST, PATIENCE_MS))
		die("cannot read the topic");
	bare_seconds += insert_bare(bare, reader, BATCH);
	for (int64_t round = 0, from = BATCH, to; round < ROUNDS; round++, from = to) {
		to = BATCH + (positions - BATCH) * (round + 1) / ROUNDS;
		kill(pid, SIGSTOP);
		fill_topic(&config, from, to);
		if (round % 2 == 0) /* each comes first as often as the other */
			bare_seconds += insert_bare(bare, reader, to - from);
		kill(pid, SIGCONT);
		struct stretch s = watch(stored, pid, from, to);
		all = (struct stretch){ all.n + s.n, all.ns + s.ns };
		if (round % 2 == 1)
			bare_seconds += insert_bare(bare, reader, to - from);
	}
	bus_reader_close(reader);
	end_writer(pid, &usage);
	if (count(bare) != positions || count(stored) != positions)
		die("the numbers differ");
	print_result(all, bare_seconds, &usage);
	if (!mongoc_database_drop(db, &error))
		die(error.message);
	mongoc_collection_destroy(stored);
	mongoc_collection_destroy(bare);
	mongoc_database_destroy(db);
}

static void read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kafka", required_argument, NULL, 'k' },
		{ "mongodb", required_argument, NULL, 'm' },
		{ "writer", required_argument, NULL, 'w' },
		{ "positions", required_argument, NULL, 'n' },
		{ "devices", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'k':
			kafka = optarg;
			break;
		case 'm':
			mongodb = optarg;
			break;
		case 'w':
			writer = optarg;
			break;
		case 'n':
			positions = strtoll(optarg, NULL, 10);
			break;
		case 'd':
			devices = strtoll(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
	if (!writer || positions < (int64_t)10 * BATCH * ROUNDS || devices < 1)
		die("--writer PATH is needed, and at least 100000 positions of one device");
}

int main(int argc, char **argv)
{
	read_arguments(argc, argv);
	snprintf(prefix, sizeof(prefix), "bench-writer-%d.", (int)getpid());
	snprintf(database, sizeof(database), "bench_writer_%d", (int)getpid());
	mongoc_init();
	bson_error_t error;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(mongodb, &error);
	if (!uri)
		die(error.message);
	mongoc_client_t *client = mongoc_client_new_from_uri(uri);
	mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
	run(client);
	mongoc_client_destroy(client);
	mongoc_uri_destroy(uri);
	mongoc_cleanup();
	return EXIT_SUCCESS;
}
