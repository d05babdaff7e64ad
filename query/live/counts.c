#include "query/live/counts.h"
#include "base/network.h"
#include "base/uuid_map.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct count {
	struct uuid_link link;
	int64_t n;
};

struct counts {
	pthread_mutex_t lock;
	struct uuid_map map;
};

int counts_open(struct counts **ret)
{
	struct counts *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	int r = uuid_map_open(&c->map);
	if (r) {
		free(c);
		return r;
	}
	pthread_mutex_init(&c->lock, NULL);
	*ret = c;
	return 0;
}

void counts_close(struct counts *c)
{
	if (!c)
		return;
	for (struct uuid_link *l; (l = uuid_map_next(&c->map, NULL));) {
		uuid_map_remove(&c->map, l);
		free(UUID_MAP_OF(l, struct count, link));
	}
	uuid_map_close(&c->map);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct count *find_or_make(struct counts *c, const struct uuid *key)
{
	struct count *k = UUID_MAP_FIND(&c->map, key, struct count, link);

	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	k->link.key = *key;
	uuid_map_add(&c->map, &k->link);
	return k;
}

bool counts_enter(struct counts *c, const struct uuid *key, int64_t max)
{
	pthread_mutex_lock(&c->lock);
	struct count *k = max > 0 ? find_or_make(c, key) : NULL;
	bool room = k && k->n < max;
	if (room)
		k->n++;
	pthread_mutex_unlock(&c->lock);
	return room;
}

void counts_leave(struct counts *c, const struct uuid *key)
{
	pthread_mutex_lock(&c->lock);
	struct count *k = UUID_MAP_FIND(&c->map, key, struct count, link);
	if (k && --k->n == 0) {
		uuid_map_remove(&c->map, &k->link);
		free(k);
	}
	pthread_mutex_unlock(&c->lock);
}

struct uuid address_as_key(const char *address)
{
	struct address a = { 0 }, group;
	struct uuid key;

	if (address_parse(&a, address))
		return (struct uuid){ 0 };
	group = address_group(&a);
	memcpy(key.b, group.b, sizeof key.b);
	return key;
}
