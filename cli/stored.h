/*
 * stored - how far the history of a device goes, as query tells
 *
 * Thread: the session's.
 */
#pragma once

#include "cli/session.h"
#include "client/client.h"

struct stored_span {
	int64_t first_ms, last_ms; /* times of its oldest and its newest position; of none both are 0 */
};

/* Asks again while query does not answer, for @timeout_ms. 0 and *ret, session.h's results of an access token, enum
 * client_result, or -errno; client_last_error() says why. */
MUST_CHECK int stored_span_of(
	struct stored_span *ret, struct client *query, struct session *session, const char *device, int64_t timeout_ms);
