/* decoding - a scratch for one decoder at a time, and looking things up in what it found */
#pragma once

#include "ingest/protocols/protocol.h"

enum { DECODING_POSITIONS = 256 };

extern const struct protocol_limits decoding_limits; /* 8 KiB a frame, 2 KiB of them headers */

/* An empty scratch; the same memory each time. */
struct protocol_scratch *decoding_scratch(void);

/* Decodes one frame that must be whole; fails the test when frame() or decode() refuse it. */
struct protocol_result decoding(
	const struct protocol *p, const struct protocol_session *session, const uint8_t *frame, size_t len);

/* The attribute called @name, or NULL. */
const struct attribute *decoding_attribute(const struct position *p, const char *name);

/* "name=value ..." of all attributes in their order; "" for none. Valid until the next call. */
const char *decoding_attributes(const struct position *p);
