/*
 * steps - what becomes of a batch: insert → bury → note; then, for one batch or several, latest → commit
 *
 * A batch closes, takes off (its insert is sent) and lands (the answer is there). While the writer is in a hurry the
 * next batch is filled meanwhile, and `latest` is brought up to date beside that; otherwise each step waits for the one
 * before. A step that fails for now leaves all as it was, and the same call again goes on from there.
 *
 * Thread: the writer's.
 */
#pragma once

#include "batch.h"
#include "counters.h"
#include "dead.h"
#include "lane.h"
#include "newest.h"
#include "offsets.h"
#include "writer.h"

#include "base/backoff.h"
#include "service/dependency.h"
#include "service/health.h"

enum step_result {
	STEP_E_RETRY = 1, /* a server does not answer: the same again, later */
};

/* What was stored, and is yet to be told `latest` and then Kafka. */
struct account {
	struct newest *newest;
	struct offsets offsets;
	size_t records;
	int64_t since_ms; /* clock_mono_ms() of the first of them */
};

struct writer {
	struct writer_options o;
	char topic[BUS_TOPIC_SIZE], dead_topic[BUS_TOPIC_SIZE];
	struct bus_consumer *consumer;
	struct dead *dead;
	struct counters counters;
	struct heartbeat *heartbeat;
	struct dependency *kafka, *mongodb;
	int64_t answered_ms; /* clock_mono_ms() of MongoDB's last good answer */

	/* the batches */
	struct batch batches[2];
	struct batch *filling;
	struct batch *flying; /* NULL: none */
	struct lane *inserts;
	bool sent; /* the insert of @flying is with its lane, or its answer is */
	bool inserted; /* that answer was good */
	bool hurried; /* the last batch closed by count: there is more to read */
	bool final; /* nothing is to be put off any more */

	/* what several batches have in common */
	struct account accounts[2];
	struct account *open;
	struct account *closed; /* on its way into `latest`; NULL: none */
	struct lane *updates;
	bool updates_sent; /* the update of @closed is with its lane, or its answer is */
	bool updates_collide; /* another writer made the same device's document: once more */
	bool uncommitted; /* stored at the library, and its commit failed */

	/* the loop */
	struct backoff backoff;
	bool paused;
	struct bus_record held; /* one that came during a pause */
	bool has_held;
	bool topic_gone;
	int fatal; /* what a call from inside bus_poll() ended with */
	bool ended; /* the drain has been, or something was fatal: leaving the group stores no more */
	size_t partitions;
	int64_t observed_ms;
};

/* 0 or -errno. */
MUST_CHECK int steps_open(struct writer *w);
void steps_close(struct writer *w); /* also after a steps_open() that failed */

/* Lands what flies and lets the filled batch take off. 0: a batch may be filled; when not in a hurry, or at the end, also
 * that all is stored and committed. STEP_E_RETRY, or -errno. */
MUST_CHECK int steps_settle(struct writer *w);

/* Records that have not landed yet. */
size_t steps_pending(const struct writer *w);

/* Waits until no lane is under way. Then forgets what is of @partitions, and returns how many records that were. */
size_t steps_forget(struct writer *w, const int32_t *partitions, size_t n);

/* What MongoDB answered, for readiness and the log: 0, STEP_E_RETRY or -errno. @why: the text of a failure. */
MUST_CHECK int steps_answer(struct writer *w, const char *step, int r, const char *why);
