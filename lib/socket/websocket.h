/*
 * websocket - WebSocket connections by the ten thousand (RFC 6455), on a loop
 *
 * libwebsockets on the loop's libuv; one context per loop. Thread: the loop's.
 */
#pragma once

#include "socket/loop.h"

struct ws;        /* one connection */
struct ws_server;

struct ws_options {
	const char *address;
	uint16_t port;
	const char *path;        /* "/v1/live"; others get 404 */
	const char *subprotocol; /* the one spoken, "pettrack.v1"; a client may also offer none */
	const char *origins;     /* comma-separated allowed Origin headers; NULL: any; a client without Origin passes */
	int64_t connections_max, connections_per_address; /* on this loop */
	size_t message_max;      /* bytes of one incoming message; beyond: close 1009 */
	int64_t ping_ms;         /* ping the silent; no pong within another ping_ms: closed */
	/* @offered: the client's Sec-WebSocket-Protocol header ("" if none), remembered nowhere. Returns @user or NULL to refuse. */
	void *(*opened)(void *owner, struct ws *w, const char *offered, const char *remote);
	/* One whole text message. */
	void (*message)(struct ws *w, void *user, const char *text, size_t n);
	/* The socket takes more: call ws_send() for what is next. Comes after ws_want_write(). */
	void (*writable)(struct ws *w, void *user);
	void (*closed)(struct ws *w, void *user);
	void *owner;
};

MUST_CHECK int ws_server_open(struct ws_server **ret, struct loop *l, const struct ws_options *o);
uint16_t ws_server_port(const struct ws_server *s);
size_t ws_server_connections(const struct ws_server *s);
/* Stops accepting and closes all with 1001 (going away). Accepts NULL. */
void ws_server_close(struct ws_server *s);

/* Room that ws_send() needs in front of the text. */
enum { WS_HEADROOM = 16 };

/* Asks for writable(). Cheap to call again. */
void ws_want_write(struct ws *w);
/* In writable() only, once per call: sends one text message, @text having WS_HEADROOM writable bytes before it. 0 or -EPIPE. */
MUST_CHECK int ws_send(struct ws *w, char *text, size_t n);
/* Closes with a code (1000..4999) and a short reason, after what was sent. closed() comes later. */
void ws_close(struct ws *w, int code, const char *reason);

/* ---- client, for `pettrack tail` ---- */
struct ws_client_options {
	const char *url;       /* ws:// or wss:// */
	const char *subprotocol;
	void (*opened)(struct ws *w, void *user);
	void (*message)(struct ws *w, void *user, const char *text, size_t n);
	void (*writable)(struct ws *w, void *user);
	void (*closed)(struct ws *w, void *user, int code, const char *reason); /* also for a failed connect */
	void *user;
};
MUST_CHECK int ws_connect(struct ws **ret, struct loop *l, const struct ws_client_options *o);
