/*
 * line - a tracker's line to the gateway: a TCP connection, or a UDP socket that hears one peer only
 *
 * A plain value in its owner, who outlives the loop. Thread: the loop's.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct line_events {
	/* It is open: 0; or it is gone: -errno. Not called from within line_open(). */
	void (*opened)(void *owner, int r);
	/* Bytes came: TCP's all that are not yet consumed, UDP's one datagram. Returns how many are consumed. */
	size_t (*data)(void *owner, const uint8_t *bytes, size_t n);
	/* It is gone: the peer ended it, or line_part() is through. */
	void (*closed)(void *owner);
};

struct line {
	struct stream *stream; /* NULL: none */
	struct datagram_socket *socket; /* NULL: none */
	const struct line_events *events;
	void *owner;
};

/* Opens a line to @host:@port. The members events and owner are set, and it is not open. Opening a UDP socket is done at once:
 * opened() is not called. 0 or -errno. */
MUST_CHECK int line_open(struct line *l, struct loop *loop, const char *host, uint16_t port, bool udp);

bool line_is_open(const struct line *l);

/* Sends. 0, or -EPIPE when it is of no use any more. */
MUST_CHECK int line_write(struct line *l, const void *bytes, size_t n);

/* Hangs up: nothing is heard of it any more. It need not be open. */
void line_drop(struct line *l);

/* Hangs up when everything is sent; then closed() is called, for UDP at once. */
void line_part(struct line *l);
