/* eraser - the thread: one event after the other, and what is due between them. */
#include "eraser.h"
#include "erased.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "service/health.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	POLL_MS = 500,
	KAFKA_MS = 5000,
	COMMIT_MS = 1000, /* of events that take nothing away */
	GRACE_MS = 10000, /* for servers that are just starting */
	TELL_MS = 60000,
	BEAT_MS = 60000,
};

static const char *const topics[] = { BUS_TOPIC_DEVICES, NULL };

struct eraser {
	struct eraser_options o;
	char topic[BUS_TOPIC_SIZE];
	struct bus_consumer *consumer; /* NULL: not in the group */
	struct bus_record record; /* the one in hand */
	bool has_record;
	struct bus_record held; /* one that came while the consumer was paused */
	bool has_held;
	bool uncommitted;
	bool hurried; /* there was something due: there may be more */
	int64_t committed_ms; /* clock_mono_ms() */
	struct backoff backoff;

	pthread_t thread;
	atomic_bool stop;
	struct heartbeat *heartbeat;
	struct series *up, *devices, *positions;
	int64_t failing_ms; /* clock_mono_ms(), as is the next: since when it cannot erase; 0: it can */
	int64_t told_ms; /* when that was last said */
};

/* ---- events ---- */

bool eraser_reads(const void *json, size_t len, struct uuid *ret_device)
{
	json_t *event = json_loadb(json, len, 0, NULL);
	const char *what = json_string_value(json_object_get(event, "event"));
	const json_t *id = json_object_get(event, "id");
	bool deleted = what && !strcmp(what, "deleted") && json_is_string(id) &&
		       uuid_parse(ret_device, json_string_value(id), json_string_length(id)) == 0;

	json_decref(event);
	return deleted;
}

/* ---- records in hand ---- */

static void drop(struct bus_record *r, bool *has)
{
	if (*has)
		bus_record_free(r);
	*has = false;
}

static bool among(int32_t partition, const int32_t *partitions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (partitions[i] == partition)
			return true;
	return false;
}

/* Inside bus_poll() and bus_consumer_close(): whoever has these next begins at what is not committed. */
static void on_revoked(void *owner, const char *topic, const int32_t *partitions, size_t n, bool lost)
{
	struct eraser *e = owner;

	(void)topic;
	(void)lost;
	if (e->has_record && among(e->record.partition, partitions, n))
		drop(&e->record, &e->has_record);
	if (e->has_held && among(e->held.partition, partitions, n))
		drop(&e->held, &e->has_held);
}

/* ---- sweeping ---- */

/* A record that comes while the consumer is paused waits for its turn. There is room for one: where a second comes, all begins
 * again at what is committed. */
static int hold(struct eraser *e, struct bus_record *record)
{
	if (e->has_held) {
		bus_record_free(record);
		return BUS_E_GONE;
	}
	e->held = *record;
	e->has_held = true;
	return 0;
}

/* Rests for @ms; polls meanwhile, and once at least, so that the group keeps this member. 0, BUS_E_GONE or -errno. */
static int rest(struct eraser *e, int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + ms, left_ms;
	int r;

	do {
		struct bus_record record;
		left_ms = until_ms - clock_mono_ms();
		heartbeat_beat(e->heartbeat);
		r = bus_poll(e->consumer, (int)(left_ms < 0 ? 0 : left_ms < POLL_MS ? left_ms : POLL_MS), &record);
		r = r == 0 ? hold(e, &record) : r < 0 || r == BUS_E_GONE ? r : 0;
	} while (r == 0 && clock_mono_ms() < until_ms && !atomic_load(&e->stop));
	return r;
}

/* How long @n positions may take at the rate, less what they took. */
static int64_t pause_ms(const struct eraser *e, int64_t n, int64_t took_ms)
{
	return e->o.rate ? n * 1000 / e->o.rate - took_ms : 0;
}

/* One piece, and the rest behind it. *ret_more: there is more to do, or the same again. */
static int sweep_piece(struct eraser *e, const struct uuid *device, bool *ret_more)
{
	int64_t n = 0, begun = clock_mono_ms();
	int r = erased_sweep(e->o.store, device, e->o.piece, &n, ret_more);

	if (r < 0)
		return r;
	*ret_more = *ret_more || r == STORE_E_RETRY;
	if (r == STORE_E_RETRY)
		return rest(e, backoff_next(&e->backoff));
	backoff_reset(&e->backoff);
	series_add(e->positions, (double)n);
	return *ret_more ? rest(e, pause_ms(e, n, clock_mono_ms() - begun)) : 0;
}

/* Until nothing is left, the end comes, or, where it is for the record in hand, that is somebody else's. */
static int sweep(struct eraser *e, const struct uuid *device, bool for_record)
{
	bool more = true;
	int r = bus_pause(e->consumer);

	while (r == 0 && more && !atomic_load(&e->stop) && (!for_record || e->has_record))
		r = sweep_piece(e, device, &more);
	if (r)
		return r;
	r = bus_resume(e->consumer);
	return r ? r : more ? BUS_E_RETRY : 0;
}

static int note(struct eraser *e, const struct uuid *device)
{
	int r;

	while ((r = erased_note(e->o.store, device, clock_real_ms() + e->o.remember_ms)) == STORE_E_RETRY &&
		!atomic_load(&e->stop) && e->has_record)
		if ((r = rest(e, backoff_next(&e->backoff))) != 0)
			return r;
	backoff_reset(&e->backoff);
	return r > 0 ? BUS_E_RETRY : r;
}

/* 0: all of it is gone. */
static int erase(struct eraser *e, const struct uuid *device)
{
	int r = note(e, device);

	if (r == 0 && e->has_record)
		r = sweep(e, device, true);
	if (r == 0)
		series_add(e->devices, 1);
	return r;
}

/* ---- the group ---- */

static int commit(struct eraser *e)
{
	int r = bus_commit(e->consumer);

	e->committed_ms = clock_mono_ms();
	e->uncommitted = r != 0;
	return r > 0 ? 0 : r; /* one that fails is covered by the next */
}

/* The record in hand is done. */
static int finish(struct eraser *e, bool at_once)
{
	int r = 0;

	if (e->has_record) {
		r = bus_store_offset(e->consumer, e->topic, e->record.partition, e->record.offset);
		e->uncommitted = true;
		drop(&e->record, &e->has_record);
	}
	if (r >= 0 && e->uncommitted && (at_once || clock_mono_ms() - e->committed_ms >= COMMIT_MS))
		return commit(e);
	return r > 0 ? 0 : r; /* somebody else's by now, who reads it again */
}

static int handle(struct eraser *e)
{
	struct uuid device;
	bool deleted = e->record.value && eraser_reads(e->record.value, e->record.value_len, &device);
	int r = deleted ? erase(e, &device) : 0;

	if (r)
		return r == BUS_E_RETRY ? 0 : r; /* the end came, or it is somebody else's */
	return finish(e, deleted);
}

static int next_record(struct eraser *e)
{
	int r = 0;

	if (e->has_held) {
		e->record = e->held;
		e->has_held = false;
	} else {
		r = bus_poll(e->consumer, e->hurried ? 0 : POLL_MS, &e->record);
	}
	e->has_record = r == 0;
	return r;
}

/* What came back, one device at a time. */
static int sweep_due(struct eraser *e)
{
	struct erased_due due;
	int r = erased_next(e->o.store, &due);

	e->hurried = r == 0;
	if (r == 0)
		r = sweep(e, &due.device, false);
	if (r == 0)
		r = erased_done(e->o.store, &due);
	return r > 0 && r != BUS_E_GONE ? 0 : r; /* none, or not now */
}

static void note_state(struct eraser *e)
{
	bool up = bus_consumer_up(e->consumer);

	series_set(e->up, up);
	if (up)
		e->failing_ms = 0;
}

static int turn(struct eraser *e)
{
	heartbeat_beat(e->heartbeat);
	int r = next_record(e);
	if (r == 0)
		return handle(e);
	if (r == BUS_E_NONE || r == BUS_E_RETRY)
		r = finish(e, false);
	if (r == 0)
		r = sweep_due(e);
	if (r == 0)
		note_state(e);
	return r;
}

static int join(struct eraser *e)
{
	int r = bus_topics_ensure(e->o.kafka, e->o.topics, topics, KAFKA_MS);

	if (r == 0)
		r = bus_consumer_open(&e->consumer, e->o.kafka,
			&(struct bus_consumer_options){
				.group = e->o.group,
				.topics = (const char *const[]){ e->topic, NULL },
				.revoked = on_revoked,
				.owner = e,
				.from_start = true, /* also what was deleted before anybody erased */
			});
	return r;
}

static void leave(struct eraser *e)
{
	bus_consumer_close(e->consumer);
	e->consumer = NULL;
	drop(&e->record, &e->has_record);
	drop(&e->held, &e->has_held);
	e->uncommitted = false;
}

/* Once a minute, when it lasts. The writer's own loop tells of servers that are away: this is of rights that are missing too,
 * without which it would go on writing. */
static void tell(struct eraser *e, int r)
{
	int64_t now_ms = clock_mono_ms();

	series_set(e->up, 0);
	if (!e->failing_ms)
		e->failing_ms = now_ms;
	if (now_ms - e->failing_ms < GRACE_MS || now_ms - e->told_ms < TELL_MS)
		return;
	e->told_ms = now_ms;
	log_error("deleted devices are not erased", LOG_I("result", r), LOG_S("kafka", bus_last_error()),
		LOG_S("mongodb", store_last_error()));
}

/* Out of the group, and into it again after a while. */
static void begin_again(struct eraser *e, int r)
{
	tell(e, r);
	leave(e);
	clock_rest((int)backoff_next(&e->backoff), &e->stop);
}

static void *run(void *arg)
{
	struct eraser *e = arg;

	while (!atomic_load(&e->stop)) {
		heartbeat_beat(e->heartbeat);
		int r = e->consumer ? turn(e) : join(e);
		if (r && !atomic_load(&e->stop))
			begin_again(e, r);
	}
	leave(e);
	return NULL;
}

/* ---- life ---- */

static void register_metrics(struct eraser *e)
{
	e->heartbeat = heartbeat_new("eraser", BEAT_MS + 2 * store_patience_ms(e->o.store));
	e->up = metric_series(
		metric_gauge("pettrack_writer_erasing",
			"1 while events of deleted devices are read, and what is stored of them can be deleted.", NULL),
		NULL);
	e->devices = metric_series(metric_counter("pettrack_writer_erased_devices_total",
					   "Deleted devices of which nothing is stored any more.", NULL),
		NULL);
	e->positions = metric_series(metric_counter("pettrack_writer_erased_positions_total",
					     "Positions of deleted devices that were deleted.", NULL),
		NULL);
}

int eraser_open(struct eraser **ret, const struct eraser_options *o)
{
	struct eraser *e = calloc(1, sizeof *e);

	if (!e)
		return -ENOMEM;
	e->o = *o;
	bus_topic_name(e->topic, o->topics, BUS_TOPIC_DEVICES);
	backoff_seed(&e->backoff);
	register_metrics(e);
	int r = -pthread_create(&e->thread, NULL, run, e);
	if (r) {
		free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void eraser_close(struct eraser *e)
{
	if (!e)
		return;
	atomic_store(&e->stop, true);
	pthread_join(e->thread, NULL);
	free(e);
}
