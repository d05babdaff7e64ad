/*
 * record - a position as the bytes of a Kafka record (proto/position.proto), and back
 *
 * The only folder that includes protobuf-c. Thread: any.
 */
#pragma once

#include "base/arena.h"
#include "base/position.h"

enum record_result {
	RECORD_E_MALFORMED = 1, /* not a Position, or a value out of bounds: poison */
	RECORD_E_TOO_LARGE, /* does not fit @size, or the arena */
};

enum { RECORD_SIZE_MAX = 32 * 1024 };

/* Writes @p to @out. 0 and *ret_len, or RECORD_E_TOO_LARGE. Does not allocate. */
MUST_CHECK int record_encode(const struct position *p, uint8_t *out, size_t size, size_t *ret_len);

/* Reads @len bytes into *ret; its text and attributes are taken from @arena, which is not reset, and has them back on
 * failure. 64 KiB is enough for every record that record_encode() makes. 0 or enum record_result. */
MUST_CHECK int record_decode(struct position *ret, struct arena *arena, const uint8_t *bytes, size_t len);
