#include "query/access/access_cache.h"

#include <stdlib.h>

int access_cache_open(struct access_cache *c, size_t users_max, size_t devices_max)
{
	*c = (struct access_cache){ .users_max = users_max, .devices_max = devices_max };
	TAILQ_INIT(&c->uses);
	TAILQ_INIT(&c->wants);
	return uuid_map_open(&c->users);
}

static void unwant(struct access_cache *c, struct cache_entry *e)
{
	if (e->wanted)
		TAILQ_REMOVE(&c->wants, e, want);
	e->wanted = false;
}

static void drop(struct access_cache *c, struct cache_entry *e)
{
	unwant(c, e);
	TAILQ_REMOVE(&c->uses, e, use);
	uuid_map_remove(&c->users, &e->link);
	c->devices -= e->set ? e->set->n : 0;
	device_set_unref(e->set);
	free(e);
}

void access_cache_close(struct access_cache *c)
{
	struct cache_entry *e;

	if (!c->users.buckets)
		return;
	while ((e = TAILQ_FIRST(&c->uses)))
		drop(c, e);
	uuid_map_close(&c->users);
}

/* Entries in use stay, even beyond the bounds; so does @keep. */
static void shrink(struct access_cache *c, const struct cache_entry *keep)
{
	struct cache_entry *e = TAILQ_FIRST(&c->uses), *next;

	for (; e && (c->users.n > c->users_max || c->devices > c->devices_max); e = next) {
		next = TAILQ_NEXT(e, use);
		if (e != keep && !e->loading && e->waiting == 0)
			drop(c, e);
	}
}

struct cache_entry *access_cache_get(struct access_cache *c, const struct uuid *user)
{
	struct cache_entry *e = UUID_MAP_FIND(&c->users, user, struct cache_entry, link);

	if (e) {
		TAILQ_REMOVE(&c->uses, e, use);
		TAILQ_INSERT_TAIL(&c->uses, e, use);
		return e;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->link.key = *user;
	uuid_map_add(&c->users, &e->link);
	TAILQ_INSERT_TAIL(&c->uses, e, use);
	shrink(c, e);
	return e;
}

void access_cache_put(
	struct access_cache *c, struct cache_entry *e, struct device_set *set, int64_t asked_ms, uint64_t said)
{
	c->devices -= e->set ? e->set->n : 0;
	device_set_unref(e->set);
	e->set = set;
	e->asked_ms = asked_ms;
	e->said_then = said;
	c->devices += set->n;
	shrink(c, e);
}

struct cache_entry *access_cache_changed(struct access_cache *c, const struct uuid *user)
{
	struct cache_entry *e;

	if (user) {
		e = UUID_MAP_FIND(&c->users, user, struct cache_entry, link);
		if (e)
			e->said++;
		return e;
	}
	TAILQ_FOREACH(e, &c->uses, use)
	e->said++;
	return NULL;
}

/* ---- wants ---- */

void access_cache_want(struct access_cache *c, struct cache_entry *e)
{
	if (!e->wanted)
		TAILQ_INSERT_TAIL(&c->wants, e, want);
	e->wanted = true;
}

struct cache_entry *access_cache_take(struct access_cache *c)
{
	struct cache_entry *e = TAILQ_FIRST(&c->wants);

	if (e)
		unwant(c, e);
	return e;
}
