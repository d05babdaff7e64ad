/*
 * bench writer - how fast pettrack-writer empties a topic, beside a bare libmongoc insert of the same documents
 *
 *     bench_writer --kafka HOST:PORT --mongodb URI --writer PATH [--positions 1000000] [--devices 2000]
 *
 * Fills a topic of its own, lets the writer drain it into a database of its own, and inserts the same documents, batch
 * by batch, into an equal clustered collection: half of them before the writer runs, half after, so that a machine that
 * gets slower slows both. Prints one line of JSON. Rates count from the first batch seen, CPU from the writer's start to
 * its end.
 */
#include "base/clock.h"
#include "bus/bus.h"
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

enum { BATCH = 2000, PARTITIONS = 12, WATCH_MS = 20, PATIENCE_MS = 60000 };

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

static void send_position(struct bus_producer *p, const char *topic, int64_t i)
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

static void fill_topic(void)
{
	const struct bus_config config = { .brokers = kafka, .client = "bench-writer" };
	char topic[128], dead[128];
	int64_t delivered = 0;
	struct bus_producer *p;

	snprintf(topic, sizeof(topic), "%s" BUS_TOPIC_POSITIONS, prefix);
	snprintf(dead, sizeof(dead), "%s" BUS_TOPIC_DEAD, prefix);
	const struct bus_topic topics[] = { { .name = topic, .partitions = PARTITIONS, .replication = 1 },
		{ .name = dead, .partitions = 1, .replication = 1 }, { .name = NULL } };
	if (bus_topics_ensure(&config, topics, PATIENCE_MS))
		die("cannot make the topic: is Kafka there?");
	if (bus_producer_open(&p, &config,
		    &(struct bus_producer_options){
			    .linger_ms = 20, .queue_max = 100000, .delivered = on_delivered, .owner = &delivered }))
		die("cannot open a producer");
	for (int64_t i = 0; i < positions; i++) {
		send_position(p, topic, i);
		if (i % 1000 == 0)
			bus_producer_poll(p, 0);
	}
	if (bus_producer_close(p, PATIENCE_MS) > 0 || delivered != positions)
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

/* Inserts the positions from @from to @to - 1; making the documents is not counted. Returns seconds. */
static double insert_bare(mongoc_collection_t *c, int64_t from, int64_t to)
{
	bson_t *docs[BATCH], options = BSON_INITIALIZER;
	mongoc_write_concern_t *majority = mongoc_write_concern_new();
	int64_t ns = 0;

	mongoc_write_concern_set_wmajority(majority, 0);
	mongoc_write_concern_set_journal(majority, true);
	mongoc_write_concern_append(majority, &options);
	bson_append_bool(&options, "ordered", -1, false);
	for (int64_t i = from; i < to;) {
		size_t n = 0;
		for (; n < BATCH && i < to; n++, i++) {
			struct position p = position_at(i);
			docs[n] = bson_new();
			if (document_position(docs[n], &p))
				die("a position does not fit a document");
		}
		ns += insert(c, &options, docs, n);
		for (size_t k = 0; k < n; k++)
			bson_destroy(docs[k]);
	}
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

struct drain {
	double rate; /* positions a second */
	double cpu_seconds; /* of the process, all of it */
	long memory_kib; /* the most it had */
};

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* Waits until all is in @c, and returns the rate from the first batch seen to the last. */
static double watch(mongoc_collection_t *c, pid_t pid)
{
	int64_t first = 0, first_ns = 0, last = 0, last_ns = clock_mono_ns();

	while (last < positions) {
		sleep_ms(WATCH_MS);
		int64_t n = count(c), now = clock_mono_ns();
		if (waitpid(pid, NULL, WNOHANG) == pid)
			die("the writer ended");
		if (first == 0 && n > 0) {
			first = n;
			first_ns = now;
		}
		if (n > last) {
			last = n;
			last_ns = now;
		} else if (now - last_ns > (int64_t)PATIENCE_MS * 1000000) {
			die("the writer does not go on");
		}
	}
	return (double)(last - first) / ((double)(last_ns - first_ns) / 1e9);
}

static struct drain drain(mongoc_collection_t *c)
{
	struct drain d;
	struct rusage usage;
	int status;
	pid_t pid = start_writer();

	d.rate = watch(c, pid);
	kill(pid, SIGTERM);
	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the writer did not end well");
	d.cpu_seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	d.memory_kib = usage.ru_maxrss;
	return d;
}

/* ---- all of it ---- */

static void run(mongoc_client_t *client)
{
	mongoc_database_t *db = mongoc_client_get_database(client, database);
	bson_error_t error;

	mongoc_collection_t *stored = make_collection(client, database, "positions");
	mongoc_collection_t *bare = make_collection(client, database, "bare");
	fill_topic();
	double seconds = insert_bare(bare, 0, positions / 2);
	struct drain d = drain(stored);
	seconds += insert_bare(bare, positions / 2, positions);
	if (count(bare) != positions || count(stored) != positions)
		die("the numbers differ");
	double bare_rate = (double)positions / seconds;
	printf("{\"bench\":\"writer\",\"positions\":%lld,\"devices\":%lld,\"positions_per_second\":%.0f,"
	       "\"bare_insert_per_second\":%.0f,\"share_percent\":%.1f,\"cpu_seconds_per_million\":%.2f,"
	       "\"memory_mib\":%.1f}\n",
		(long long)positions, (long long)devices, d.rate, bare_rate, 100 * d.rate / bare_rate,
		d.cpu_seconds / ((double)positions / 1e6), (double)d.memory_kib / 1024);
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
	if (!writer || positions < 2 * BATCH || devices < 1)
		die("--writer PATH is needed, and at least 4000 positions of one device");
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
