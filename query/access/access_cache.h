/*
 * access_cache - what is remembered of users; internal to query/access
 *
 * Bounded by users and by devices; the one not asked for longest goes first. Thread: under access.lock.
 */
#pragma once

#include "base/uuid_map.h"
#include "query/access/device_set.h"

#include <stdint.h>
#include <sys/queue.h>

struct cache_entry {
	struct uuid_link link; /* the user's id */
	TAILQ_ENTRY(cache_entry) use;
	TAILQ_ENTRY(cache_entry) want; /* where it is wanted */
	bool wanted;
	struct device_set *set; /* NULL: never answered */
	int64_t asked_ms; /* when the question that @set answers was put; monotonic */
	uint64_t said; /* how often the topic spoke of this user */
	uint64_t said_then; /* when that question was put; another number than @said: @set may be wrong */
	int64_t looks_ms; /* until then questions for what is not in @set are spent; monotonic */
	bool loading; /* somebody is asking auth */
	unsigned waiting; /* how many are looking at it: it stays */
	uint64_t loads; /* finished */
	int load_result; /* of the last */
};

struct access_cache {
	struct uuid_map users;
	TAILQ_HEAD(, cache_entry) uses; /* least recently used first */
	TAILQ_HEAD(, cache_entry) wants; /* auth is to be asked about them, in this order */
	size_t devices; /* in all sets */
	size_t users_max, devices_max;
};

MUST_CHECK int access_cache_open(struct access_cache *c, size_t users_max, size_t devices_max);
void access_cache_close(struct access_cache *c);

/* The entry of @user, made when there is none; it is now the last to go. NULL when memory is out. */
struct cache_entry *access_cache_get(struct access_cache *c, const struct uuid *user);
/* @set (its reference is taken over) answers the question put at @asked_ms, when @said was what e->said is now or was. */
void access_cache_put(
	struct access_cache *c, struct cache_entry *e, struct device_set *set, int64_t asked_ms, uint64_t said);
/* What is known of @user (NULL: of anybody) may be wrong. Returns @user's entry, NULL where there is none. */
struct cache_entry *access_cache_changed(struct access_cache *c, const struct uuid *user);

/* ---- wants ---- */

void access_cache_want(struct access_cache *c, struct cache_entry *e);
/* The first that is wanted, and then is not any more. NULL: none is. */
struct cache_entry *access_cache_take(struct access_cache *c);
