/* cache - a set-associative table under one lock, which is held for a copy of a few hundred bytes. */
#include "token/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { SETS = 1024, WAYS = 4 };

struct entry {
	uint8_t digest[CACHE_DIGEST];
	struct claims_read read; /* claims.expires_s is 0 where nothing is remembered */
};

struct cache {
	pthread_mutex_t lock;
	struct entry sets[SETS][WAYS];
};

int cache_open(struct cache **ret)
{
	struct cache *c = calloc(1, sizeof *c);
	int r = c ? -pthread_mutex_init(&c->lock, NULL) : -ENOMEM;

	if (r) {
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct entry *set_of(struct cache *c, const uint8_t digest[static CACHE_DIGEST])
{
	return c->sets[(digest[0] << 8 | digest[1]) % SETS];
}

bool cache_find(struct cache *c, const uint8_t digest[static CACHE_DIGEST], struct claims_read *ret)
{
	const struct entry *set = set_of(c, digest);
	bool found = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < WAYS && !found; i++) {
		found = set[i].read.claims.expires_s > 0 && !memcmp(set[i].digest, digest, CACHE_DIGEST);
		if (found)
			*ret = set[i].read;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

void cache_add(struct cache *c, const uint8_t digest[static CACHE_DIGEST], const struct claims_read *r)
{
	struct entry *set = set_of(c, digest), *place = set;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < WAYS; i++) {
		if (!memcmp(set[i].digest, digest, CACHE_DIGEST)) { /* another thread was first */
			place = &set[i];
			break;
		}
		if (set[i].read.claims.expires_s < place->read.claims.expires_s)
			place = &set[i];
	}
	memcpy(place->digest, digest, CACHE_DIGEST);
	place->read = *r;
	pthread_mutex_unlock(&c->lock);
}

void cache_empty(struct cache *c)
{
	pthread_mutex_lock(&c->lock);
	memset(c->sets, 0, sizeof c->sets);
	pthread_mutex_unlock(&c->lock);
}
