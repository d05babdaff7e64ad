/*
 * past - what a subscription is told before the updates: everything it missed, or the newest fix of each device
 *
 * The two never leave a gap to the updates that follow. A subscription is registered first, at a place U in each
 * partition; from there on updates are queued for it. Then the past is read, on a worker's thread:
 *
 *   Resumed    records from the cursor's place up to U, from the ring. All of them or none: where the ring does not reach
 *              back, or holds another history, the subscription starts anew.
 *   Anew       of each device the newest fix before U: the newer of what MongoDB's `latest` has and what the ring has.
 *              MongoDB alone is behind Kafka by what the writer has not stored yet, be it milliseconds or, with the
 *              writer down, hours; or ahead, by what came after U. A record before U was in the ring before U was reached, and
 *              the ring keeps the newest fix of a device even when its record has left. So what is missing from both can
 *              only be a record older than where this process began to read that the writer has not stored yet either. Whether
 *              there are such is known: see ring_settled(). As long as there may be, or while MongoDB does not answer,
 *              the past is not complete: it is read again every few seconds, and what is newer than what the client
 *              was shown is pushed.
 *
 * Thread: workers'.
 */
#pragma once

#include "query/access/device_set.h"
#include "query/live/cursor.h"
#include "query/live/latest.h"

struct past_source;

/* @find(@owner, ...) knows what is stored. */
MUST_CHECK int past_source_open(struct past_source **ret, latest_find find, void *owner);
void past_source_close(struct past_source *s); /* accepts NULL */

enum past_outcome {
	PAST_ANEW = 1, /* no cursor was given */
	PAST_RECOVERED,
	PAST_TOO_OLD, /* the ring does not reach back to the cursor */
	PAST_OTHER, /* another history, or not the same devices, or no cursor of ours, or some records went astray */
	PAST_TOO_MUCH, /* more was missed than a client's queue takes */
	PAST_AHEAD, /* the cursor, or U, is of another replica and ahead of this one; with last_try: and stays so */
};

/* What is stored of a device. */
struct stored {
	struct uuid device;
	int64_t time_ms, received_ms; /* of its newest fix */
};

struct past {
	/* The question. */
	struct ring *ring;
	struct device_set *devices; /* all that the subscription is for */
	const struct place *until; /* the place U, of every partition: updates follow from there on */
	const struct cursor *cursor; /* NULL: anew */
	size_t missed_max; /* updates */
	bool last_try; /* whoever is ahead now begins anew; else the answer is only that, to be asked again soon */

	/* The answer. */
	enum past_outcome outcome;
	struct update *
		*updates; /* referenced: all that was missed, or the newest of each device, or what was read again */
	size_t n;
	struct stored *stored; /* of the devices that MongoDB knows */
	size_t stored_n;
	bool complete;
};

/* Fills in the answer; without memory -ENOMEM. */
MUST_CHECK int past_read(struct past_source *s, struct past *p);
/* Frees the answer. */
void past_clear(struct past *p);
