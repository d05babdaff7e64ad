#include "query/upkeep.h"
#include "base/clock.h"
#include "service/health.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	PERIOD_MS = 2000,
	AWAY_PERIOD_MS = 250, /* until it is there */
	BEAT_MS = 60000,
};

struct upkeep {
	struct store *store;
	struct dependency *mongodb;
	struct heartbeat *heartbeat;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ending;
	bool closing;
};

static bool rest(struct upkeep *u, int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + ms;
	const struct timespec at = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
	int r = 0;

	pthread_mutex_lock(&u->lock);
	while (!u->closing && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&u->ending, &u->lock, &at);
	bool closing = u->closing;
	pthread_mutex_unlock(&u->lock);
	return !closing;
}

static void *run(void *arg)
{
	struct upkeep *u = arg;
	int r;

	do {
		heartbeat_beat(u->heartbeat);
		r = store_ping(u->store);
		dependency_set(u->mongodb, r == 0, store_last_error());
	} while (rest(u, r == 0 ? PERIOD_MS : AWAY_PERIOD_MS));
	return NULL;
}

int upkeep_open(struct upkeep **ret, struct store *store)
{
	struct upkeep *u = calloc(1, sizeof(*u));
	pthread_condattr_t monotonic;

	if (!u)
		return -ENOMEM;
	u->store = store;
	u->mongodb = dependency_new("mongodb", store_address(store), DEPENDENCY_ALWAYS);
	u->heartbeat = heartbeat_new("upkeep", BEAT_MS + store_patience_ms(store));
	pthread_mutex_init(&u->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&u->ending, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int r = -pthread_create(&u->thread, NULL, run, u);
	if (r) {
		pthread_cond_destroy(&u->ending);
		pthread_mutex_destroy(&u->lock);
		free(u);
		return r;
	}
	*ret = u;
	return 0;
}

void upkeep_close(struct upkeep *u)
{
	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->closing = true;
	pthread_cond_signal(&u->ending);
	pthread_mutex_unlock(&u->lock);
	pthread_join(u->thread, NULL);
	pthread_cond_destroy(&u->ending);
	pthread_mutex_destroy(&u->lock);
	free(u);
}
