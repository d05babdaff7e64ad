/*
 * gateway_load - trackers that play against a gateway and wait for each answer
 *
 * Every connection has one frame outstanding: it sends, waits for the acknowledgement, sends the next. Encoders of
 * its own: they share nothing with what they measure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct load {
	const char *protocol; /* "osmand" or "teltonika" */
	uint16_t port;
	int connections;
	int devices; /* OsmAnd: how many play; Teltonika: as many as connections */
	int records; /* positions in a frame; OsmAnd: 1 */
	int64_t positions; /* in all */
	/* Called when everything is acknowledged and all connections are idle but open. May be NULL. */
	void (*idle)(void *arg);
	void *arg;
};

struct load_result {
	int64_t acknowledged, refused; /* positions */
	double seconds;
	double ack_p50_ms, ack_p99_ms;
};

/* The secret that every device presents. */
#define LOAD_SECRET "bench-secret-of-every-device"

/* Plays @l to its end. 0, or -errno; -EPIPE when the gateway closed a connection. */
int load_play(const struct load *l, struct load_result *ret);
