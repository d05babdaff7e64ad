#include "query/live/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MIN = 4, SIZE_IDLE_MAX = 16 };

/* ---- entries ---- */

static void empty(struct queue *q, struct queue_entry *e)
{
	q->n--;
	q->bytes -= e->update->len;
	update_unref(e->update);
	e->update = NULL;
	if (e->slot->at == (uint32_t)(e - q->entries) + 1)
		e->slot->at = 0;
}

static void skip(struct queue *q, struct queue_entry *e)
{
	empty(q, e);
	q->skipped++;
}

/* Nothing waits: begins at the front again, and gives back what an idle client need not have. */
static void rest(struct queue *q)
{
	q->head = q->end = 0;
	q->conflating = false;
	if (q->size <= SIZE_IDLE_MAX)
		return;
	free(q->entries);
	q->entries = NULL;
	q->size = 0;
}

void queue_clear(struct queue *q)
{
	for (uint32_t i = q->head; i < q->end; i++)
		if (q->entries[i].update)
			empty(q, &q->entries[i]);
	free(q->entries);
	*q = (struct queue){ 0 };
}

/* Closes the holes. */
static void compact(struct queue *q)
{
	uint32_t to = 0;

	for (uint32_t i = q->head; i < q->end; i++) {
		if (!q->entries[i].update)
			continue;
		q->entries[to] = q->entries[i];
		if (q->entries[to].slot->at == i + 1)
			q->entries[to].slot->at = to + 1;
		to++;
	}
	q->head = 0;
	q->end = to;
}

static int make_room(struct queue *q)
{
	if (q->end < q->size)
		return 0;
	if (q->n <= q->size / 2 && q->size > SIZE_MIN) {
		compact(q);
		return 0;
	}
	uint32_t size = q->size > 0 ? 2 * q->size : SIZE_MIN;
	struct queue_entry *grown = realloc(q->entries, size * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	q->entries = grown;
	q->size = size;
	return 0;
}

/* ---- conflation ---- */

/* Leaves the newest fix of each device, and what is kept. */
static void conflate(struct queue *q)
{
	q->conflating = true;
	for (uint32_t i = q->head; i < q->end; i++) {
		struct queue_entry *e = &q->entries[i];
		if (!e->update || e->flags & QUEUE_KEEP)
			continue;
		struct queue_entry *before = e->slot->at ? &q->entries[e->slot->at - 1] : NULL;
		if (before && before->update->time_ms > e->update->time_ms) {
			skip(q, e);
			continue;
		}
		if (before)
			skip(q, before);
		e->slot->at = i + 1;
	}
}

/* Whether @u is still to be put; what waits of its device makes room for it. */
static bool supersede(struct queue *q, const struct update *u, struct queue_slot *slot)
{
	struct queue_entry *before = slot->at ? &q->entries[slot->at - 1] : NULL;

	if (!before)
		return true;
	if (before->update->time_ms > u->time_ms) {
		q->skipped++;
		return false;
	}
	skip(q, before);
	return true;
}

/* ---- in and out ---- */

int queue_put(struct queue *q, const struct queue_limits *l, struct update *u, struct queue_slot *slot, unsigned flags)
{
	if (!q->conflating && (q->n + 1 > l->updates_max || q->bytes + u->len > l->bytes_max) && q->n > 0)
		conflate(q);
	if (q->conflating && !supersede(q, u, slot))
		return 0;
	int r = make_room(q);
	if (r)
		return r;
	q->entries[q->end++] = (struct queue_entry){ update_ref(u), slot, flags };
	q->n++;
	q->bytes += u->len;
	if (q->conflating)
		slot->at = q->end;
	return 0;
}

int queue_prepend(struct queue *q, struct update *const *updates, struct queue_slot *const *slots,
	const unsigned *flags, size_t n)
{
	compact(q);
	size_t size = q->end + n;
	struct queue_entry *all = size <= UINT32_MAX / 2 ? malloc((size > 0 ? size : 1) * sizeof(*all)) : NULL;
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct queue_entry){ updates[i], slots[i], flags[i] | QUEUE_KEEP };
		q->bytes += updates[i]->len;
	}
	if (q->end > 0)
		memcpy(all + n, q->entries, q->end * sizeof(*all));
	for (uint32_t i = 0; i < q->end; i++)
		if (q->entries[i].slot->at)
			q->entries[i].slot->at += (uint32_t)n;
	free(q->entries);
	q->entries = all;
	q->size = (uint32_t)(size > 0 ? size : 1);
	q->end = (uint32_t)size;
	q->n += (uint32_t)n;
	return 0;
}

struct queue_entry *queue_first(struct queue *q)
{
	while (q->head < q->end && !q->entries[q->head].update)
		q->head++;
	if (q->head < q->end)
		return &q->entries[q->head];
	rest(q);
	return NULL;
}

void queue_drop_first(struct queue *q)
{
	empty(q, &q->entries[q->head++]);
	if (q->n == 0)
		rest(q);
}

uint64_t queue_take_skipped(struct queue *q)
{
	uint64_t n = q->skipped;

	q->skipped = 0;
	return n;
}

void queue_filter(struct queue *q, bool (*keep)(void *arg, struct queue_entry *e), void *arg)
{
	for (uint32_t i = q->head; i < q->end; i++)
		if (q->entries[i].update && !keep(arg, &q->entries[i]))
			empty(q, &q->entries[i]);
	if (q->n == 0)
		rest(q);
}
