/* pettrack-writer - Kafka into MongoDB. */
#include "writer.h"
#include "eraser.h"
#include "bus/setting.h"
#include "service/log.h"
#include "service/prepare.h"
#include "service/service.h"
#include "web/web.h"

#include <errno.h>
#include <string.h>

static const char *ops_address;
static uint16_t ops_port;
static struct prepare prepare;
static struct bus_config kafka = { .client = "pettrack-writer" };
static struct bus_topics topics = { .made = prepare_made };
static struct store_options mongodb = { .app_name = "pettrack-writer", .made = prepare_made };
static struct writer_options options = { .kafka = &kafka, .topics = &topics };
static struct eraser_options erasure = { .kafka = &kafka, .topics = &topics };

static const struct setting settings[] = {
	{ "WRITER_GROUP", "pettrack-writer", setting_text, &options.group, "Kafka consumer group" },
	{ "WRITER_BATCH_MAX", "2000", setting_int, &options.batch_max, "records stored together at most", 1, 20000 },
	{ "WRITER_BATCH_AGE", "200ms", setting_duration, &options.batch_age_ms, "how long a record may wait for others",
		1, 10000 },
	{ "WRITER_LATEST_AGE", "1s", setting_duration, &options.latest_age_ms,
		"how long the newest positions may wait behind history under load", 0, 60000 },
	{ "WRITER_DRAIN", "10s", setting_duration, &options.drain_ms,
		"how long the last batch may take at the end, or when partitions are taken away", 0, 60000 },
	{ "WRITER_ERASURE_GROUP", "pettrack-writer-erasure", setting_text, &erasure.group,
		"Kafka consumer group that erases what is stored of deleted devices" },
	{ "WRITER_ERASURE_PIECE", "1000", setting_int, &erasure.piece, "positions that are erased together", 1,
		100000 },
	{ "WRITER_ERASURE_RATE", "10000", setting_int, &erasure.rate, "positions erased a second, at most; 0: no bound",
		0, 1000000000 },
	{ "WRITER_ERASURE_MEMORY", "30d", setting_duration, &erasure.remember_ms,
		"how long a deleted device is remembered: longer than Kafka keeps positions", 60000,
		3660LL * 86400000 },
	{ "OPS_ADDRESS", "127.0.0.1", setting_text, &ops_address, "address of /metrics, /healthz and /readyz" },
	{ "OPS_PORT", "9083", setting_port, &ops_port, "port of /metrics, /healthz and /readyz" },
	PREPARE_SETTINGS(prepare),
	BUS_TOPIC_SETTINGS(topics),
	BUS_SETTINGS(kafka),
	STORE_SETTINGS(mongodb),
	{ 0 },
};

static int open_ops(struct web **ret)
{
	int r = web_ops_open(ret, ops_address, ops_port);

	if (r)
		log_error("cannot listen", LOG_S("name", "ops"), LOG_S("address", ops_address), LOG_I("port", ops_port),
			LOG_S("error", strerror(-r)));
	else
		log_info("listening", LOG_S("name", "ops"), LOG_S("address", ops_address),
			LOG_I("port", web_port(*ret)));
	return r;
}

static int prepare_all(struct store *store)
{
	static const char *const needed[] = { BUS_TOPIC_POSITIONS, BUS_TOPIC_DEAD, BUS_TOPIC_DEVICES, NULL };
	struct bus_needs bus = { &kafka, &topics, needed };
	struct store_needs collections = { store, writer_collections };

	return prepare_run(&prepare, (const struct prepare_step[]){ { "topics", bus_prepare, &bus },
					     { "collections", store_prepare, &collections }, { 0 } });
}

/* For a fatal end: somebody is to see it, even should the Kafka client not come back from being closed. */
enum { END_MS = 30000 };

static int serve(struct store *store)
{
	struct writer *writer = NULL;
	struct eraser *eraser = NULL;
	struct web *ops = NULL;

	options.store = erasure.store = store;
	int r = writer_open(&writer, &options);
	if (r == 0)
		r = eraser_open(&eraser, &erasure);
	if (r == 0)
		r = open_ops(&ops);
	if (r == 0)
		r = writer_run(writer);
	if (r < 0)
		service_end_within(END_MS);
	eraser_close(eraser);
	writer_close(writer);
	web_close(ops);
	return r;
}

static int run(void)
{
	struct store *store = NULL;
	int r = store_open(&store, &mongodb);

	if (r)
		log_error("cannot use MONGODB_URI", LOG_S("error", store_last_error()));
	else
		r = prepare.wanted ? prepare_all(store) : serve(store);
	store_close(store);
	return r;
}

int main(int argc, char **argv)
{
	int r = service_start(&(struct service){ .name = "pettrack-writer",
				      .summary = "Kafka into MongoDB: stores what trackers report, each position once",
				      .settings = settings,
				      .prefix = "WRITER_" },
		argc, argv);

	return service_exit(r ? r : run());
}
