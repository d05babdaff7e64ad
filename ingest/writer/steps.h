/*
 * steps - what is done with a batch, each step once, in this order: insert, bury, latest, commit
 *
 * A step that fails for now leaves all as it was, and the same call again goes on from there. Thread: the writer's.
 */
#pragma once

#include "backoff.h"
#include "batch.h"
#include "counters.h"
#include "dead.h"
#include "newest.h"
#include "offsets.h"
#include "writer.h"

#include "service/health.h"

enum step_result {
	STEP_E_RETRY = 1, /* a server does not answer: the same again, later */
};

struct writer {
	struct writer_options o;
	struct bus_consumer *consumer;
	struct dead *dead;
	struct store_bulk *positions, *latest;
	struct counters counters;
	struct heartbeat *heartbeat;
	struct readiness *kafka_ready, *mongodb_ready;

	/* the batch, and how far it is */
	struct batch batch;
	struct entry **sent; /* entries by their index in the bulk */
	size_t sent_n;
	size_t duplicates, refused; /* of what was sent */
	bool inserted;
	bool hurried; /* it closed by count: there is more to read */

	/* what several batches have in common */
	struct newest *newest;
	int64_t newest_since_ms; /* clock_mono_ms() of the first report in it */
	struct offsets offsets;
	bool uncommitted; /* stored at the library, and its commit failed */
	int64_t answered_ms; /* clock_mono_ms() of MongoDB's last good answer */
	bool final; /* nothing is to be put off any more */

	/* the loop */
	struct backoff backoff;
	bool paused;
	struct bus_record held; /* one that came during a pause */
	bool has_held;
	int fatal; /* what a call from inside bus_poll() ended with */
	size_t partitions;
	int64_t observed_ms;
};

/* Takes the batch through all steps. 0: it is empty now; STEP_E_RETRY, or -errno. */
MUST_CHECK int steps_settle(struct writer *w);

/* What MongoDB answered, for readiness and the log: 0, STEP_E_RETRY or -errno. */
MUST_CHECK int steps_answer(struct writer *w, const char *what, int r);
