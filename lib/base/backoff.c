/* backoff - how long to wait before trying again. */
#include "base/backoff.h"

#include "base/clock.h"

#include <sys/random.h>

enum { DOUBLINGS_MAX = 6 }; /* past the cap */

/* xorshift64: jitter needs no more. */
static uint64_t next_random(struct backoff *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

void backoff_seed(struct backoff *b)
{
	if (getrandom(&b->random, sizeof b->random, 0) < 0 || b->random == 0)
		b->random = (uint64_t)clock_mono_ns();
}

int64_t backoff_next(struct backoff *b)
{
	int64_t step_ms = (int64_t)BACKOFF_MIN_MS << b->tries;

	if (step_ms > BACKOFF_MAX_MS)
		step_ms = BACKOFF_MAX_MS;
	if (b->tries < DOUBLINGS_MAX)
		b->tries++;
	return step_ms - (int64_t)(next_random(b) % (uint64_t)(step_ms / 2 + 1));
}
