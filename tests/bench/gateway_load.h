/*
 * gateway_load - trackers that report to a gateway and wait for each answer
 *
 * What they say is the simulator's (cli/simulation/dialect.h), which shares no code with the gateway. Each has one frame
 * under way: it is sent, and the next one only after its answer; one over UDP that is not answered is sent again. A silent
 * protocol's frames go as fast as the gateway reads them. Each tracker has an address of its own, 127.1.0.1 and on.
 *
 * A gateway that refuses anything, hangs up or does not answer ends the bench: these are good trackers.
 *
 * Thread: the caller's, which plays them all.
 */
#pragma once

#include "cli/simulation/dialect.h"

struct load_part {
	const struct dialect *dialect;
	uint16_t port;
};

enum { LOAD_PARTS_MAX = 4 };

struct load_options {
	struct load_part parts[LOAD_PARTS_MAX]; /* the trackers speak them in turn */
	size_t parts_n;
	size_t trackers;
	size_t records; /* positions in a frame */
	bool battery; /* positions tell of it */
	int64_t period_ms; /* of a tracker's reports, which are spread evenly over it; 0: as fast as they are answered */
};

struct load_result {
	int64_t positions; /* acknowledged; of silent ones, sent */
	int64_t late; /* reports left out, because the one before was still not acknowledged */
	int64_t again; /* datagrams sent again */
	double seconds;
	double ack_p50_ms, ack_p99_ms; /* from the frame to its whole answer; 0: silent */
};

struct load;

/* Connects all and logs them in. Each needs a file: see RLIMIT_NOFILE. */
struct load *load_open(const struct load_options *o);

/* Plays until @positions are sent (0: no end) or @duration_ms are over (0: no end), and all is answered. May be called again: the
 * trackers go on from where they are. */
void load_play(struct load *l, int64_t positions, int64_t duration_ms, struct load_result *ret);

void load_close(struct load *l);
