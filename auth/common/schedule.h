/*
 * schedule - which signing key signs, which comes next, which may go
 *
 * Keys are numbered. Each says from when on it signs; so the change from one to the next needs no write, and every replica
 * makes it at the same moment. A new key is made when there is none that waits, and waits a whole key age: everybody who
 * fetches the JWKS has it by then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_times {
	int64_t number; /* 1, 2, 3... */
	int64_t active_ms; /* signs from then on */
	int64_t made_ms; /* shown since then; 0: for long */
};

struct schedule {
	size_t current; /* index of the one that signs; meaningless without keys */
	size_t first_kept; /* those before it have signed nothing that is still valid */
	bool make; /* a key is missing: insert this one, and look again */
	struct key_times made;
};

/* @keys: by number, ascending. @token_age_ms: how long a signature is worth something. */
struct schedule schedule_keys(
	const struct key_times *keys, size_t n, int64_t now_ms, int64_t key_age_ms, int64_t token_age_ms);

/* When @next, which waits, may sign at the earliest: once it was shown for @publish_ms; never later than it would anyway. */
int64_t schedule_hasten(const struct key_times *next, int64_t now_ms, int64_t publish_ms);
