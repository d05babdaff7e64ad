/*
 * claim - who a request over HTTP says it is, and the secret it shows for that
 *
 * The secret comes from a header (http_secret()), a parameter, or behind a colon in the identifier, for apps that have no other
 * field; in this order of preference.
 */
#pragma once

#include "ingest/protocols/http.h"

struct claim {
	const char *identifier, *secret; /* NULL: not said */
};

/* Copies to @arena. The last one said counts. 0 or REASON_TOO_MANY. */
MUST_CHECK int claim_identifier(struct claim *c, struct slice identifier, struct arena *arena);
MUST_CHECK int claim_secret(struct claim *c, struct slice secret, struct arena *arena);

/* Makes all of the result's positions one group. 0, REASON_NO_DEVICE, REASON_UNKNOWN_DEVICE (longer than any) or REASON_TOO_MANY. */
MUST_CHECK int claim_end(struct claim *c, const struct http_request *http, struct protocol_scratch *scratch,
	struct protocol_result *result);
