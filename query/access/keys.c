#include "query/access/keys.h"
#include "base/clock.h"
#include "query/access/personal.h"
#include "service/health.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	REFRESH_MS = 10000,
	RETRY_MS = 1000, /* after a failure; doubles up to RETRY_MAX_MS while there are keys */
	RETRY_FIRST_MS = 250,
	RETRY_MAX_MS = 4000,
	BEAT_MS = 120000,
	ASKED_AGAIN_MS = 3000, /* at least between two fetches for unknown keys */
};

#define AUDIENCE "pettrack"
#define PATH "/.well-known/jwks.json"

struct keys {
	struct client *client;
	struct token_keys *set;
	struct personal *personal;
	struct dependency *dependency;
	struct heartbeat *heartbeat;
	int64_t refresh_ms;
	pthread_t fetcher;
	bool fetching; /* the thread was started */
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	bool closing;
	bool wanted; /* a token named a key that is not known */
	bool away; /* the last fetch failed */
	uint64_t fetches; /* finished, well or badly */
	int64_t fetched_ms; /* when the last of them ended; monotonic */
};

/* ---- fetching ---- */

static int fetch(struct keys *k, const char **ret_why)
{
	char *jwks;
	size_t len;
	int r = client_fetch(k->client, PATH, NULL, &jwks, &len);

	if (r) {
		*ret_why = client_last_error();
		return r;
	}
	r = token_keys_load(k->set, jwks, len);
	free(jwks);
	if (r)
		*ret_why = "it has no keys, or none that are valid";
	return r;
}

static int fetch_and_tell(struct keys *k)
{
	const char *why = "";
	int r = fetch(k, &why);

	if (k->dependency)
		dependency_set(k->dependency, r == 0, why);
	return r;
}

/* Until a time on the monotonic clock, or until there is something to do. With the lock held. */
static void wait_until(struct keys *k, int64_t deadline_ms)
{
	const struct timespec at = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
	int r = 0;

	while (!k->closing && !k->wanted && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&k->changed, &k->lock, &at);
}

static int64_t next_wait_ms(const struct keys *k, int r, int64_t before_ms)
{
	if (r == 0)
		return k->refresh_ms;
	if (token_keys_count(k->set) == 0)
		return RETRY_FIRST_MS;
	return before_ms >= RETRY_MAX_MS / 2 || before_ms < RETRY_MS ? RETRY_MS : 2 * before_ms;
}

static void *fetch_all(void *arg)
{
	struct keys *k = arg;
	int64_t wait_ms = 0;

	pthread_mutex_lock(&k->lock);
	while (!k->closing) {
		k->wanted = false;
		pthread_mutex_unlock(&k->lock);
		heartbeat_beat(k->heartbeat);
		int r = fetch_and_tell(k);
		pthread_mutex_lock(&k->lock);
		k->away = r != 0;
		k->fetches++;
		k->fetched_ms = clock_mono_ms();
		pthread_cond_broadcast(&k->changed);
		wait_ms = next_wait_ms(k, r, wait_ms);
		wait_until(k, k->fetched_ms + wait_ms);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* ---- checking ---- */

/* Has the keys fetched again, unless that was done just now. *ret_away: auth does not give them. Returns whether they were. */
static bool fetch_again(struct keys *k, int64_t wait_ms, bool *ret_away)
{
	const int64_t deadline_ms = clock_mono_ms() + wait_ms;
	const struct timespec at = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
	int r = 0;

	pthread_mutex_lock(&k->lock);
	const uint64_t fetches = k->fetches;
	bool asked = k->wanted || clock_mono_ms() - k->fetched_ms >= ASKED_AGAIN_MS;
	if (asked && !k->away) {
		k->wanted = true;
		pthread_cond_broadcast(&k->changed);
		while (!k->closing && k->fetches == fetches && r != ETIMEDOUT)
			r = pthread_cond_timedwait(&k->changed, &k->lock, &at);
	}
	bool done = k->fetches != fetches;
	*ret_away = k->away;
	pthread_mutex_unlock(&k->lock);
	return done;
}

int keys_verify(struct keys *k, const char *token, size_t len, int64_t wait_ms, struct token_claims *ret)
{
	bool away = false;

	if (token_is_personal(token, len))
		return personal_verify(k->personal, token, len, ret);
	if (token_keys_count(k->set) == 0)
		return -EAGAIN;
	int r = token_verify(k->set, token, len, clock_real_ms() / 1000, ret);
	if (r == TOKEN_E_UNKNOWN_KEY && fetch_again(k, wait_ms, &away))
		r = token_verify(k->set, token, len, clock_real_ms() / 1000, ret);
	return r == TOKEN_E_UNKNOWN_KEY && away ? -EAGAIN : r;
}

void keys_forget(struct keys *k, const struct uuid *session)
{
	personal_forget(k->personal, session);
}

void keys_changed(struct keys *k)
{
	pthread_mutex_lock(&k->lock);
	k->wanted = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

/* ---- life ---- */

static int open_parts(struct keys *k, const struct keys_options *o)
{
	struct client_options auth = o->auth;

	auth.answer_max = TOKEN_JWKS_MAX;
	int r = client_open(&k->client, &auth);

	if (r == 0)
		r = personal_open(&k->personal, &(struct personal_options){ k->client, o->personal_ttl_ms,
							o->personal_stale_ms, o->personal_max });
	if (r == 0)
		r = token_keys_open(&k->set, o->issuer, AUDIENCE);
	if (r == 0)
		r = -pthread_create(&k->fetcher, NULL, fetch_all, k);
	k->fetching = r == 0;
	return r;
}

int keys_open(struct keys **ret, const struct keys_options *o)
{
	struct keys *k = calloc(1, sizeof(*k));
	pthread_condattr_t monotonic;

	if (!k)
		return -ENOMEM;
	k->dependency = o->dependency;
	k->heartbeat = heartbeat_new("keys", BEAT_MS);
	k->refresh_ms = o->refresh_ms > 0 ? o->refresh_ms : REFRESH_MS;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&k->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int r = open_parts(k, o);
	if (r) {
		keys_close(k);
		return r;
	}
	*ret = k;
	return 0;
}

void keys_close(struct keys *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->closing = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	if (k->fetching)
		pthread_join(k->fetcher, NULL);
	personal_close(k->personal);
	client_close(k->client);
	token_keys_close(k->set);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
