/*
 * dead - records that can never be stored, into the topic positions.dead
 *
 *     dead_begin(d);
 *     dead_add(d, record, "malformed", 0);   for each
 *     dead_confirm(d, 5000);                 0: all of them are in Kafka
 *
 * A round that fails is begun again with the same records: some may then be in the topic twice, none is missing.
 * Thread: one.
 */
#pragma once

#include "bus/bus.h"

struct dead;

enum dead_result {
	DEAD_E_RETRY = 1, /* not all of the round is in Kafka: begin it again, later */
};

/* Connects lazily. @topic is borrowed. 0 or -errno. */
MUST_CHECK int dead_open(struct dead **ret, const struct bus_config *kafka, const char *topic);

/* Waits up to @timeout_ms for what is queued. Accepts NULL. */
void dead_close(struct dead *d, int timeout_ms);

/* Forgets the round before; what comes of its records counts no more. */
void dead_begin(struct dead *d);

/* Queues a copy of @record with the headers error, topic, partition and offset; waits up to @timeout_ms for a place. 0,
 * DEAD_E_RETRY or -errno. */
MUST_CHECK int dead_add(struct dead *d, const struct bus_record *record, const char *why, int timeout_ms);

/* Waits up to @timeout_ms until all of the round are in Kafka. 0, DEAD_E_RETRY or -errno. */
MUST_CHECK int dead_confirm(struct dead *d, int timeout_ms);

/* Serves what the library has to tell; between rounds. */
void dead_tick(struct dead *d);
