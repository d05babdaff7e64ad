/*
 * backoff - how long to wait before trying again
 *
 * Doubles from BACKOFF_MIN_MS to BACKOFF_MAX_MS; of each step, a random half is cut off, so that many programs that lost
 * the same server do not come back to it at the same moment.
 */
#pragma once

#include <stdint.h>

enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000 };

struct backoff {
	uint64_t random; /* any seed but 0 */
	int tries;
};

/* Seeds it, so that no two programs have the same. */
void backoff_seed(struct backoff *b);

/* Milliseconds to wait now; longer the next time. */
int64_t backoff_next(struct backoff *b);

/* It worked: the next wait is short again. */
static inline void backoff_reset(struct backoff *b)
{
	b->tries = 0;
}
