/* pettrack-writer - Kafka into MongoDB. */
#include "writer.h"
#include "base/text.h"
#include "bus/setting.h"
#include "service/log.h"
#include "service/service.h"
#include "web/web.h"

#include <errno.h>
#include <string.h>

enum { TOPIC_SIZE = 250 }; /* Kafka's limit is 249 characters */

static const char *topic_prefix, *ops_address;
static uint16_t ops_port;
static int64_t partitions, replication;
static char topic[TOPIC_SIZE], dead_topic[TOPIC_SIZE];
static struct bus_config kafka = { .client = "pettrack-writer" };
static struct store_options mongodb = { .app_name = "pettrack-writer" };
static struct writer_options options = { .kafka = &kafka, .topic = topic, .dead_topic = dead_topic };

static const struct setting settings[] = {
	{ "WRITER_GROUP", "pettrack-writer", setting_text, &options.group, "Kafka consumer group" },
	{ "WRITER_BATCH_MAX", "2000", setting_int, &options.batch_max, "records stored together at most", 1, 20000 },
	{ "WRITER_BATCH_AGE", "200ms", setting_duration, &options.batch_age_ms, "how long a record may wait for others",
		1, 10000 },
	{ "WRITER_LATEST_AGE", "1s", setting_duration, &options.latest_age_ms,
		"how long the newest positions may wait behind history under load", 0, 60000 },
	{ "WRITER_DRAIN", "10s", setting_duration, &options.drain_ms,
		"how long the last batch may take at the end, or when partitions are taken away", 0, 60000 },
	{ "OPS_ADDRESS", "127.0.0.1", setting_text, &ops_address, "address of /metrics, /healthz and /readyz" },
	{ "OPS_PORT", "9083", setting_port, &ops_port, "port of /metrics, /healthz and /readyz" },
	{ "KAFKA_TOPIC_PREFIX", "", setting_text, &topic_prefix, "put before every topic's name" },
	{ "KAFKA_PARTITIONS", "12", setting_int, &partitions, "partitions of topics that are made", 1, 10000 },
	{ "KAFKA_REPLICATION", "1", setting_int, &replication, "replicas of topics that are made", 1, 100 },
	BUS_SETTINGS(kafka),
	STORE_SETTINGS(mongodb),
	{ 0 },
};

static int name_topic(char out[static TOPIC_SIZE], const char *name)
{
	struct text t = text_in(out, TOPIC_SIZE);

	text_puts(&t, topic_prefix);
	text_puts(&t, name);
	if (text_ok(&t))
		return 0;
	log_error("KAFKA_TOPIC_PREFIX is too long");
	return -ENAMETOOLONG;
}

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

static int run(void)
{
	struct store *store = NULL;
	struct writer *writer = NULL;
	struct web *ops = NULL;
	int r = name_topic(topic, BUS_TOPIC_POSITIONS);

	if (r == 0)
		r = name_topic(dead_topic, BUS_TOPIC_DEAD);
	options.partitions = (int)partitions;
	options.replication = (int)replication;
	if (r == 0)
		r = store_open(&store, &mongodb);
	options.store = store;
	if (r == 0)
		r = writer_open(&writer, &options);
	if (r == 0)
		r = open_ops(&ops);
	if (r == 0)
		r = writer_run(writer);
	writer_close(writer);
	web_close(ops);
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
