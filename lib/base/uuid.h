/*
 * uuid - 128-bit identifiers of users, devices and sessions (RFC 9562)
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct uuid {
	uint8_t b[16]; /* network order */
};

enum { UUID_TEXT_SIZE = 37 };

/* A random one (version 4). 0 or -errno when the kernel gives no randomness. */
MUST_CHECK int uuid_random(struct uuid *ret);

/* Lower case with hyphens. */
void uuid_format(char out[static UUID_TEXT_SIZE], const struct uuid *u);

/* Exactly the 36-character form, either case. 0 or -EINVAL. */
MUST_CHECK int uuid_parse(struct uuid *ret, const char *text, size_t len);

static inline bool uuid_same(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* A hash for tables in memory; random UUIDs spread evenly, crafted ones are met by the process-wide random @seed. */
uint64_t uuid_hash(const struct uuid *u, uint64_t seed);
