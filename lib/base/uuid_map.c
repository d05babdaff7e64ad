#include "base/uuid_map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { BUCKETS_MIN = 64 };

int uuid_map_open(struct uuid_map *m)
{
	*m = (struct uuid_map){ .mask = BUCKETS_MIN - 1 };
	if (getrandom(&m->seed, sizeof(m->seed), 0) != (ssize_t)sizeof(m->seed))
		return errno ? -errno : -EIO;
	m->buckets = calloc(BUCKETS_MIN, sizeof(struct uuid_link *));
	return m->buckets ? 0 : -ENOMEM;
}

void uuid_map_close(struct uuid_map *m)
{
	free(m->buckets);
	m->buckets = NULL;
}

static size_t bucket_of(const struct uuid_map *m, const struct uuid *key)
{
	return (size_t)uuid_hash(key, m->seed) & m->mask;
}

struct uuid_link *uuid_map_find(const struct uuid_map *m, const struct uuid *key)
{
	struct uuid_link *l = m->buckets[bucket_of(m, key)];

	while (l && !uuid_same(&l->key, key))
		l = l->next;
	return l;
}

static void put(struct uuid_map *m, struct uuid_link *link)
{
	struct uuid_link **bucket = &m->buckets[bucket_of(m, &link->key)];

	link->next = *bucket;
	*bucket = link;
}

static void grow(struct uuid_map *m)
{
	size_t old_n = m->mask + 1;
	struct uuid_link **old = m->buckets, **bigger = calloc(2 * old_n, sizeof(struct uuid_link *));

	if (!bigger)
		return;
	m->buckets = bigger;
	m->mask = 2 * old_n - 1;
	for (size_t i = 0; i < old_n; i++)
		for (struct uuid_link *l = old[i], *next; l; l = next) {
			next = l->next;
			put(m, l);
		}
	free(old);
}

void uuid_map_add(struct uuid_map *m, struct uuid_link *link)
{
	if (m->n++ > m->mask)
		grow(m);
	put(m, link);
}

void uuid_map_remove(struct uuid_map *m, struct uuid_link *link)
{
	struct uuid_link **at = &m->buckets[bucket_of(m, &link->key)];

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	m->n--;
}

struct uuid_link *uuid_map_next(const struct uuid_map *m, const struct uuid_link *after)
{
	size_t i = 0;

	if (after) {
		if (after->next)
			return after->next;
		i = bucket_of(m, &after->key) + 1;
	}
	for (; i <= m->mask; i++)
		if (m->buckets[i])
			return m->buckets[i];
	return NULL;
}
