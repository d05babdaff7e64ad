/*
 * friends - where the pets of an owner are: a cache of what query says, shared by all loops
 *
 * For trackers that show them. A loop asks by owner and is never made to wait: it gets what is cached. Of whom nothing is, or
 * something too old, is put on a list of wants, which friends_fetch.c serves; what was cached stays in use meanwhile, and while
 * query does not answer.
 *
 * Bounded: each owner and each pet counts. The owners asked about least recently go first.
 *
 * Thread: any; every call is short.
 */
#pragma once

#include "base/err.h"
#include "base/uuid.h"
#include "ingest/protocols/protocol.h"

#include <stdatomic.h>

/* An owner's pets: never changes; counted references. */
struct friend_set {
	atomic_uint refs;
	size_t n;
	struct protocol_member members[]; /* ascending by id; the names are behind them */
};

/* A set of @n members (copied with their names, in any order) with one reference. NULL when memory is out. */
struct friend_set *friend_set_new(const struct protocol_member *members, size_t n);
void friend_set_unref(struct friend_set *s); /* accepts NULL */

struct friends;

struct friends_options {
	int64_t max; /* owners and pets, together */
	int64_t fresh_ms; /* after this an owner's are wanted again, while they are in use */
	int64_t stale_ms; /* after this they are not used any more */
};

MUST_CHECK int friends_open(struct friends **ret, const struct friends_options *o);
void friends_close(struct friends *f); /* accepts NULL */

/* ---- for the loops ---- */

/* Says that friends_find() will be asked soon: what is not fresh is wanted from now on. */
void friends_want(struct friends *f, const struct uuid *owner, int64_t now_ms);
/* The pets of @owner as far as they are known, the caller's to friend_set_unref(). NULL: not known, or not any more. */
struct friend_set *friends_find(struct friends *f, const struct uuid *owner, int64_t now_ms);

/* ---- for whoever asks query ---- */

/* Takes the oldest want, waiting up to @wait_ms for one. False: there was none. */
bool friends_take(struct friends *f, struct uuid *ret_owner, int wait_ms);
/* What query said of @owner; @set's reference is taken over. */
void friends_settle(struct friends *f, const struct uuid *owner, struct friend_set *set, int64_t now_ms);
/* It did not answer: the want is the newest now, unless no loop has asked for longer than stale_ms. */
void friends_put_off(struct friends *f, const struct uuid *owner, int64_t now_ms);

struct friends_counts {
	size_t owners, pets, wanted;
};
struct friends_counts friends_count(struct friends *f);
