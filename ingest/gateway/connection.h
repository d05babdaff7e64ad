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

#include "ingest/gateway/intake.h"

struct connection;
TAILQ_HEAD(connection_list, connection);

/* What the connections of a lane share. */
struct connections {
	struct intake *intake; /* borrowed */
	struct connection_list all;
	bool draining;
};

void connections_open(struct connections *all, struct intake *intake);

/* A new one for @s on @port, from the address @remote; NULL when memory is out, or that is none. */
struct connection *connection_new(struct connections *all, struct port *port, struct stream *s, const char *remote);
extern const struct stream_events connection_events;

/* Closes what is idle now, and the others as soon as they are answered. */
void connections_drain(struct connections *all);
