/*
 * osmand_json - the body that Traccar Client 9 and other apps on the same location library post to an OsmAnd port
 *
 *     {"location": {"timestamp": ..., "coords": {...}, "is_moving": ..., "battery": {...}, ...}, "device_id": "..."}
 *
 * location may be an array of such objects. Unknown numbers are -1, and coords may be absent.
 */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/slice.h"

/* Appends the body's positions to @result; *ret_identifier stays as it is when the body has none. 0 or enum
 * protocol_reason. */
MUST_CHECK int osmand_json(struct slice body, struct protocol_scratch *scratch, struct protocol_result *result,
	const char **ret_identifier);
