/*
 * gateway - a gateway made of air, for tests of trackers: OsmAnd or Teltonika on a port of its own, with faults on order
 *
 * On a thread of its own. Thread: gateway_open() and gateway_close() from the test; the counts after closing.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;

struct gateway_options {
	bool teltonika;
	/* Every n-th frame, 0: never. */
	unsigned cut_before; /* the connection is cut before the frame is taken */
	unsigned cut_after; /* it is cut when the frame is taken, and nothing answered */
	unsigned busy; /* 503, or a count of 0 */
	unsigned partly; /* Teltonika: all records but one are taken */
	unsigned mute; /* nothing is answered */
	unsigned garbage; /* what is answered is none */
	unsigned close; /* OsmAnd: "Connection: close" */
	bool refuse_login, refuse_frames;
	const char *secret; /* OsmAnd: frames with another one are 401; NULL: any will do */
};

struct gateway_counts {
	int64_t taken; /* positions, each time */
	int64_t distinct; /* frames that never came before; Teltonika: of their first record */
	int64_t logins, frames, connections;
};

MUST_CHECK int gateway_open(struct gateway **ret, const struct gateway_options *o);
uint16_t gateway_port(const struct gateway *g);
struct gateway_counts gateway_close(struct gateway *g);
