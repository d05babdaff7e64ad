/*
 * uuid_map - a hash table of things that have a UUID
 *
 * Intrusive: the link is a member of the thing, so that adding one costs no memory of its own.
 *
 *     struct owner { struct uuid_link link; ... };
 *     struct owner *o = UUID_MAP_FIND(&map, &id, struct owner, link);
 *
 * Thread: one at a time. Owns the buckets, not the things.
 */
#pragma once

#include "base/uuid.h"

#include <stddef.h>

struct uuid_link {
	struct uuid_link *next;
	struct uuid key;
};

struct uuid_map {
	struct uuid_link **buckets;
	size_t mask; /* number of buckets - 1 */
	size_t n;
	uint64_t seed;
};

/* 0, -ENOMEM, or -errno without randomness. */
MUST_CHECK int uuid_map_open(struct uuid_map *m);
void uuid_map_close(struct uuid_map *m);

/* NULL: not there. */
struct uuid_link *uuid_map_find(const struct uuid_map *m, const struct uuid *key);
/* @link->key is set and not in the table yet. Never fails: without memory the chains grow. */
void uuid_map_add(struct uuid_map *m, struct uuid_link *link);
/* @link must be in the table. */
void uuid_map_remove(struct uuid_map *m, struct uuid_link *link);

/* One after another, in no order; @after NULL: the first. Nothing may be added or removed meanwhile but @after's
 * predecessors. */
struct uuid_link *uuid_map_next(const struct uuid_map *m, const struct uuid_link *after);

#define UUID_MAP_OF(at, type, member) ((type *)((at) ? (char *)(at)-offsetof(type, member) : NULL))
#define UUID_MAP_FIND(m, key, type, member) UUID_MAP_OF(uuid_map_find((m), (key)), type, member)
