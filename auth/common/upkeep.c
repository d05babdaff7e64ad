/* upkeep - a thread that turns once a second. */
#include "auth/common/upkeep.h"
#include "auth/common/turn.h"
#include "base/clock.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_MS = 1000,
	KEYS_MS =
		2000, /* how often the keys are read, at least: so long may a stolen one be taken that was revoked elsewhere */
	BEAT_MS = 60000,
};

struct upkeep {
	struct store *store;
	struct keyring *keyring;
	const upkeep_prepare *prepare;
	int64_t keys_every_ms, keys_due_ms;
	atomic_bool prepared;

	pthread_t thread;
	struct turn turn;
	struct heartbeat *heartbeat;
	struct dependency *mongodb, *keys;
};

static int prepare_all(const struct upkeep *u)
{
	int r = 0;

	for (const upkeep_prepare *p = u->prepare; *p && r == 0; p++)
		r = (*p)(u->store);
	return r;
}

/* Fatal: a person must mend it, and what is served until then would be wrong. */
static void give_up(const char *doing, const char *why, int r)
{
	log_error("cannot go on", LOG_S("doing", doing), LOG_S("error", why));
	service_stop(r);
}

static void look_at_mongodb(struct upkeep *u)
{
	bool before = atomic_load(&u->prepared);
	int r = before ? store_ping(u->store) : prepare_all(u);

	if (r < 0 && !before)
		give_up("collections and indexes", store_last_error(), r);
	if (r == 0)
		atomic_store(&u->prepared, true);
	dependency_set(u->mongodb, r == 0, store_last_error());
}

static void look_at_keys(struct upkeep *u)
{
	if (!u->keyring || !atomic_load(&u->prepared) || (clock_mono_ms() < u->keys_due_ms && !keyring_due(u->keyring)))
		return;
	int r = keyring_refresh(u->keyring);
	if (r == -EKEYREJECTED)
		give_up("signing keys", "AUTH_MASTER_SECRET is not the secret they were sealed with", r);
	else if (r < 0)
		log_error("signing keys not read", LOG_S("error", strerror(-r)));
	if (r == 0) {
		u->keys_due_ms = clock_mono_ms() + u->keys_every_ms;
		dependency_up(u->keys);
	} else if (u->keys_due_ms == 0) { /* once read, they serve on while MongoDB is away */
		dependency_down(
			u->keys, r == KEYRING_E_EMPTY ? "role authentication has made none yet" : "not read yet");
	}
}

static void *run(void *arg)
{
	struct upkeep *u = arg;

	do {
		heartbeat_beat(u->heartbeat);
		look_at_mongodb(u);
		look_at_keys(u);
	} while (turn_wait(&u->turn, TURN_MS));
	return NULL;
}

int upkeep_open(struct upkeep **ret, const struct upkeep_options *o)
{
	struct upkeep *u = calloc(1, sizeof *u);

	if (!u)
		return -ENOMEM;
	u->store = o->store;
	u->keyring = o->keyring;
	u->prepare = o->prepare;
	u->keys_every_ms = o->key_age_ms / 10 < KEYS_MS ? o->key_age_ms / 10 : KEYS_MS;
	u->heartbeat = heartbeat_new("upkeep", BEAT_MS + store_patience_ms(o->store));
	u->mongodb = dependency_new("mongodb", store_address(o->store), DEPENDENCY_ALWAYS);
	u->keys = o->keyring ? dependency_new("keys", "", DEPENDENCY_AT_START) : NULL;
	turn_init(&u->turn);
	int r = -pthread_create(&u->thread, NULL, run, u);
	if (r) {
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
	turn_stop(&u->turn);
	pthread_join(u->thread, NULL);
	turn_destroy(&u->turn);
	free(u);
}

bool upkeep_prepared(const struct upkeep *u)
{
	return atomic_load(&u->prepared);
}
