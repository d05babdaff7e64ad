/*
 * mqtt_line - a connection to a broker, plain or TLS: what is read and written are plain bytes either way
 *
 * Thread: the loop's. mqtt_line_open() looks the host's name up, which blocks the loop for as long as the resolver takes.
 */
#pragma once

#include "socket/loop.h"
#include "socket/tls.h"

struct mqtt_line;

struct mqtt_line_options {
	const char *host; /* not kept */
	uint16_t port;
	const struct tls_trust *trust; /* NULL: plain */
	size_t read_max; /* bytes kept that bytes() did not consume */
	/* It can be written to. */
	void (*up)(void *owner);
	/* Bytes came: all not yet consumed. Returns how many are now; the rest comes again with more, or after a resume. */
	size_t (*bytes)(void *owner, const uint8_t *bytes, size_t n);
	/* The last call, from the loop; also after mqtt_line_close(). @why: in words. */
	void (*down)(void *owner, enum stream_end end, const char *why);
	void *owner;
};

/* Connects. 0 or -errno, and then no call comes. */
MUST_CHECK int mqtt_line_open(struct mqtt_line **ret, struct loop *l, const struct mqtt_line_options *o);

/* 0, or not: it goes down. */
MUST_CHECK int mqtt_line_write(struct mqtt_line *l, const void *bytes, size_t n);

/* Stops bytes(), and begins it again; this one may call it at once. */
void mqtt_line_pause(struct mqtt_line *l);
void mqtt_line_resume(struct mqtt_line *l);

/* Sends what was written, then goes down. No bytes() any more. */
void mqtt_line_close(struct mqtt_line *l);
