/* changes - the thread: topics first, then one event after the other. */
#include "ingest/gateway/changes.h"

#include "base/clock.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	POLL_MS = 500,
	KAFKA_MS = 2000, /* for an answer; also the longest that closing waits */
	REST_MS = 500, /* without Kafka there is nothing to do but ask again */
	BEAT_MS = 60000,
};

const char *const changes_topics[] = { BUS_TOPIC_POSITIONS, BUS_TOPIC_DEVICES, NULL };

struct changes {
	struct changes_options o;
	char devices_topic[BUS_TOPIC_SIZE];
	struct bus_reader *reader; /* NULL: not open */
	pthread_t thread;
	atomic_bool stop;
	struct heartbeat *heartbeat;
	struct dependency *kafka;
	struct series *seen;
};

static void look_at_kafka(struct changes *c)
{
	dependency_set(c->kafka, c->o.producers_up(c->o.owner) && bus_reader_up(c->reader), bus_last_error());
}

/* ---- events ---- */

bool changes_apply(struct devices *d, const void *json, size_t len)
{
	json_t *event = json_loadb(json, len, 0, NULL);
	const char *identifier = json_string_value(json_object_get(event, "identifier"));

	if (identifier)
		devices_forget(d, identifier);
	json_decref(event);
	return identifier != NULL;
}

/* The topics first, at every time: they may have been removed. */
static void open_reader(struct changes *c)
{
	int r = bus_topics_ensure(c->o.kafka, c->o.topics, changes_topics, KAFKA_MS);

	if (r == 0) {
		atomic_store(c->o.topics_there, true);
		r = bus_reader_open(&c->reader, c->o.kafka, c->devices_topic, 0, KAFKA_MS);
	}
	if (r != 0) {
		dependency_down(c->kafka, bus_last_error());
		clock_rest(REST_MS, &c->stop);
		return;
	}
	devices_doubt_all(c->o.devices); /* what changed before the reading began */
}

static void close_reader(struct changes *c)
{
	bus_reader_close(c->reader);
	c->reader = NULL;
}

static void read_one(struct changes *c)
{
	struct bus_record record;
	int r = bus_reader_poll(c->reader, POLL_MS, &record);

	if (r == BUS_E_NONE || r == BUS_E_RETRY)
		return;
	if (r != 0) {
		log_warn("topic of devices is read anew", LOG_I("result", r));
		close_reader(c);
		clock_rest(REST_MS, &c->stop);
		return;
	}
	if (record.value && !changes_apply(c->o.devices, record.value, record.value_len))
		log_warn("event of a device not understood", LOG_I("partition", record.partition),
			LOG_I("offset", record.offset));
	series_add(c->seen, 1);
	bus_record_free(&record);
}

static void *work(void *arg)
{
	struct changes *c = arg;

	while (!atomic_load(&c->stop)) {
		heartbeat_beat(c->heartbeat);
		if (!c->reader) {
			open_reader(c);
			continue;
		}
		look_at_kafka(c);
		read_one(c);
	}
	close_reader(c);
	return NULL;
}

int changes_open(struct changes **ret, const struct changes_options *o)
{
	struct changes *c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	c->o = *o;
	bus_topic_name(c->devices_topic, o->topics, BUS_TOPIC_DEVICES);
	c->heartbeat = heartbeat_new("changes", BEAT_MS);
	c->kafka = dependency_new("kafka", o->kafka->brokers, DEPENDENCY_ALWAYS);
	c->seen = metric_series(
		metric_counter("pettrack_gateway_device_events_total", "Events read from the topic of devices.", NULL),
		NULL);
	int r = -pthread_create(&c->thread, NULL, work, c);
	if (r < 0) {
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void changes_close(struct changes *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	pthread_join(c->thread, NULL);
	free(c);
}
