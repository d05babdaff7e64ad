/*
 * hub - one event loop of the role live: its clients, and who of them watches which device
 *
 *     poll → route → queue → flush
 *
 * poll is the reader's (reader.c); the rest is here: a batch comes in, each update is routed to the clients that watch
 * its device (watch.c), queued for each of them (queue.c), and at the end of the loop's turn every client that
 * got something is sent one frame of all it got (outbox.c).
 *
 * Thread: hub_open(), hub_hand_over(), hub_changed(), hub_ended() and hub_close() any; the rest the hub's own.
 */
#pragma once

#include "query/live/batch.h"
#include "query/live/counts.h"
#include "query/live/live.h"
#include "query/live/past.h"
#include "query/live/work.h"
#include "socket/websocket.h"

#include <pthread.h>
#include <sys/queue.h>

/* What all hubs of a program share. */
struct live_shared {
	struct live_options o;
	struct workers *askers, *readers; /* auth is asked though MongoDB hangs, and the reverse */
	struct past_source *past;
	struct counts *users, *addresses;
	_Atomic int64_t connections;
};

struct hub;

/* @port: 0 for the first; the others share it. The loop's thread is started. */
MUST_CHECK int hub_open(struct hub **ret, struct live_shared *shared, uint16_t port);
uint16_t hub_port(const struct hub *h);
/* Queues @b for the loop. Blocks while much is waiting there. */
void hub_hand_over(struct hub *h, struct batch *b);
/* The topic `access` spoke of @user (NULL: of any); @session was ended. */
void hub_changed(struct hub *h, const struct uuid *user);
void hub_ended(struct hub *h, const struct uuid *user, const struct uuid *session);
/* Begins to close all clients, after what is queued. */
void hub_drain(struct hub *h);
/* Waits for that, then ends the loop. Nobody may hand over any more. Accepts NULL. */
void hub_stop(struct hub *h);
/* Frees. No work of its clients may be under way. Accepts NULL. */
void hub_close(struct hub *h);
