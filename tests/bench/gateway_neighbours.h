/*
 * gateway_neighbours - clients that are bad for a gateway, each on a thread of its own at the least priority
 *
 * What they take is the gateway's time, and what is left of the machine's: that of the good trackers beside them is not theirs.
 * One that the gateway hangs up on comes again at once, from another address.
 *
 * Thread: main.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum neighbour {
	NEIGHBOUR_STALLED, /* half a request, and then nothing */
	NEIGHBOUR_DEAF, /* requests of a good tracker as fast as they go, and the answers are never read */
	NEIGHBOUR_GARBAGE, /* random bytes as fast as they go */
	NEIGHBOUR_STRANGER, /* requests of an unknown device as fast as they go; the answers are read and dropped */
	NEIGHBOURS,
};

/* "stalled"... */
const char *neighbour_name(enum neighbour kind);

struct neighbours;

/* Lets @n of them at @port, where the gateway speaks OsmAnd's protocol. Ends the bench when it cannot. */
struct neighbours *neighbours_start(enum neighbour kind, uint16_t port, size_t n);

struct neighbours_deeds {
	int64_t connects, bytes; /* made, and sent */
};

/* Ends them. What they have done is in *ret. */
void neighbours_stop(struct neighbours *all, struct neighbours_deeds *ret);
