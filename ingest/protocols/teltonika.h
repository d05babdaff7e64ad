/* teltonika - what is the same on TCP (teltonika.c) and UDP (teltonika_udp.c) */
#pragma once

#include "ingest/protocols/protocol.h"

#include "base/wire.h"

enum { TELTONIKA_IMEI = 15 };

/* Whether they are TELTONIKA_IMEI digits. */
bool teltonika_is_imei(const uint8_t *digits);

/* All of @body, from the codec on, into the scratch's positions; their number into the result and its note. 0 or enum
 * protocol_reason: REASON_UNSUPPORTED for a codec without records. */
MUST_CHECK int teltonika_records(struct wire *body, struct protocol_scratch *scratch, struct protocol_result *result);
