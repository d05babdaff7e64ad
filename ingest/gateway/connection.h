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
#include "ingest/gateway/outgoing.h"

#include <sys/queue.h>

struct connection;
TAILQ_HEAD(connection_list, connection);

/* What the connections of a lane share. */
struct connections {
	struct lane_options *o;
	struct bus_producer *producer;
	struct protocol_scratch scratch;
	struct outgoing outgoing;
	struct connection_list all;
	struct connection_list looking; /* waiting for a look-up, in the order of their tickets */
	struct connection_list stalled; /* waiting for room in @outgoing */
	size_t under_way; /* frames with reports to come */
	struct loop_timer *flush; /* does connections_flush() */
	struct loop_timer *reports; /* does connections_take_reports(); set off while there are some to come */
	bool reports_set;
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

/* Gives the producer what the turn has gathered. */
void connections_flush(struct connections *all);
/* Takes what reports there are, and what has room now goes on. */
void connections_take_reports(struct connections *all);
/* At the end: what the producer never got is reported as failed. Returns how many records. */
size_t connections_give_up(struct connections *all);

/* Goes on with those whose look-up is settled. */
void connections_looked_up(struct connections *all, uint64_t ticket);

/* Closes what is idle now, and the others as soon as they are answered. */
void connections_drain(struct connections *all);
