/*
 * fleet - simulated trackers by the thousand, on one event loop
 *
 * Each keeps what the gateway has not acknowledged and sends it again after a reconnect, as trackers do.
 * Thread: the one that calls fleet_run(), which holds the loop.
 */
#pragma once

#include "base/err.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/identities.h"
#include "cli/simulation/source.h"

#include <stdio.h>

enum fleet_renewal {
	FLEET_RENEWED, /* it is in *identity: the tracker goes on with it */
	FLEET_RENEW_LATER, /* not now */
	FLEET_NOT_RENEWED, /* the tracker gives up */
};

struct fleet_options {
	const char *host;
	uint16_t port;
	const struct dialect *dialect;
	size_t records; /* positions in a frame at most, where the protocol has frames */
	struct source_clock clock;
	double rate; /* positions a second, all trackers together; 0: no bound */
	int64_t count; /* positions; 0: all that the sources have */
	int64_t duration_ms; /* then nothing new is sent, and what is under way awaited; 0: no end */
	int64_t grace_ms; /* for what is under way then; 0: 10 s */
	int64_t timeout_ms; /* for an answer */
	unsigned patience; /* how often in a row a tracker is denied before it gives up, or is renewed */
	/* Gives a tracker that was denied so often a new secret. May block; the others wait meanwhile. NULL: none has any. */
	enum fleet_renewal (*renew)(void *owner, struct identity *i);
	void *owner; /* of renew() */
	bool quiet; /* no progress is shown */
	FILE *ack_log; /* a JSON line for each acknowledged position, written after the answer; NULL: no log */
	int64_t total; /* how many positions there will be, for the progress; 0: unknown */
};

struct fleet_member {
	struct identity *identity; /* borrowed; renew() changes it */
	struct source source;
};

struct fleet_counts {
	int64_t sent; /* positions, each time they were sent */
	int64_t acked; /* positions the gateway took */
	int64_t refused; /* positions it did not want */
	int64_t denied; /* times that it did not want the device */
	int64_t resent; /* of @sent: not for the first time */
	int64_t connects; /* connections made */
	int64_t renewed; /* times that a tracker got a new secret */
	int64_t abandoned; /* trackers that gave up, denied again and again */
	int64_t waiting; /* positions sent and not answered yet */
};

/* Plays until every source is at its end and answered, the count or the duration is reached, or the service is told to
 * stop. 0 or -errno. */
MUST_CHECK int fleet_run(
	const struct fleet_options *o, struct fleet_member *members, size_t n, struct fleet_counts *ret);
