/*
 * eraser - what is stored of devices that are deleted, out of MongoDB
 *
 *     poll → note → sweep → commit
 *
 * Reads auth's events in the topic `devices` as a member of a group of its own. Of a deleted device first the list of
 * erased ones hears (erased.h), then its positions go in pieces, at a bounded rate, and only when none is left the event
 * is committed: who knows the group's offsets knows what is gone. Ended at any moment, it begins again with the same event.
 * Between events it sweeps again what had come back: positions that were still under way in Kafka.
 *
 * Nothing here keeps the writer from writing: without Kafka, or the right to read the topic, it says so and tries again.
 *
 * Thread: one inside.
 */
#pragma once

#include "base/uuid.h"
#include "bus/topics.h"
#include "store/store.h"

struct eraser;

struct eraser_options {
	const struct bus_config *kafka; /* borrowed, as is all else */
	const struct bus_topics *topics;
	struct store *store;
	const char *group;
	int64_t piece; /* positions that are deleted together */
	int64_t rate; /* positions a second, on average over a piece; 0: no bound */
	int64_t remember_ms; /* for so long Kafka may hold something of a deleted device */
};

/* 0 or -errno. */
MUST_CHECK int eraser_open(struct eraser **ret, const struct eraser_options *o);

/* Leaves the group; what is under way is done by whoever comes next. Accepts NULL. */
void eraser_close(struct eraser *e);

/* Reads the value of a record of the topic. Whether it says that a device is deleted, and which. */
bool eraser_reads(const void *json, size_t len, struct uuid *ret_device);
