/*
 * websocket - WebSocket connections by the ten thousand (RFC 6455), on a loop
 *
 * libwebsockets on the loop's libuv; one context per server or client. No extension is spoken: compression would cost
 * each connection more memory than all the rest. Text messages only.
 *
 * Thread: the loop's.
 */
#pragma once

#include "base/network.h"
#include "socket/loop.h"

struct ws; /* one connection */
struct ws_server;

struct ws_options {
	const char *address; /* as for a listener */
	uint16_t port; /* 0: any free one; then ws_server_port() for the other loops */
	const char *path; /* "/v1/live"; others get 404 */
	const char *subprotocol; /* the one spoken, "pettrack.v1"; a client may also offer none, but not others only */
	const char *origins; /* comma-separated allowed Origin headers; NULL: any; a client without Origin passes */
	int64_t connections_max, connections_per_address; /* on this loop; of the latter 0: no bound */
	/* Whose X-Forwarded-For and Forwarded tell @remote (base/forwarded.h); their own addresses are not bounded. */
	struct networks trusted_proxies;
	int64_t opening_ms; /* to send the whole opening request; 0: 10 s */
	size_t message_max; /* bytes of one incoming message; beyond: close 1009 */
	int64_t ping_ms; /* ping the silent; no sign of life within another ping_ms: closed. 0: never */
	/* @offered: the client's Sec-WebSocket-Protocol header ("" if none), remembered nowhere. Returns @user or NULL to
	 * refuse, which drops the connection; ws_close() with a @user is the polite way. */
	void *(*opened)(void *owner, struct ws *w, const char *offered, const char *remote);
	/* One whole text message, valid UTF-8, not NUL-terminated. */
	void (*message)(struct ws *w, void *user, const char *text, size_t n);
	/* The socket takes more: call ws_send() for what is next. Comes after ws_want_write(). */
	void (*writable)(struct ws *w, void *user);
	/* The last call for @w. */
	void (*closed)(struct ws *w, void *user);
	/* A connection was refused before it was one. @why: "connections", "address", "request", "path", "origin",
	 * "subprotocol", "timeout", "owner" or "system". May be NULL. */
	void (*refused)(void *owner, const char *why);
	void *owner;
};

/* The options' strings are not kept. 0 or -errno, as for a listener. */
MUST_CHECK int ws_server_open(struct ws_server **ret, struct loop *l, const struct ws_options *o);
uint16_t ws_server_port(const struct ws_server *s);
size_t ws_server_connections(const struct ws_server *s);
/* Stops accepting and closes all with 1001 (going away); the loop goes on for that, until loop_close() at the latest.
 * Accepts NULL. */
void ws_server_close(struct ws_server *s);

/* Room that ws_send() needs in front of the text. */
enum { WS_HEADROOM = 16 };

/* Asks for writable(): soon when the socket has room, else when it has again. Cheap to call again. */
void ws_want_write(struct ws *w);
/* In writable() only, once per call: sends one text message, @text having WS_HEADROOM writable bytes before it. The
 * socket may take only a part now; the rest is copied and follows before the next writable(). A client's text is
 * overwritten. 0 or -EPIPE. */
MUST_CHECK int ws_send(struct ws *w, char *text, size_t n);
/* Closes with a code (1000..4999) and a short reason (cut at 123 bytes), after what was sent. No other call but closed() comes
 * then, and that later. */
void ws_close(struct ws *w, int code, const char *reason);
/* For closed(): the code it ended with, the peer's or ours; 1005 or 1006 (RFC 6455 section 7.4.1) when nobody said one. */
int ws_close_code(const struct ws *w);

/* ---- client, for `pettrack tail` ---- */
struct ws_client_options {
	const char *url; /* ws:// or wss:// */
	const char *subprotocol;
	void (*opened)(struct ws *w, void *user);
	void (*message)(struct ws *w, void *user, const char *text, size_t n);
	void (*writable)(struct ws *w, void *user);
	void (*closed)(struct ws *w, void *user, int code, const char *reason); /* also for a failed connect: 1006 */
	void *user;
};
/* The name is looked up at once, blocking. Of two calls, closed() comes even when the first fails to connect; but after
 * an error here none does. -EINVAL for an URL that is none, -ENOMEM. */
MUST_CHECK int ws_connect(struct ws **ret, struct loop *l, const struct ws_client_options *o);
