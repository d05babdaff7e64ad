/* hasher - a gate of tickets: number t may run once fewer than at_once of those before it are still running. */
#include "auth/common/hasher.h"
#include "base/clock.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };

struct hasher {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t tickets, done; /* given out; finished */
	uint64_t at_once, waiting_max;
	char nobody[HASHER_TEXT_SIZE]; /* of a password that nobody has */
	struct series *waiting, *seconds;
};

static int hash_nobody(struct hasher *h)
{
	char password[2 * crypto_hash_sha256_BYTES + 1];
	uint8_t random[crypto_hash_sha256_BYTES];

	randombytes_buf(random, sizeof random);
	sodium_bin2hex(password, sizeof password, random, sizeof random);
	return hasher_hash(h, password, h->nobody);
}

int hasher_open(struct hasher **ret, int64_t at_once, int64_t waiting_max)
{
	static const double bounds[] = { .01, .025, .05, .1, .25, .5, 1, 2.5, 0 };

	if (sodium_init() < 0)
		return -ENOSYS;
	struct hasher *h = calloc(1, sizeof *h);
	if (!h)
		return -ENOMEM;
	*h = (struct hasher){ .lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
		.at_once = (uint64_t)at_once,
		.waiting_max = (uint64_t)waiting_max };
	h->waiting = metric_series(
		metric_gauge("pettrack_auth_hash_waiting", "Password hashes that wait for their turn.", NULL), NULL);
	h->seconds = metric_series(metric_histogram("pettrack_auth_hash_seconds",
					   "Time one password hash takes, waiting not counted.", NULL, bounds),
		NULL);
	int r = hash_nobody(h);
	if (r) {
		hasher_close(h);
		return r;
	}
	*ret = h;
	return 0;
}

void hasher_close(struct hasher *h)
{
	if (!h)
		return;
	pthread_cond_destroy(&h->moved);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- the gate; the lock is held ---- */

static void show_waiting(struct hasher *h)
{
	uint64_t inside = h->tickets - h->done;

	series_set(h->waiting, inside > h->at_once ? (double)(inside - h->at_once) : 0);
}

static int enter(struct hasher *h)
{
	int r = 0;

	pthread_mutex_lock(&h->lock);
	if (h->tickets - h->done >= h->at_once + h->waiting_max) {
		r = HASHER_E_BUSY;
	} else {
		uint64_t mine = h->tickets++;
		show_waiting(h);
		while (mine >= h->done + h->at_once)
			pthread_cond_wait(&h->moved, &h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return r;
}

static void leave(struct hasher *h)
{
	pthread_mutex_lock(&h->lock);
	h->done++;
	show_waiting(h);
	pthread_cond_broadcast(&h->moved);
	pthread_mutex_unlock(&h->lock);
}

/* ---- hashing ---- */

static void observe(struct hasher *h, int64_t start_ns)
{
	series_observe(h->seconds, (double)(clock_mono_ns() - start_ns) / 1e9);
}

int hasher_hash(struct hasher *h, const char *password, char ret_text[static HASHER_TEXT_SIZE])
{
	int r = enter(h);

	if (r)
		return r;
	int64_t start = clock_mono_ns();
	r = crypto_pwhash_argon2id_str(ret_text, password, strlen(password), PASSES, MEMORY) ? -ENOMEM : 0;
	observe(h, start);
	leave(h);
	return r;
}

int hasher_verify(struct hasher *h, const char *text, const char *password, bool *ret_same)
{
	int r = enter(h);

	if (r)
		return r;
	int64_t start = clock_mono_ns();
	errno = 0;
	bool same = crypto_pwhash_argon2id_str_verify(text ? text : h->nobody, password, strlen(password)) == 0;
	if (!same && errno != EINVAL) /* EINVAL is how libsodium says: another password */
		r = errno == ENOMEM ? -ENOMEM : -EBADMSG;
	observe(h, start);
	leave(h);
	if (r == 0)
		*ret_same = same && text;
	return r;
}
