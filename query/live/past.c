#include "query/live/past.h"
#include "base/clock.h"
#include "base/text.h"
#include "query/json/position_json.h"
#include "query/live/partition.h"
#include "service/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	AWAY_MS = 1000, /* how long MongoDB is left alone after it did not answer */
	PROBE_MS = 1000, /* between two probes whether the writer is past the ring's begin */
	PROBES = 20,
};

struct past_source {
	latest_find find;
	void *owner;
	_Atomic int64_t away_until_ms, probed_ms; /* monotonic */
};

int past_source_open(struct past_source **ret, latest_find find, void *owner)
{
	struct past_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->find = find;
	s->owner = owner;
	*ret = s;
	return 0;
}

void past_source_close(struct past_source *s)
{
	free(s);
}

void past_clear(struct past *p)
{
	for (size_t i = 0; i < p->n; i++)
		update_unref(p->updates[i]);
	free(p->updates);
	free(p->stored);
	p->updates = NULL;
	p->stored = NULL;
	p->n = p->stored_n = 0;
}

static int32_t partition_in(const struct past *p, const struct uuid *device)
{
	return partition_of(device, ring_partitions(p->ring));
}

/* ---- resuming ---- */

/* Which partitions the devices are in, as a map of booleans. NULL when memory is out. */
static bool *watched(const struct past *p, size_t *ret_n)
{
	bool *in = calloc((size_t)ring_partitions(p->ring), sizeof(*in));

	*ret_n = 0;
	for (size_t i = 0; in && i < p->devices->n; i++) {
		int32_t partition = partition_in(p, &p->devices->ids[i]);
		*ret_n += !in[partition];
		in[partition] = true;
	}
	return in;
}

/* Whether the cursor is of these devices, and has a place for each of their partitions. */
static int same_devices(const struct past *p, bool *ret)
{
	const struct cursor *c = p->cursor;
	size_t partitions, n = c->n - c->has_proof;
	uint64_t sum = 0;
	bool *in = watched(p, &partitions);

	if (!in)
		return -ENOMEM;
	for (size_t i = 0; i < p->devices->n; i++)
		sum ^= device_sum(&p->devices->ids[i]);
	*ret = c->partitions == (uint32_t)ring_partitions(p->ring) && c->devices == sum && n == partitions;
	for (size_t i = 0; *ret && i < n; i++) {
		*ret = in[c->places[i].partition];
		in[c->places[i].partition] = false; /* none twice */
	}
	free(in);
	return 0;
}

/* A place without a check can be of any topic of this name. It is believed when another place of the cursor, which came
 * from the same topic, was checked; or when nothing at all was there. */
static int find_places(const struct past *p)
{
	bool all_sure = true, one_sure = false, from_nothing = true;

	for (size_t i = 0; i < p->cursor->n; i++) {
		const struct cursor_place *place = &p->cursor->places[i];
		bool sure;
		int r = ring_find(p->ring, place->partition, place->at, &sure);
		if (r)
			return r;
		all_sure &= sure;
		one_sure |= sure;
		from_nothing &= sure || place->at.next == 0;
	}
	return all_sure || one_sure || from_nothing ? 0 : RING_E_OTHER;
}

static bool may_have_strayed(const struct past *p)
{
	for (size_t i = 0; i < p->cursor->n - p->cursor->has_proof; i++)
		if (ring_may_stray(p->ring, p->cursor->places[i].partition, p->cursor->places[i].at.next))
			return true;
	return false;
}

static int read_missed(struct past *p)
{
	int r = 0;

	p->updates = calloc(p->missed_max + 1, sizeof(struct update *));
	if (!p->updates)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < p->cursor->n - p->cursor->has_proof; i++) {
		const struct cursor_place *place = &p->cursor->places[i];
		r = ring_read(p->ring, place->partition, place->at.next, p->until[place->partition].next, p->devices,
			p->updates, &p->n, p->missed_max);
	}
	return r;
}

static int resume(struct past *p)
{
	bool same = false;
	int r = p->cursor->partitions > 0 ? same_devices(p, &same) : 0;

	if (r == 0)
		r = same ? find_places(p) : RING_E_OTHER;
	if (r == 0)
		r = may_have_strayed(p) ? RING_E_OTHER : read_missed(p);
	if (r < 0)
		return r;
	p->outcome = r == 0              ? PAST_RECOVERED
		     : r == RING_E_OLD   ? PAST_TOO_OLD
		     : r == RING_E_MANY  ? PAST_TOO_MUCH
		     : r == RING_E_AHEAD ? PAST_AHEAD
					 : PAST_OTHER;
	if (r)
		past_clear(p);
	return 0;
}

/* ---- what is stored ---- */

/* Calls @take for each of @ids that is stored. 0, STORE_E_RETRY or negative. */
static int find_latest(struct past_source *s, const struct uuid *ids, size_t n, latest_take take, void *arg)
{
	if (clock_mono_ms() < s->away_until_ms)
		return STORE_E_RETRY;
	int r = s->find(s->owner, ids, n, take, arg);
	if (r == STORE_E_RETRY)
		s->away_until_ms = clock_mono_ms() + AWAY_MS;
	return r;
}

struct taking {
	struct past *past;
	struct text scratch;
	bool snapshot; /* the fixes themselves are wanted, not only their times */
};

static int take_stored(void *arg, const struct position_document *d)
{
	struct taking *t = arg;
	struct past *p = t->past;
	const struct position *found = &d->position;

	ring_stored(p->ring, partition_in(p, &found->device), &found->device, d->contact_ms);
	if (!position_has(found, POSITION_LOCATION) || p->stored_n == p->devices->n)
		return 0;
	p->stored[p->stored_n++] = (struct stored){ found->device, found->time_ms, found->received_ms };
	if (!t->snapshot)
		return 0;
	struct update *u = update_new(found, &t->scratch);
	if (!u)
		return -ENOMEM;
	p->updates[p->n++] = u;
	return 0;
}

/* Remembers what is stored of the devices; with @snapshot, takes it as the updates. Not 0: it could not be read. */
static int read_stored(struct past_source *s, struct past *p, bool snapshot)
{
	struct taking t = { .past = p, .snapshot = snapshot };
	char *scratch = malloc(POSITION_JSON_SIZE_MAX);

	p->stored = calloc(p->devices->n + 1, sizeof(*p->stored));
	if (!scratch || !p->stored) {
		free(scratch);
		return -ENOMEM;
	}
	t.scratch = text_in(scratch, POSITION_JSON_SIZE_MAX);
	int r = p->devices->n > 0 ? find_latest(s, p->devices->ids, p->devices->n, take_stored, &t) : 0;
	free(scratch);
	return r;
}

/* ---- has the writer stored what was before the ring? ---- */

static int take_probe(void *arg, const struct position_document *d)
{
	struct past *p = arg;

	ring_stored(p->ring, partition_in(p, &d->position.device), &d->position.device, d->contact_ms);
	return 0;
}

static bool all_settled(const struct past *p)
{
	for (size_t i = 0; i < p->devices->n; i++)
		if (!ring_settled(p->ring, partition_in(p, &p->devices->ids[i])))
			return false;
	return true;
}

/* Asks for other devices of the partitions, whose records may be stored already. One asks for all. */
static void probe(struct past_source *s, struct past *p)
{
	int64_t now_ms = clock_mono_ms(), before_ms = s->probed_ms;
	struct uuid probes[PROBES];
	int r = 0;

	if (now_ms - before_ms < PROBE_MS || !atomic_compare_exchange_strong(&s->probed_ms, &before_ms, now_ms))
		return;
	for (int32_t i = 0; r == 0 && i < ring_partitions(p->ring); i++) {
		size_t n = ring_settled(p->ring, i) ? 0 : ring_probes(p->ring, i, probes, PROBES);
		if (n > 0)
			r = find_latest(s, probes, n, take_probe, p);
	}
}

/* ---- anew ---- */

static int by_device(const void *a, const void *b)
{
	return memcmp(
		&(*(struct update *const *)a)->device, &(*(struct update *const *)b)->device, sizeof(struct uuid));
}

/* The fix of @device before U: @stored, whose reference is taken over and which may be NULL, or the ring's, whichever is
 * newer. What is stored may be from U on already: then it follows as an update, and the ring has the one before. */
static struct update *newer_of(const struct past *p, const struct uuid *device, struct update *stored)
{
	int32_t partition = partition_in(p, device);
	int64_t until = p->until[partition].next;
	struct update *u = ring_newest(p->ring, partition, device, until);

	if (stored && ring_has(p->ring, partition, device, until, stored->time_ms)) {
		update_unref(stored);
		stored = NULL;
	}
	if (!stored || (u && stored->time_ms <= u->time_ms)) {
		update_unref(stored);
		return u;
	}
	update_unref(u);
	return stored;
}

/* Merges what the ring has into the updates, which are what is stored. */
static int add_newest(struct past *p)
{
	struct update **stored = p->updates, **merged = calloc(p->devices->n + 1, sizeof(struct update *));
	const size_t stored_n = p->n;

	if (!merged)
		return -ENOMEM;
	p->updates = merged;
	p->n = 0;
	qsort(stored, stored_n, sizeof(struct update *), by_device);
	for (size_t i = 0, k = 0; i < p->devices->n; i++) {
		const struct uuid *device = &p->devices->ids[i];
		bool there = k < stored_n && uuid_same(&stored[k]->device, device);
		struct update *u = newer_of(p, device, there ? stored[k] : NULL);
		k += there;
		if (u)
			p->updates[p->n++] = u;
	}
	free(stored);
	return 0;
}

/* Whether the ring has come to U; it has not where a client is ahead of this replica. */
static bool has_come(const struct past *p)
{
	for (size_t i = 0; i < p->devices->n; i++) {
		int32_t partition = partition_in(p, &p->devices->ids[i]);
		if (ring_end(p->ring, partition).next < p->until[partition].next)
			return false;
	}
	return true;
}

static int read_anew(struct past_source *s, struct past *p)
{
	const bool come = has_come(p);

	p->updates = calloc(p->devices->n + 1, sizeof(struct update *));
	if (!p->updates)
		return -ENOMEM;
	int r = read_stored(s, p, true);
	if (r == -ENOMEM)
		return r;
	if (r)
		log_debug("latest positions not read", LOG_S("why", store_last_error()));
	else if (!all_settled(p))
		probe(s, p);
	p->complete = r == 0 && come && all_settled(p);
	return add_newest(p);
}

int past_read(struct past_source *s, struct past *p)
{
	int r = 0;

	p->outcome = PAST_ANEW;
	if (p->cursor)
		r = resume(p);
	if (r)
		return r;
	if (p->outcome != PAST_RECOVERED && !p->last_try && !has_come(p))
		p->outcome = PAST_AHEAD;
	if (p->outcome == PAST_AHEAD && !p->last_try)
		return 0;
	if (p->outcome != PAST_RECOVERED)
		return read_anew(s, p);
	p->complete = true;
	r = read_stored(s, p, false); /* only for what is late; without it too the client has missed nothing */
	return r == -ENOMEM ? r : 0;
}
