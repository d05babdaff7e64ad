/*
 * batch - what the reader hands to every loop: some updates at once, or that the stream begins or ends
 *
 * Thread: any; counted references, constant.
 */
#pragma once

#include "query/live/ring.h"

enum { BATCH_MAX = 256 };

enum batch_kind {
	BATCH_UPDATES = 1,
	BATCH_BEGIN, /* the ring is filled: updates follow from @ends on */
	BATCH_LOST, /* the topic is not what it was: nothing follows on what was */
};

struct batch {
	atomic_uint refs;
	enum batch_kind kind;
	struct ring *ring; /* BATCH_BEGIN: referenced */
	struct place *ends; /* BATCH_BEGIN: of each partition */
	size_t n;
	struct update *updates[BATCH_MAX]; /* referenced */
};

/* Empty, one reference. NULL when memory is out. */
struct batch *batch_new(enum batch_kind kind);
struct batch *batch_ref(struct batch *b);
void batch_unref(struct batch *b); /* accepts NULL */
