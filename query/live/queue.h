/*
 * queue - the updates that wait to be sent to one client
 *
 * References, in the order of the topic. One client's queue is bounded by conflation: past the bounds only the newest fix
 * of each device is kept, and the rest is counted. So it never holds more than the bounds or one of each device, whatever is larger,
 * and what a resumed client was promised (QUEUE_KEEP).
 *
 * Thread: the hub's.
 */
#pragma once

#include "query/live/update.h"

#include <stddef.h>

/* Of one device of one client: where its newest waits, while the queue conflates. All zero at first. */
struct queue_slot {
	uint32_t at; /* index in the queue + 1 */
};

enum queue_flag {
	QUEUE_LATE = 1 << 0, /* is to be marked late */
	QUEUE_KEEP = 1 << 1, /* is never conflated */
};

struct queue_entry {
	struct update *update; /* NULL: conflated away */
	struct queue_slot *slot;
	unsigned flags;
};

struct queue_limits {
	size_t updates_max, bytes_max;
};

/* All zero is an empty one. */
struct queue {
	struct queue_entry *entries;
	uint32_t head, end, size; /* entries are at head to end - 1 */
	uint32_t n; /* of them, those with an update */
	size_t bytes; /* of their JSON */
	bool conflating; /* until it is empty */
	uint64_t skipped; /* conflated away since queue_take_skipped() */
};

void queue_clear(struct queue *q);

/* Adds @u, taking a reference. 0 or -ENOMEM. */
MUST_CHECK int queue_put(
	struct queue *q, const struct queue_limits *l, struct update *u, struct queue_slot *slot, unsigned flags);
/* Puts what a resumed client has missed in front, taking over the references; none of it is conflated. @slots: of each. 0,
 * or -ENOMEM (nothing is taken). */
MUST_CHECK int queue_prepend(struct queue *q, struct update *const *updates, struct queue_slot *const *slots,
	const unsigned *flags, size_t n);

/* The first, borrowed; NULL: empty. */
struct queue_entry *queue_first(struct queue *q);
void queue_drop_first(struct queue *q);
uint64_t queue_take_skipped(struct queue *q);

/* Calls @judge for each entry; drops those of which it says so. They do not count as skipped. */
void queue_filter(struct queue *q, bool (*keep)(void *arg, struct queue_entry *e), void *arg);
