/*
 * connection - one tracker's connection: fill, frame, decode, put, answer
 *
 * At most one frame of a connection is under way. While it is (its device is being looked up, the queue is full, or Kafka has
 * not yet reported), the socket is not read, so that answers keep their order and TCP pushes the tracker back. Nothing of a
 * waiting frame is copied: its bytes stay where the stream keeps them and are decoded again.
 *
 * Thread: the lane's.
 */
#pragma once

#include "ingest/gateway/lane.h"

#include <sys/queue.h>

struct connection;
TAILQ_HEAD(connection_list, connection);

/* What the connections of a lane share. */
struct connections {
	struct lane_options *o;
	struct bus_producer *producer;
	struct protocol_scratch scratch;
	uint8_t *record; /* RECORD_SIZE_MAX bytes */
	struct connection_list all;
	struct connection_list looking; /* waiting for a look-up, in the order of their tickets */
	struct connection_list stalled; /* waiting for room in the queue */
	size_t under_way; /* frames with reports to come */
	struct loop_timer *reports; /* set off when there are some to come, and does connections_take_reports() */
	bool draining;
	bool fatal; /* the producer is beyond mending */
};

/* 0 or -ENOMEM. @o->positions... are borrowed. */
MUST_CHECK int connections_open(struct connections *all, struct lane_options *o);
void connections_close(struct connections *all);

/* A new one for @s on @port; NULL when memory is out. */
struct connection *connection_new(struct connections *all, struct port *port, struct stream *s);
extern const struct stream_events connection_events;

/* The producer's delivery reports: @opaque of a record is its connection. */
void connection_delivered(void *connections, void *connection, int r);

/* Takes what reports there are, and sets the alarm again while some are to come. */
void connections_take_reports(struct connections *all);

/* Goes on with those whose look-up is settled. */
void connections_looked_up(struct connections *all, uint64_t ticket);

/* Closes what is idle now, and the others as soon as they are answered. */
void connections_drain(struct connections *all);
