/*
 * lookup - asks auth about the devices that are wanted, many in one request, and tells it of those that nobody knows
 *
 * A thread of its own, since lib/client blocks. It also tells whether auth is there. Once it was, the gateway stays ready
 * without: devices that are known are served.
 */
#pragma once

#include "client/client.h"
#include "ingest/gateway/devices.h"
#include "ingest/gateway/strangers.h"

struct lookup;

struct lookup_options {
	struct devices *devices;
	const struct client_options *auth;
	int64_t batch_max; /* identifiers in a request, at most LOOKUP_BATCH_MAX */
	/* Wants were settled, up to this ticket: on the lookup's thread. */
	void (*settled)(void *owner, uint64_t ticket);
	void *owner;
	struct strangers *strangers;
};

enum { LOOKUP_BATCH_MAX = 1000 };

/* Registers its metrics and starts. @o->auth and its texts are not kept. */
MUST_CHECK int lookup_open(struct lookup **ret, const struct lookup_options *o);
/* Waits for the request under way. Accepts NULL. */
void lookup_close(struct lookup *l);
