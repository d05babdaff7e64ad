#include "query/live/reader.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "query/json/position_json.h"
#include "query/live/partition.h"
#include "query/live/stats.h"
#include "record/record.h"
#include "service/health.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPEN_MS = 5000,
	POLL_MS = 100,
	PAUSE_MS = 500, /* before the cluster is tried again */
	BEAT_MS = 60000,
	QUIET_POLLS = 30, /* in a row that found nothing, after which the ring counts as filled */
	ARENA_SIZE = 64 * 1024,
};

struct reader {
	const struct live_options *o;
	reader_hand_over hand_over;
	void *owner;
	char topic[BUS_TOPIC_SIZE];
	pthread_t thread;
	bool running; /* the thread was started */
	atomic_bool closing;
	/* The thread's own. */
	struct bus_reader *bus;
	struct ring *ring;
	struct batch *batch; /* under way; NULL while the ring is being filled */
	int64_t batch_ns; /* when its first update came; monotonic */
	size_t unfilled; /* partitions that have not come to where they ended at the start */
	bool *filled; /* of each */
	int quiet; /* polls in a row that found nothing */
	int64_t looked_ms;
	struct heartbeat *heartbeat;
	struct text scratch;
	uint8_t arena[ARENA_SIZE];
	char json[POSITION_JSON_SIZE_MAX];
};

static bool closing(struct reader *r)
{
	return atomic_load(&r->closing);
}

static void pause_ms(struct reader *r, int64_t ms)
{
	for (int64_t end_ms = clock_mono_ms() + ms; !closing(r) && clock_mono_ms() < end_ms;)
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
}

/* ---- decode ---- */

/* A record as an update; poison becomes one that nobody gets. NULL when memory is out. */
static struct update *decode(struct reader *r, const struct bus_record *record)
{
	struct arena arena = arena_over(r->arena, sizeof(r->arena));
	struct position position;
	bool good = record->value && record_decode(&position, &arena, record->value, record->value_len) == 0;
	struct update *u = update_new(good ? &position : NULL, &r->scratch);

	if (!u)
		return NULL;
	u->partition = record->partition;
	u->offset = record->offset;
	u->check = record_check(
		record->key, record->key_len, record->value, record->value_len, record->offset, record->time_ms);
	series_add(!good ? stats.poison : u->len ? stats.records : stats.contacts, 1);
	/* A producer with another partitioner: its updates are pushed, but who comes back may miss them. */
	if (good && partition_of(&u->device, ring_partitions(r->ring)) != u->partition)
		series_add(stats.strays, 1);
	return u;
}

/* ---- hand over ---- */

static void flush(struct reader *r)
{
	struct batch *b = r->batch;

	if (!b || b->n == 0)
		return;
	r->hand_over(r->owner, b);
	batch_unref(b);
	r->batch = batch_new(BATCH_UPDATES);
}

/* -ENOMEM, or 0. */
static int take(struct reader *r, const struct bus_record *record)
{
	struct update *u = decode(r, record);

	if (!u)
		return -ENOMEM;
	ring_append(r->ring, u);
	if (r->unfilled > 0) {
		update_unref(u);
		return 0;
	}
	if (r->batch->n == 0)
		r->batch_ns = clock_mono_ns();
	r->batch->updates[r->batch->n++] = u;
	if (r->batch->n == BATCH_MAX)
		flush(r);
	return r->batch ? 0 : -ENOMEM;
}

/* ---- begin ---- */

static int begin_handing_over(struct reader *r)
{
	int32_t n = ring_partitions(r->ring);
	struct batch *b = batch_new(BATCH_BEGIN);

	r->batch = batch_new(BATCH_UPDATES);
	if (b)
		b->ends = calloc((size_t)n, sizeof(*b->ends));
	if (!b || !b->ends || !r->batch) {
		batch_unref(b);
		return -ENOMEM;
	}
	b->ring = ring_ref(r->ring);
	for (int32_t i = 0; i < n; i++)
		b->ends[i] = ring_end(r->ring, i);
	r->hand_over(r->owner, b);
	batch_unref(b);
	dependency_up(r->o->kafka_there);
	log_info("following", LOG_S("topic", r->topic), LOG_I("partitions", n));
	return 0;
}

/* @next is the offset after what was read of @partition. */
static int note_filled(struct reader *r, int32_t partition, int64_t next)
{
	if (r->unfilled == 0 || r->filled[partition] || next < bus_reader_end_at_start(r->bus, partition))
		return 0;
	r->filled[partition] = true;
	return --r->unfilled == 0 ? begin_handing_over(r) : 0;
}

static int begin_ring(struct reader *r)
{
	int32_t n = bus_reader_partitions(r->bus);
	int result = ring_open(&r->ring, n, &r->o->ring);

	if (result)
		return result;
	r->filled = calloc((size_t)n, sizeof(*r->filled));
	if (!r->filled)
		return -ENOMEM;
	r->unfilled = (size_t)n;
	for (int32_t i = 0; i < n; i++) {
		ring_begin(r->ring, i, bus_reader_first(r->bus, i));
		if (bus_reader_first(r->bus, i) == bus_reader_end_at_start(r->bus, i))
			ring_begin_empty(r->ring, i);
	}
	for (int32_t i = 0; result == 0 && i < n; i++)
		result = note_filled(r, i, bus_reader_first(r->bus, i));
	return result;
}

/* Where a partition ends in offsets that hold no record (a transaction's end), its end is never met. */
static int note_quiet(struct reader *r)
{
	if (r->unfilled == 0 || !bus_reader_up(r->bus) || ++r->quiet < QUIET_POLLS)
		return 0;
	r->unfilled = 0;
	return begin_handing_over(r);
}

/* ---- poll ---- */

static void look_around(struct reader *r)
{
	size_t records, bytes, devices;
	int64_t now_ms = clock_mono_ms();

	if (now_ms - r->looked_ms < 1000)
		return;
	r->looked_ms = now_ms;
	ring_fill(r->ring, &records, &bytes, &devices);
	series_set(stats.ring_records, (double)records);
	series_set(stats.ring_bytes, (double)bytes);
	series_set(stats.ring_devices, (double)devices);
	heartbeat_beat(r->heartbeat);
	if (!bus_reader_up(r->bus))
		dependency_down(r->o->kafka_there, bus_last_error());
	else if (r->unfilled == 0)
		dependency_up(r->o->kafka_there);
}

/* Lets the batch under way wait for company, asleep: a thread that polls is woken for every record. False: it has waited
 * long enough. */
static bool linger(const struct reader *r)
{
	int64_t left_ns = r->batch_ns + r->o->linger_ms * 1000000 - clock_mono_ns();

	if (left_ns <= 0)
		return false;
	nanosleep(&(struct timespec){ .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000 }, NULL);
	return true;
}

/* One record, if any: 0, BUS_E_NONE, BUS_E_RETRY, BUS_E_GONE or -errno. What is there already is read without a pause
 * and handed over together. */
static int poll_one(struct reader *r)
{
	struct bus_record record;
	bool pending = r->batch && r->batch->n > 0;
	int result = bus_reader_poll(r->bus, pending ? 0 : POLL_MS, &record);

	if (result == BUS_E_NONE && pending && linger(r))
		return BUS_E_NONE;
	if (result) {
		flush(r);
		if (result == BUS_E_NONE && note_quiet(r))
			return -ENOMEM;
		return r->unfilled == 0 && !r->batch ? -ENOMEM : result;
	}
	r->quiet = 0;
	int32_t partition = record.partition;
	int64_t next = record.offset + 1;
	result = take(r, &record);
	bus_record_free(&record);
	return result ? result : note_filled(r, partition, next);
}

static int read_all(struct reader *r)
{
	int result = begin_ring(r);

	while (!closing(r) && result >= 0 && result != BUS_E_GONE) {
		result = poll_one(r);
		look_around(r);
	}
	flush(r);
	return result;
}

/* ---- the thread ---- */

static int open_bus(struct reader *r)
{
	static const char *const topics[] = { BUS_TOPIC_POSITIONS, NULL };
	int result = bus_topics_ensure(r->o->kafka, r->o->topics, topics, OPEN_MS);

	if (result == 0)
		result = bus_reader_open(&r->bus, r->o->kafka, r->topic, r->o->ring.records_max, OPEN_MS);
	if (result)
		dependency_down(r->o->kafka_there, bus_last_error());
	return result;
}

static void forget_all(struct reader *r)
{
	bus_reader_close(r->bus);
	ring_unref(r->ring);
	batch_unref(r->batch);
	free(r->filled);
	r->bus = NULL;
	r->ring = NULL;
	r->batch = NULL;
	r->filled = NULL;
}

static void tell_lost(struct reader *r)
{
	struct batch *b;

	dependency_down(r->o->kafka_there, "the topic of positions is not what it was: all begin anew");
	while (!(b = batch_new(BATCH_LOST)))
		pause_ms(r, PAUSE_MS);
	r->hand_over(r->owner, b);
	batch_unref(b);
}

static void *run(void *arg)
{
	struct reader *r = arg;
	int result = 0;

	while (!closing(r) && result >= 0) {
		heartbeat_beat(r->heartbeat);
		result = open_bus(r);
		if (result == 0)
			result = read_all(r);
		if (result == BUS_E_GONE && r->unfilled == 0 && r->ring)
			tell_lost(r);
		forget_all(r);
		if (result >= 0)
			pause_ms(r, PAUSE_MS);
	}
	if (result < 0) {
		log_error("cannot read the positions", LOG_S("topic", r->topic), LOG_S("error", strerror(-result)),
			LOG_S("why", bus_last_error()));
		service_stop(result);
	}
	return NULL;
}

int reader_open(struct reader **ret, const struct live_options *o, reader_hand_over hand_over, void *owner)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->o = o;
	r->hand_over = hand_over;
	r->owner = owner;
	r->heartbeat = heartbeat_new("reader", BEAT_MS);
	r->scratch = text_in(r->json, sizeof(r->json));
	bus_topic_name(r->topic, o->topics, BUS_TOPIC_POSITIONS);
	int result = -pthread_create(&r->thread, NULL, run, r);
	r->running = result == 0;
	if (result) {
		reader_close(r);
		return result;
	}
	*ret = r;
	return 0;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	atomic_store(&r->closing, true);
	if (r->running)
		pthread_join(r->thread, NULL);
	free(r);
}
