/*
 * writer - positions from Kafka into MongoDB
 *
 *     poll → decode → insert → commit
 *
 * A batch closes by count or age and goes into `positions` as one unordered insert; a duplicate is there already, which
 * is as good. Records that can never be stored go to positions.dead. Then `latest` gets one update per device, and only
 * then offsets are stored and committed. While batches close by count, there is more to read than can be written: then
 * `latest`, and the commit, follow several batches together, no later than writer_options.latest_age_ms, since an update
 * costs MongoDB as much as ten inserts.
 *
 * Whatever fails for now pauses the partitions and is tried again, for ever; whatever fails for good ends the program.
 *
 * Thread: one, the caller's of writer_run().
 */
#pragma once

#include "bus/topics.h"
#include "store/store.h"

struct writer_options {
	const struct bus_config *kafka;
	struct store *store;
	const char *group;
	const struct bus_topics *topics;
	int64_t batch_max, batch_age_ms, latest_age_ms;
	int64_t drain_ms; /* for the last batch, at the end and when partitions are taken away */
};

struct writer;

/* What it needs, which it makes itself where it may: names of topics, and what makes its collections. */
extern const char *const writer_topics[];
extern int (*const writer_collections[])(struct store *s);

/* Connects to nothing yet. What the options point to is borrowed. 0 or -errno. */
MUST_CHECK int writer_open(struct writer **ret, const struct writer_options *o);

/* Until service_stopping(); then stores and commits what it has. 0, or -errno for what trying again does not mend. */
MUST_CHECK int writer_run(struct writer *w);

/* Leaves the group. Accepts NULL. */
void writer_close(struct writer *w);
