/*
 * outgoing - a turn's records on their way to the producer
 *
 * Records of all frames that one turn of the loop reads are gathered here and given to the producer together: handed over
 * one by one, each would wake the producer's thread. What the producer has no room for waits here, in its order.
 *
 * Thread: the lane's. Memory is taken once.
 */
#pragma once

#include "base/position.h"
#include "bus/bus.h"

struct outgoing {
	uint8_t *buf;
	size_t size;
	size_t head; /* of the first record not given to the producer */
	size_t used;
};

/* 0 or -ENOMEM. */
MUST_CHECK int outgoing_open(struct outgoing *o);
void outgoing_close(struct outgoing *o);

static inline bool outgoing_empty(const struct outgoing *o)
{
	return o->used == 0;
}

enum outgoing_result {
	OUTGOING_E_FULL = 1, /* no room now */
	OUTGOING_E_TOO_LARGE, /* for any record */
};

/* Appends @p, keyed by its device. @opaque comes back in the report. 0 or enum outgoing_result. */
MUST_CHECK int outgoing_add(struct outgoing *o, const struct position *p, void *opaque);

/* Takes back what was added since @used was o->used. */
static inline void outgoing_take_back(struct outgoing *o, size_t used)
{
	o->used = used;
}

/* Gives what it can to @producer, for @topic. Those that are refused for good are reported to @failed at once. */
void outgoing_flush(
	struct outgoing *o, struct bus_producer *producer, const char *topic, bus_delivered failed, void *owner);

/* Reports all that is left as failed with @r. Returns how many. */
size_t outgoing_fail(struct outgoing *o, int r, bus_delivered failed, void *owner);
