/*
 * changes - makes the topics, and hears from auth, by the topic "devices", which cached devices to forget
 *
 * A thread of its own. What it may have missed (Kafka was away for long, the topic was made anew) makes all cached
 * devices doubtful, so that they are asked about again. Tells whether Kafka is there.
 */
#pragma once

#include "bus/topics.h"
#include "ingest/gateway/devices.h"

#include <stdatomic.h>

struct changes;

struct changes_options {
	struct devices *devices;
	const struct bus_config *kafka; /* borrowed */
	const struct bus_topics *topics; /* borrowed */
	atomic_bool
		*topics_there; /* set once they are: before, a producer would have the broker make them its own way */
	bool (*producers_up)(void *owner); /* where not, why is in bus_last_error() */
	void *owner;
};

/* The topics it makes, without their prefix. */
extern const char *const changes_topics[];

MUST_CHECK int changes_open(struct changes **ret, const struct changes_options *o);
/* Accepts NULL. */
void changes_close(struct changes *c);

/* What an event of the topic means: forgets the device it names. False for one that cannot be read. */
bool changes_apply(struct devices *d, const void *json, size_t len);
