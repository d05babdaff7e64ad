/*
 * loop - one event loop on one thread, and plain TCP on it
 *
 * The only folder that includes uv.h and libwebsockets.h. A program runs several loops; each listens on the same port
 * (SO_REUSEPORT) and the kernel spreads connections over them. All of a connection's callbacks come on its loop's thread.
 *
 * Thread: loop_post() and loop_stop() from any; everything else on the loop's own thread, or before it runs.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

MUST_CHECK int loop_open(struct loop **ret);
/* Turns until loop_stop(). 0 or -errno. */
MUST_CHECK int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Makes the calls still posted, closes what is still open on it (close callbacks are called), frees. After loop_run() has
 * returned; nobody may post any more. Accepts NULL. */
void loop_close(struct loop *l);

/* Runs @call on the loop's thread, soon. -ENOMEM, or 0. Calls of one poster keep their order. */
MUST_CHECK int loop_post(struct loop *l, void (*call)(void *arg), void *arg);

struct loop_timer;
/* Calls @call every @period_ms (first after that time). */
MUST_CHECK int loop_every(
	struct loop *l, int64_t period_ms, void (*call)(void *arg), void *arg, struct loop_timer **ret);
/* A timer that rests until loop_timer_set(). */
MUST_CHECK int loop_alarm(struct loop *l, void (*call)(void *arg), void *arg, struct loop_timer **ret);
/* Sets an alarm off once, in @delay_ms; one that is set already is set anew. */
void loop_timer_set(struct loop_timer *t, int64_t delay_ms);
/* Accepts NULL. */
void loop_timer_close(struct loop_timer *t);

struct loop_watch;
/* Calls @call when @fd (borrowed) is readable. */
MUST_CHECK int loop_watch(struct loop *l, int fd, void (*call)(void *arg), void *arg, struct loop_watch **ret);
/* Accepts NULL. */
void loop_watch_close(struct loop_watch *w);

/* The loop's clock, ms, monotonic, as of this turn. */
int64_t loop_now_ms(const struct loop *l);

/* ---- streams: TCP connections ---- */

struct stream;

enum stream_end {
	STREAM_END_PEER = 1, /* the peer closed or reset */
	STREAM_END_IDLE, /* data() consumed nothing for idle_ms: silence, or bytes that never make a frame */
	STREAM_END_SLOW, /* more than write_max was waiting to be sent */
	STREAM_END_US, /* stream_close() */
	STREAM_END_FRAME, /* read_max bytes came and data() consumed none of them */
	STREAM_END_ERROR, /* the system said no */
};

struct stream_events {
	/* Bytes came: all not yet consumed, from the first on. Returns how many are consumed now; the rest is kept (at most
	 * read_max, else the stream is closed) and comes again with more, or after a resume. May call anything. */
	size_t (*data)(struct stream *s, void *user, const uint8_t *bytes, size_t n);
	/* The last call for this stream, from the loop; @user may be freed. */
	void (*closed)(struct stream *s, void *user, enum stream_end end);
};

struct listener_options {
	const char *address; /* "0.0.0.0", "127.0.0.1", "::" or "[::]"; not kept */
	uint16_t port; /* 0: any free one; then listener_port() for the other loops */
	int backlog;
	int64_t connections_max; /* on this loop; beyond: accepted and closed at once, counted as refused */
	int64_t connections_per_address; /* the same; 0: no bound */
	int64_t idle_ms; /* 0: no bound. Does not count while paused */
	size_t read_max; /* bytes kept for an incomplete frame; also the most that data() gets at once */
	size_t write_max; /* bytes waiting to be sent */
	/* A connection is there; returns its @user, or NULL to refuse it. */
	void *(*accepted)(void *owner, struct stream *s, const char *remote);
	/* A connection was closed at once. @why: "connections", "address", "owner" or "system". May be NULL. */
	void (*refused)(void *owner, const char *why);
	void *owner;
	const struct stream_events *events;
};

struct listener;
/* 0 or -errno: -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL for an address that is none... */
MUST_CHECK int listener_open(struct listener **ret, struct loop *l, const struct listener_options *o);
uint16_t listener_port(const struct listener *l);
size_t listener_connections(const struct listener *l);
/* Stops accepting; its streams live on. Accepts NULL. */
void listener_close(struct listener *l);

/* Connects; @events as above, plus @connected(0 or -errno) first (after an error no other call comes). The name is looked
 * up at once, blocking: for tools. */
MUST_CHECK int stream_connect(struct stream **ret, struct loop *l, const char *host, uint16_t port,
	const struct stream_events *events, size_t read_max, void (*connected)(struct stream *s, void *user, int r),
	void *user);

/* Sends, copying what the socket does not take at once. 0, or -EPIPE when the stream is closing or has just been given up. */
MUST_CHECK int stream_write(struct stream *s, const void *bytes, size_t n);
/* Stops and resumes reading: the peer is pushed back by TCP. Kept bytes come again soon after resume, from the loop. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
bool stream_paused(const struct stream *s);
/* Sends what waits, says FIN, reads and drops until the peer's FIN (a few seconds at most, so that the last answer is not lost
 * to a reset), closes. No data() any more; closed() comes at the end of that. */
void stream_close(struct stream *s);
