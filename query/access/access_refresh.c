/*
 * access_refresh - the thread that asks auth about those who are known already, so that nobody waits for it
 *
 * One question after another. When auth does not answer, what was wanted is forgotten: whoever is asked for again is wanted
 * again, and so the first such after a while shows whether auth is back.
 */
#include "query/access/access_internal.h"
#include "base/clock.h"
#include "service/health.h"

#include <errno.h>
#include <time.h>

enum { IDLE_MS = 10000 }; /* far below the heartbeat's limit */

void access_want(struct access *a, struct cache_entry *e)
{
	if (e->loading)
		return;
	access_cache_want(&a->cache, e);
	pthread_cond_signal(&a->wanted);
}

/* Until @until_ms (monotonic). Returns whether there was a signal. */
static bool wait_for(struct access *a, pthread_cond_t *what, int64_t until_ms)
{
	const struct timespec at = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	return pthread_cond_timedwait(what, &a->lock, &at) != ETIMEDOUT;
}

void access_wait_refreshed(struct access *a, const struct cache_entry *e, int64_t ms)
{
	const int64_t until_ms = clock_mono_ms() + ms;
	const uint64_t loads = e->loads;

	while (!a->away && e->loads == loads && wait_for(a, &a->loaded, until_ms))
		;
}

/* What was wanted may have been asked for by another thread meanwhile. */
static int refresh(struct access *a, struct cache_entry *e)
{
	if (e->loading || access_is_good(e, a->o.ttl_ms / 2))
		return 0;
	e->waiting++;
	int r = access_load(a, e);
	e->waiting--;
	return r;
}

static void rest_while_away(struct access *a)
{
	while (access_cache_take(&a->cache))
		;
	while (!atomic_load(&a->closing) && wait_for(a, &a->wanted, a->away_until_ms))
		;
}

void *access_refresh(void *arg)
{
	struct access *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!atomic_load(&a->closing)) {
		heartbeat_beat(a->refresher_heartbeat);
		struct cache_entry *e = access_cache_take(&a->cache);
		if (!e)
			wait_for(a, &a->wanted, clock_mono_ms() + IDLE_MS);
		else if (refresh(a, e) == ACCESS_E_RETRY)
			rest_while_away(a);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}
