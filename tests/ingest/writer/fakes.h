/*
 * fakes - Kafka and MongoDB as the writer's steps see them, in this process and obedient
 *
 * Takes the place of lib/bus, of lib/store's bulk and of the list of erased devices: nothing of them is linked. Thread: the lanes call in too.
 */
#pragma once

#include "bus/topics.h"
#include "store/store.h"

#include <stdatomic.h>

enum { FAKE_MAX = 64, FAKE_PARTITIONS = 4 };

/* What MongoDB's collection got. */
struct fake_collection {
	bson_t *docs[FAKE_MAX]; /* inserts, or updates */
	atomic_size_t n; /* the lane adds, the test looks */
	int runs; /* how many bulks arrived, refused ones included */
	int result; /* what store_bulk_run() answers, once; nothing is taken then */
	int64_t duplicate, poison; /* index of a document that is refused in the next bulk that is taken; -1: none */
};

/* What Kafka got. */
struct fake_kafka {
	struct {
		const char *error; /* the header; static */
		int64_t offset; /* the header's record */
	} dead[FAKE_MAX];
	size_t dead_n;
	int delivery; /* what the next delivery report says, once */
	int64_t stored[FAKE_PARTITIONS], committed[FAKE_PARTITIONS]; /* -1: nothing */
	int commits;
	int commit_result; /* what bus_commit() answers, once */
	size_t stored_at_commit; /* documents that were inserted when it was last asked to commit */
	size_t freed; /* records */
	const struct fake_event *script; /* what bus_poll() brings, in order; then the end of the program */
	int joins, pauses, resumes;
};

/* The list of erased devices. */
struct fake_erased {
	int asks;
	size_t devices; /* that were asked for the last time */
	size_t stored_then, latest_then; /* documents there were by then */
	int commits_then;
	int result; /* what erased_meet() answers, once */
};

/* One call of bus_poll(). */
struct fake_event {
	enum { FAKE_END, FAKE_RECORD, FAKE_NONE, FAKE_REVOKE, FAKE_LOSE, FAKE_ASSIGN, FAKE_GONE, FAKE_FAIL } kind;
	int32_t partition;
	int64_t offset; /* of a record, whose fix is of device 1 at this time */
};

extern struct fake_collection fake_positions, fake_latest;
extern struct fake_kafka fake_kafka;
extern struct fake_erased fake_erased;

void fakes_reset(void);
