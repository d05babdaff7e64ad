/* outbox - the publisher: claim, send, wait for the reports, finish. */
#include "auth/common/outbox.h"
#include "auth/common/document.h"
#include "auth/common/turn.h"
#include "base/clock.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/log.h"
#include "service/metrics.h"
#include "store/index.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_MAX = 32,
	CLAIMS_MAX = BATCH_MAX / 2, /* of one source, so that one cannot keep another waiting */
	IDLE_MS = 1000,
	CLAIM_MS = 30000,
	DELIVERY_MS = 10000, /* well below CLAIM_MS: a record of a claim that has ended is never sent */
	TOPICS_MS = 5000,
	CLOSE_MS = 2000,
	BEAT_MS = 120000,
};

struct item {
	const struct outbox_source *source;
	struct uuid doc, event, claim;
	struct outbox_plan plan;
	size_t waiting; /* messages without a report */
	int failed; /* the first bad report */
};

struct outbox {
	struct store *store;
	const struct bus_config *kafka;
	const struct outbox_source *const *sources;
	const struct bus_topics *how;
	char topics[OUTBOX_TOPICS][BUS_TOPIC_SIZE];
	struct bus_producer *producer;
	struct item batch[BATCH_MAX];
	size_t batch_n;
	bool topics_there;
	bool failing; /* the last batch was not taken, and may still be due */

	pthread_t thread;
	struct turn turn;
	struct heartbeat *heartbeat;
	struct dependency *kafka_there;
	struct metric *sent, *failures;
};

const char *const outbox_topics[] = {
	[OUTBOX_ACCESS] = BUS_TOPIC_ACCESS,
	[OUTBOX_DEVICES] = BUS_TOPIC_DEVICES,
	[OUTBOX_TOPICS] = NULL,
};

/* ---- marking ---- */

int outbox_mark_new(bson_t *doc)
{
	struct uuid id;
	int r = uuid_random(&id);

	if (r == 0)
		BCON_APPEND(doc, "event", "{", "id", BCON_UUID(&id), "due", BCON_DATE_TIME(clock_real_ms()), "}");
	return r;
}

int outbox_mark_update(bson_t *set, bson_t *max)
{
	struct uuid id;
	int r = uuid_random(&id);

	if (r == 0) {
		BCON_APPEND(set, "event.id", BCON_UUID(&id));
		BCON_APPEND(max, "event.due", BCON_DATE_TIME(clock_real_ms()));
	}
	return r;
}

int outbox_index_ensure(struct store *s, const char *collection)
{
	return index_ensure(s, collection, "event_due", BCON_NEW("event.due", BCON_INT32(1)), INDEX_SPARSE);
}

/* ---- claiming ---- */

static bool read_item(const bson_t *doc, struct item *i)
{
	return document_uuid(doc, "_id", &i->doc) && document_uuid(doc, "event.id", &i->event) &&
	       i->source->plan(doc, &i->plan) && i->plan.n > 0;
}

/* The next due document of @source into @ret. 0, STORE_E_MISSING, STORE_E_RETRY or negative. One that makes no sense
 * stays claimed, so that it is not met again before the claim ends. */
static int claim_next(struct outbox *o, const struct outbox_source *source, struct item *ret)
{
	int64_t now = clock_real_ms();
	struct item i = { .source = source };
	bson_t *doc;
	int r = uuid_random(&i.claim);

	if (r)
		return r;
	bson_t *filter = BCON_NEW("event.due", "{", "$lte", BCON_DATE_TIME(now), "}");
	bson_t *update = BCON_NEW(
		"$set", "{", "event.due", BCON_DATE_TIME(now + CLAIM_MS), "event.claim", BCON_UUID(&i.claim), "}");
	r = store_find_and_modify(o->store, source->collection, filter, update, true, &doc);
	bson_destroy(update);
	bson_destroy(filter);
	if (r)
		return r;
	bool ok = read_item(doc, &i);
	bson_destroy(doc);
	if (!ok) {
		log_error("event cannot be read", LOG_S("collection", source->collection));
		return -EBADMSG;
	}
	*ret = i;
	return 0;
}

static void claim_batch(struct outbox *o)
{
	for (const struct outbox_source *const *s = o->sources; *s; s++)
		for (int claims = 0; claims < CLAIMS_MAX && o->batch_n < BATCH_MAX; claims++) {
			int r = claim_next(o, *s, &o->batch[o->batch_n]);
			if (r == 0)
				o->batch_n++;
			else if (r != -EBADMSG)
				break; /* none is left, or MongoDB is away, which upkeep tells */
		}
}

/* ---- sending ---- */

static void on_delivered(void *owner, void *opaque, int r)
{
	struct item *i = opaque;

	(void)owner;
	i->waiting--;
	if (r && !i->failed)
		i->failed = r;
}

static void send_item(struct outbox *o, struct item *i)
{
	for (size_t m = 0; m < i->plan.n && !i->failed; m++) {
		const struct outbox_message *msg = &i->plan.messages[m];
		i->waiting++;
		int r = bus_send(o->producer, o->topics[msg->topic], msg->key.b, sizeof msg->key.b, msg->value,
			strlen(msg->value), NULL, i);
		if (r)
			on_delivered(o, i, r);
	}
}

static bool any_waiting(const struct outbox *o)
{
	for (size_t i = 0; i < o->batch_n; i++)
		if (o->batch[i].waiting > 0)
			return true;
	return false;
}

/* ---- finishing ---- */

/* Everything is in Kafka. STORE_E_MISSING when the document has changed since it was read. */
static int finish(struct outbox *o, const struct item *i)
{
	bson_t *filter = BCON_NEW(
		"_id", BCON_UUID(&i->doc), "event.id", BCON_UUID(&i->event), "event.claim", BCON_UUID(&i->claim));
	bson_t *update =
		BCON_NEW("$unset", "{", "event", BCON_UTF8(""), "}", "$set", "{", "announced", BCON_BOOL(true), "}");
	int r = i->plan.remove ? store_delete_one(o->store, i->source->collection, filter)
			       : store_update_one(o->store, i->source->collection, filter, update, false);

	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

/* Due at once, for whoever comes. If this is not stored either, it is due when the claim ends. */
static void release(struct outbox *o, const struct item *i)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&i->doc), "event.claim", BCON_UUID(&i->claim));
	bson_t *update = BCON_NEW("$set", "{", "event.due", BCON_DATE_TIME(clock_real_ms()), "}");
	int r = store_update_one(o->store, i->source->collection, filter, update, false);

	if (r)
		log_debug("event not released", LOG_S("collection", i->source->collection), LOG_I("result", r));
	bson_destroy(update);
	bson_destroy(filter);
}

static void count(struct outbox *o, const struct item *i)
{
	for (size_t m = 0; m < i->plan.n; m++)
		metric_add(i->failed ? o->failures : o->sent,
			(const char *const[]){ outbox_topics[i->plan.messages[m].topic] }, 1);
}

/* A batch that is not taken says more than a broker that is connected. */
static void tell(struct outbox *o, int failed)
{
	o->failing = failed != 0;
	if (failed)
		dependency_down(o->kafka_there,
			bus_producer_up(o->producer) ? "it does not take events, which are kept" : bus_last_error());
}

/* Returns the worst of what became of the items. */
static int finish_batch(struct outbox *o)
{
	int worst = 0;

	for (size_t n = 0; n < o->batch_n; n++) {
		struct item *i = &o->batch[n];
		heartbeat_beat(o->heartbeat); /* each may wait for MongoDB */
		if (i->waiting > 0 && !i->failed)
			i->failed = BUS_E_RETRY; /* never reported: not known to be there */
		count(o, i);
		if (i->failed || finish(o, i) == STORE_E_MISSING)
			release(o, i);
		if (worst == 0 || i->failed < 0)
			worst = i->failed;
	}
	if (o->batch_n > 0 && o->producer)
		tell(o, worst);
	o->batch_n = 0;
	return worst;
}

/* ---- the thread ---- */

/* Until every message has its report, or the end was asked for; the producer's delivery timeout bounds it. */
static void wait_reports(struct outbox *o)
{
	int64_t stop_by = INT64_MAX;

	while (any_waiting(o) && clock_mono_ms() < stop_by) {
		if (stop_by == INT64_MAX && turn_stopping(&o->turn))
			stop_by = clock_mono_ms() + CLOSE_MS;
		bus_producer_poll(o->producer, 100);
	}
}

static bool ensure_topics(struct outbox *o)
{
	o->topics_there = bus_topics_ensure(o->kafka, o->how, outbox_topics, TOPICS_MS) == 0;
	if (!o->topics_there)
		dependency_down(o->kafka_there, bus_last_error());
	return o->topics_there;
}

static int open_producer(struct outbox *o)
{
	const struct bus_producer_options options = {
		.linger_ms = 5,
		.queue_max = BATCH_MAX * OUTBOX_MESSAGES_MAX * 2,
		.delivery_timeout_ms = DELIVERY_MS,
		.delivered = on_delivered,
		.owner = o,
	};

	return bus_producer_open(&o->producer, o->kafka, &options);
}

/* After a failed batch, of which nothing is under way any more: what waiting alone would not mend. */
static void recover(struct outbox *o, int failed)
{
	if (failed)
		o->topics_there = false; /* looked for again, and made where they have gone */
	if (failed < 0) { /* a producer with a fatal error never sends again */
		bus_producer_close(o->producer, 0);
		o->producer = NULL;
	}
}

/* Whether there is a producer, and something to send to. */
static bool prepared(struct outbox *o)
{
	int r = o->producer ? 0 : open_producer(o);

	if (r)
		dependency_down(o->kafka_there, bus_last_error());
	return r == 0 && (o->topics_there || ensure_topics(o));
}

static void look_at_kafka(struct outbox *o)
{
	if (!bus_producer_up(o->producer))
		dependency_down(o->kafka_there, bus_last_error());
	else if (!o->failing)
		dependency_up(o->kafka_there);
}

/* Sends what is due. Returns whether to go on at once. */
static bool publish(struct outbox *o)
{
	bus_producer_poll(o->producer, 0);
	look_at_kafka(o);
	claim_batch(o);
	for (size_t i = 0; i < o->batch_n; i++)
		send_item(o, &o->batch[i]);
	wait_reports(o);
	if (any_waiting(o))
		return true; /* the end was asked for: run() finishes the batch */
	if (o->batch_n == 0) {
		o->failing = false; /* whoever has sent it */
		return false;
	}
	int failed = finish_batch(o);
	recover(o, failed);
	return !failed;
}

static void *run(void *arg)
{
	struct outbox *o = arg;

	for (;;) {
		heartbeat_beat(o->heartbeat);
		bool more = prepared(o) && publish(o);
		if (!turn_wait(&o->turn, more ? 0 : IDLE_MS))
			break;
	}
	/* What has no report by now gets one, as lost, from the closing producer. */
	bus_producer_close(o->producer, 0);
	o->producer = NULL;
	(void)finish_batch(o);
	return NULL;
}

/* ---- life ---- */

static void register_metrics(struct outbox *o)
{
	static const char *const labels[] = { "topic", NULL };

	o->heartbeat = heartbeat_new("outbox", BEAT_MS + 2 * store_patience_ms(o->store));
	o->kafka_there = dependency_new("kafka", o->kafka->brokers, DEPENDENCY_NEVER);
	o->sent = metric_counter("pettrack_auth_events_sent_total", "Events that Kafka has taken.", labels);
	o->failures = metric_counter(
		"pettrack_auth_events_failed_total", "Events that Kafka did not take; they are sent again.", labels);
}

static void outbox_free(struct outbox *o)
{
	bus_producer_close(o->producer, 0);
	turn_destroy(&o->turn);
	free(o);
}

int outbox_open(struct outbox **ret, const struct outbox_options *options)
{
	struct outbox *o = calloc(1, sizeof *o);

	if (!o)
		return -ENOMEM;
	o->store = options->store;
	o->kafka = options->kafka;
	o->sources = options->sources;
	o->how = options->topics;
	for (int t = 0; t < OUTBOX_TOPICS; t++)
		bus_topic_name(o->topics[t], o->how, outbox_topics[t]);
	turn_init(&o->turn);
	register_metrics(o);
	int r = open_producer(o); /* here, so that settings Kafka's library refuses stop the start */
	if (r == 0)
		r = -pthread_create(&o->thread, NULL, run, o);
	if (r) {
		outbox_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

void outbox_wake(struct outbox *o)
{
	if (o)
		turn_wake(&o->turn);
}

void outbox_close(struct outbox *o)
{
	if (!o)
		return;
	turn_stop(&o->turn);
	pthread_join(o->thread, NULL);
	outbox_free(o);
}
