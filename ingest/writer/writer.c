/* writer - positions from Kafka into MongoDB. */
#include "writer.h"
#include "erased.h"
#include "steps.h"
#include "base/clock.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	HEARTBEAT_MS = 60000, /* above all waits of one turn together, but for those for MongoDB */
	OBSERVE_MS = 1000,
	POLL_MS = 100,
	SILENCE_MS = 2000, /* of MongoDB, after which it is asked whether it is there */
	PREPARE_MS = 5000,
};

static void sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- when partitions come and go: inside bus_poll() and bus_consumer_close() ---- */

/* Stores and commits all there is, for as long as the drain may take. 0, STEP_E_RETRY: not all of it, or -errno. */
static int finish(struct writer *w)
{
	int64_t deadline_ms = clock_mono_ms() + w->o.drain_ms;
	int r;

	w->final = true;
	while ((r = steps_settle(w)) == STEP_E_RETRY && clock_mono_ms() < deadline_ms) {
		heartbeat_beat(w->heartbeat);
		sleep_ms(least(POLL_MS, deadline_ms - clock_mono_ms() + 1));
	}
	w->final = false;
	return r;
}

/* Whoever has @partitions next reads again what was not committed. */
static void forget(struct writer *w, const int32_t *partitions, size_t n)
{
	size_t dropped = steps_forget(w, partitions, n);

	for (size_t i = 0; i < n; i++)
		if (w->has_held && w->held.partition == partitions[i]) {
			bus_record_free(&w->held);
			w->has_held = false;
		}
	if (dropped > 0)
		log_warn("records left to the next writer", LOG_I("records", dropped));
}

static void look_at_kafka(struct writer *w)
{
	dependency_set(w->kafka, bus_consumer_up(w->consumer), bus_last_error());
}

static void count_partitions(struct writer *w, size_t n)
{
	w->partitions = n;
	series_set(w->counters.partitions, (double)n);
}

static void on_assigned(void *owner, const char *topic, const int32_t *partitions, size_t n)
{
	struct writer *w = owner;

	(void)partitions;
	count_partitions(w, w->partitions + n);
	log_info("partitions assigned", LOG_S("topic", topic), LOG_I("new", n), LOG_I("all", w->partitions));
}

static void on_revoked(void *owner, const char *topic, const int32_t *partitions, size_t n, bool lost)
{
	struct writer *w = owner;

	if (!lost && !w->ended && w->fatal == 0) {
		int r = finish(w);
		w->fatal = r < 0 ? r : 0;
	}
	forget(w, partitions, n);
	count_partitions(w, w->partitions - n);
	log_info("partitions given away", LOG_S("topic", topic), LOG_I("old", n), LOG_I("all", w->partitions),
		LOG_S("how", lost ? "lost" : "revoked"));
}

/* ---- poll and decode ---- */

/* 0, a bus_result, or -errno. */
static int next_record(struct writer *w, int64_t timeout_ms, struct bus_record *ret)
{
	if (w->has_held) {
		*ret = w->held;
		w->has_held = false;
		return 0;
	}
	int r = bus_poll(w->consumer, (int)timeout_ms, ret);
	w->topic_gone = w->topic_gone || r == BUS_E_GONE;
	if (w->fatal && r == 0)
		bus_record_free(ret);
	return w->fatal ? w->fatal : r;
}

/* How long the batch may still wait for a record, or the loop for the first one. */
static int64_t patience_ms(const struct writer *w, int64_t now_ms)
{
	const struct batch *b = w->filling;

	return b->n > 0 ? b->opened_ms + w->o.batch_age_ms - now_ms : w->o.batch_age_ms;
}

/* Fills the batch until it is full or old, or nothing comes. Which one that is may change with every record that is waited
 * for: when partitions are taken away meanwhile, the one begun is stored. */
static int gather(struct writer *w)
{
	struct bus_record record;

	while (!batch_full(w->filling)) {
		int64_t now_ms = clock_mono_ms(), left_ms = patience_ms(w, now_ms);
		int r = left_ms > 0 ? next_record(w, left_ms, &record) : BUS_E_NONE;
		if (r < 0)
			return r;
		if (r > 0 && (left_ms <= 0 || w->filling->n == 0 || w->topic_gone))
			break;
		if (r == 0 && (r = batch_add(w->filling, &record, now_ms)) < 0) {
			bus_record_free(&record);
			return r;
		}
	}
	w->hurried = batch_full(w->filling);
	return 0;
}

/* ---- trying again ---- */

static int set_paused(struct writer *w, bool paused)
{
	int r = w->paused == paused ? 0 : paused ? bus_pause(w->consumer) : bus_resume(w->consumer);

	if (r < 0)
		return r;
	w->paused = paused;
	series_set(w->counters.paused, paused);
	return 0;
}

/* Waits, with the partitions paused; polls meanwhile, so that the group keeps this member. */
static int rest(struct writer *w)
{
	int64_t until_ms = clock_mono_ms() + backoff_next(&w->backoff);
	int r = set_paused(w, true);

	for (int64_t now_ms; r == 0 && (now_ms = clock_mono_ms()) < until_ms && !service_stopping();) {
		heartbeat_beat(w->heartbeat);
		look_at_kafka(w);
		if (w->has_held) {
			sleep_ms(least(POLL_MS, until_ms - now_ms));
			continue;
		}
		struct bus_record record;
		r = next_record(w, least(POLL_MS, until_ms - now_ms), &record);
		if (r == 0) {
			w->held = record;
			w->has_held = true;
		}
		if (r > 0)
			r = 0;
	}
	return r;
}

/* ---- the loop ---- */

/* poll → decode → insert → commit */
static int turn(struct writer *w)
{
	int r = gather(w);

	if (r == 0)
		r = steps_settle(w);
	while (r == STEP_E_RETRY && !service_stopping()) {
		r = rest(w);
		if (r == 0)
			r = steps_settle(w);
	}
	if (r)
		return r < 0 ? r : 0; /* stopping: the drain tries again */
	backoff_reset(&w->backoff);
	return set_paused(w, false);
}

/* Once a second: what /metrics and /readyz show beside the batches. */
static int observe(struct writer *w)
{
	int64_t now_ms = clock_mono_ms();

	heartbeat_beat(w->heartbeat);
	if (now_ms - w->observed_ms < OBSERVE_MS)
		return 0;
	w->observed_ms = now_ms;
	series_set(w->counters.lag, (double)bus_lag(w->consumer));
	look_at_kafka(w);
	dead_tick(w->dead);
	if (now_ms - w->answered_ms < SILENCE_MS)
		return 0;
	int r = steps_answer(w, "ping", store_ping(w->o.store), store_last_error());
	return r < 0 ? r : 0;
}

/* ---- start ---- */

const char *const writer_topics[] = { BUS_TOPIC_POSITIONS, BUS_TOPIC_DEAD, NULL };

static int prepare_topics(struct writer *w)
{
	int r = bus_topics_ensure(w->o.kafka, w->o.topics, writer_topics, PREPARE_MS);

	if (r < 0)
		log_error("Kafka refuses", LOG_S("step", "prepare"), LOG_S("error", bus_last_error()));
	if (r > 0)
		dependency_down(w->kafka, bus_last_error());
	return r > 0 ? STEP_E_RETRY : r;
}

static int make_positions(struct store *s)
{
	bson_t *options = document_positions_options();
	int r = store_collection_ensure(s, "positions", options);

	bson_destroy(options);
	return r;
}

static int make_latest(struct store *s)
{
	bson_t *keys = document_latest_index();
	int r = store_index_ensure(s, "latest", keys, NULL);

	bson_destroy(keys);
	return r;
}

int (*const writer_collections[])(struct store *s) = { make_positions, make_latest, erased_prepare, NULL };

static int prepare_collections(struct writer *w)
{
	const char *why;
	int r = store_prepare(&(struct store_needs){ w->o.store, writer_collections }, &why);

	return steps_answer(w, "prepare", r, why);
}

/* One of the above until it is done, or the end comes. */
static int insist(struct writer *w, int (*prepare)(struct writer *w))
{
	int r = prepare(w);

	while (r == STEP_E_RETRY && !service_stopping()) {
		int64_t until_ms = clock_mono_ms() + backoff_next(&w->backoff);
		while (clock_mono_ms() < until_ms && !service_stopping()) {
			heartbeat_beat(w->heartbeat);
			sleep_ms(least(POLL_MS, until_ms - clock_mono_ms() + 1));
		}
		r = prepare(w);
	}
	backoff_reset(&w->backoff);
	return r < 0 ? r : 0;
}

static int join(struct writer *w)
{
	return bus_consumer_open(&w->consumer, w->o.kafka,
		&(struct bus_consumer_options){
			.group = w->o.group,
			.topics = (const char *const[]){ w->topic, NULL },
			.assigned = on_assigned,
			.revoked = on_revoked,
			.owner = w,
			.from_start = true,
		});
}

/* The offsets of a topic that was made anew mean other records: what is left of the old one is stored, and the group
 * joined again, for which Kafka has forgotten them with the old topic. */
static int join_again(struct writer *w)
{
	dependency_down(w->kafka, "the topic of positions was removed");
	bus_consumer_close(w->consumer); /* revokes all, which stores it */
	w->consumer = NULL;
	w->topic_gone = w->uncommitted = w->paused = false;
	int r = w->fatal ? w->fatal : insist(w, prepare_topics);
	return r || service_stopping() ? r : join(w);
}

int writer_run(struct writer *w)
{
	int r = insist(w, prepare_topics);

	if (r == 0)
		r = insist(w, prepare_collections);
	if (r || service_stopping())
		return r;
	r = join(w);
	while (r == 0 && !service_stopping()) {
		r = turn(w);
		if (r == 0)
			r = observe(w);
		if (r == 0 && w->topic_gone)
			r = join_again(w);
	}
	if (r == 0 && w->consumer)
		r = finish(w);
	w->ended = true;
	return r < 0 ? r : 0;
}

/* ---- life ---- */

int writer_open(struct writer **ret, const struct writer_options *o)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->o = *o;
	bus_topic_name(w->topic, o->topics, BUS_TOPIC_POSITIONS);
	bus_topic_name(w->dead_topic, o->topics, BUS_TOPIC_DEAD);
	backoff_seed(&w->backoff);
	counters_open(&w->counters);
	w->heartbeat = heartbeat_new("loop", HEARTBEAT_MS + 2 * store_patience_ms(o->store));
	w->kafka = dependency_new("kafka", o->kafka->brokers, DEPENDENCY_ALWAYS);
	w->mongodb = dependency_new("mongodb", store_address(o->store), DEPENDENCY_ALWAYS);
	int r = steps_open(w);
	if (r) {
		writer_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

void writer_close(struct writer *w)
{
	if (!w)
		return;
	bus_consumer_close(w->consumer); /* its last revoke uses the rest */
	if (w->has_held)
		bus_record_free(&w->held);
	steps_close(w);
	free(w);
}
