/*
 * live_subscribers - many WebSocket clients of the live stream in one thread, on plain sockets and epoll
 *
 * They count positions and how long each took. A position is known by its fix time: the sender gives every one another
 * millisecond.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct subscribers;

struct subscribers_options {
	uint16_t port;
	int count;
	/* The access token of subscriber @i into @out. */
	void (*token)(void *owner, int i, char *out, size_t size);
	/* When the position with this fix time was sent, ns on the monotonic clock; 0: not one of this run's. */
	int64_t (*sent_ns)(void *owner, int64_t time_ms);
	void *owner;
};

struct subscribers_result {
	uint64_t positions, frames, skipped;
	double p50_ms, p99_ms, max_ms;
};

/* Connects, authenticates and subscribes all to "all"; returns when all have their snapshot. Ends the program when one cannot. */
struct subscribers *subscribers_open(const struct subscribers_options *o);
/* Reads what there is for up to @timeout_ms. */
void subscribers_read(struct subscribers *s, int timeout_ms);
/* Since the last reset. */
uint64_t subscribers_positions(const struct subscribers *s);
struct subscribers_result subscribers_result(const struct subscribers *s);
void subscribers_reset(struct subscribers *s);
void subscribers_close(struct subscribers *s);
