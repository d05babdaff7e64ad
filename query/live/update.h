/*
 * update - one record of the topic as clients get it: its JSON is written once, and everybody holds references
 *
 * Those who came by a link get less of it: the beginning of the same text; or where they are shown a grid's cells, a text of
 * its own, which too is written once for each size of cells, when it is first asked for. (The ring does not count these: they
 * are 200 bytes at most, for each size that somebody watches.)
 *
 * Thread: any; counted references, constant once the ring has it.
 */
#pragma once

#include "base/position.h"
#include "query/access/limits.h"

#include <stdatomic.h>

struct blurred;

struct update {
	atomic_uint refs;
	int32_t partition; /* -1: not of the topic, but from what is stored */
	int64_t offset;
	uint32_t check; /* tells this record from any other at its place; never 0 */
	uint32_t len; /* bytes of @json; 0: nothing is pushed: a contact without a fix, or poison */
	struct uuid device; /* all zero for poison */
	int64_t time_ms, received_ms; /* the fix, the gateway's clock */
	int32_t lat_e7, lon_e7;
	uint32_t plain_len; /* bytes of @json before what may name the tracker */
	bool invalid; /* as the tracker has it */
	bool late; /* older than one before it that the ring knows; set by ring_append() */
	bool first; /* the ring knew none of its device; set by ring_append() */
	_Atomic(struct blurred *) blurred; /* a list */
	char json[]; /* the position without its closing brace, so that ,"late":true} may follow; no NUL */
};

/* Of @p, or of nothing (NULL). One reference. NULL when memory is out. @scratch is for the JSON under way. */
struct text;
struct update *update_new(const struct position *p, struct text *scratch);

static inline struct update *update_ref(struct update *u)
{
	atomic_fetch_add_explicit(&u->refs, 1, memory_order_relaxed);
	return u;
}

void update_unref(struct update *u); /* accepts NULL */

/* What somebody is shown of an update, without the closing brace. */
struct update_text {
	const char *json;
	uint32_t len;
};

/* That, blurred, for update_shown(). */
struct update_text update_blurred(struct update *u, const struct limits *l);

/* What @l leaves of @u; borrowed from it, or good until this thread's next call. */
static inline struct update_text update_shown(struct update *u, const struct limits *l)
{
	if (!l->limited)
		return (struct update_text){ u->json, u->len };
	return l->blur ? update_blurred(u, l) : (struct update_text){ u->json, u->plain_len };
}

/* Memory that it takes. */
static inline size_t update_size(const struct update *u)
{
	return sizeof(*u) + u->len;
}

/* Of a record's bytes; never 0. */
uint32_t record_check(
	const void *key, size_t key_len, const void *value, size_t value_len, int64_t offset, int64_t time_ms);
