/*
 * websocket_internal - what the files of WebSocket share; nobody else includes it
 *
 * A struct ws_host is one libwebsockets context on a loop, a server's or a client's. Sockets that have something to do
 * are collected in its @due list and served once a turn, after all events of that turn.
 */
#pragma once

#include "socket/loop_internal.h"
#include "socket/websocket.h"

#include <libwebsockets.h>

TAILQ_HEAD(ws_list, ws);
struct ws_host;

/* What a server and a client do differently. */
struct ws_events {
	/* The handshake is done. Whether to go on. */
	bool (*opened)(struct ws *w);
	void (*message)(struct ws *w, const char *text, size_t n);
	void (*writable)(struct ws *w);
	/* @w is freed after it; @w->opened tells whether opened() was called and agreed. */
	void (*closed)(struct ws *w);
};

struct ws {
	struct lws *lws; /* NULL: never got that far */
	struct ws_host *host;
	void *user;
	TAILQ_ENTRY(ws) link; /* in host->all, least recently heard first */
	TAILQ_ENTRY(ws) due_link;
	int64_t heard_ms; /* once closing: when that began */
	char *partial; /* of a message that has not come whole; NULL: nothing */
	uint32_t partial_n, partial_size;
	char *reason; /* malloc'd; of ours until it is sent, of the peer's for closed(). May be NULL */
	char *opening; /* malloc'd; what opened() needs: "offered\0remote\0" */
	struct address_key address;
	uint16_t code; /* 0: nobody has said one */
	bool opened;
	bool due; /* in host->due */
	bool wants; /* ws_want_write() */
	bool writing; /* within writable(), nothing sent yet */
	bool pinged; /* and not heard since */
	bool closing; /* by us or by the peer: nothing goes in or out any more but close frames */
	bool close_due; /* our close frame is still to be sent */
};

struct ws_host {
	struct loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws_protocols protocols[2];
	const struct ws_events *events;
	void *owner; /* the server or the client */
	void (*gone)(void *owner); /* all of it is freed: the host too after this */
	struct ws *adopting; /* its libwebsockets part is being made */
	struct ws_list all; /* least recently heard first */
	struct ws_list due;
	struct ws_list closing;
	size_t connections; /* in the two lists */
	uv_check_t turn; /* serves @due */
	uv_idle_t hurry; /* keeps the loop from sleeping while @due is not empty */
	uv_timer_t sweep;
	bool is_client;
	int64_t ping_ms;
	size_t message_max;
	int64_t ending_ms; /* of the first turn after ws_host_end() */
	int turns; /* of the loop, until everything of libwebsockets is closed */
	int last_handles; /* not closed yet */
};

/* A context on @l that speaks @subprotocol (borrowed). 0, or -ENOMEM when libwebsockets or its event
 * library cannot be loaded. */
MUST_CHECK int ws_host_open(struct ws_host *h, struct loop *l, const char *subprotocol, const struct ws_events *events,
	void *owner, bool is_client);
/* Closes what is open with 1001, waits a little, frees all, calls gone(). */
void ws_host_end(struct ws_host *h, void (*gone)(void *owner));

/* A connection of @h, in its list; NULL when memory is out. */
struct ws *ws_new(struct ws_host *h);
/* libwebsockets has no part in @w any more: it is closed and freed in the loop's next turn. */
void ws_forget(struct ws *w);
/* The same at once: closed(), then frees. */
void ws_free(struct ws *w);
