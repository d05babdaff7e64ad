/*
 * address - a chained hash table that grows. Addresses come from outside, so the hash is seeded, and entries go when their count
 * does.
 */
#include "socket/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct entry {
	struct entry *next;
	struct address_key key;
	int64_t n;
};

struct address_counts {
	struct entry **buckets;
	size_t mask; /* buckets - 1, a power of two less one */
	size_t entries;
	uint64_t seed;
};

enum { BUCKETS_MIN = 16 };

struct address_key address_key_of(const struct address *address)
{
	const struct address group = address_group(address);
	struct address_key k;

	memcpy(k.b, group.b, sizeof k.b);
	return k;
}

struct address_key address_key(const struct sockaddr *address)
{
	struct address a = { 0 };

	if (address->sa_family == AF_INET) {
		a.b[10] = a.b[11] = 0xFF;
		memcpy(a.b + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		memcpy(a.b, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, sizeof a.b);
	}
	return address_key_of(&a);
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xD6E8FEB86659FD93u;
	h = (h ^ h >> 32) * 0xD6E8FEB86659FD93u;
	return h ^ h >> 32;
}

static size_t bucket_of(const struct address_counts *c, const struct address_key *key)
{
	uint64_t half[2];

	memcpy(half, key->b, sizeof half);
	return (size_t)mix(mix(c->seed ^ half[0]) ^ half[1]) & c->mask;
}

struct address_counts *address_counts_new(void)
{
	struct address_counts *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->mask = BUCKETS_MIN - 1;
	c->buckets = calloc(BUCKETS_MIN, sizeof(struct entry *));
	if (!c->buckets || getrandom(&c->seed, sizeof c->seed, 0) != (ssize_t)sizeof c->seed) {
		free(c->buckets);
		free(c);
		return NULL;
	}
	return c;
}

static struct entry **find(struct address_counts *c, const struct address_key *key)
{
	struct entry **at = &c->buckets[bucket_of(c, key)];

	while (*at && memcmp((*at)->key.b, key->b, sizeof key->b) != 0)
		at = &(*at)->next;
	return at;
}

/* Without memory the table stays as it is, only slower. */
static void grow(struct address_counts *c)
{
	size_t n = c->mask + 1;
	struct entry **bigger = calloc(2 * n, sizeof(struct entry *)), **old = c->buckets;

	if (!bigger)
		return;
	c->buckets = bigger;
	c->mask = 2 * n - 1;
	for (size_t i = 0; i < n; i++) {
		for (struct entry *e = old[i], *next; e; e = next) {
			next = e->next;
			size_t b = bucket_of(c, &e->key);
			e->next = bigger[b];
			bigger[b] = e;
		}
	}
	free(old);
}

int address_counts_add(struct address_counts *c, const struct address_key *key, int64_t max)
{
	struct entry **at = find(c, key);

	if (*at) {
		if ((*at)->n >= max)
			return -EUSERS;
		(*at)->n++;
		return 0;
	}
	struct entry *e = malloc(sizeof *e);
	if (!e)
		return -ENOMEM;
	*e = (struct entry){ .key = *key, .n = 1 };
	*at = e;
	if (++c->entries > c->mask)
		grow(c);
	return 0;
}

void address_counts_remove(struct address_counts *c, const struct address_key *key)
{
	struct entry **at = find(c, key), *e = *at;

	if (!e || --e->n > 0)
		return;
	*at = e->next;
	free(e);
	c->entries--;
}

void address_counts_free(struct address_counts *c)
{
	if (!c)
		return;
	for (size_t i = 0; i <= c->mask; i++) {
		for (struct entry *e = c->buckets[i], *next; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(c->buckets);
	free(c);
}
