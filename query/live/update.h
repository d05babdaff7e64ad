/*
 * update - one record of the topic as clients get it: its JSON is written once, and everybody holds references
 *
 * Thread: any; counted references, constant once the ring has it.
 */
#pragma once

#include "base/position.h"

#include <stdatomic.h>

struct update {
	atomic_uint refs;
	int32_t partition; /* -1: not of the topic, but from what is stored */
	int64_t offset;
	uint32_t check; /* tells this record from any other at its place; never 0 */
	uint32_t len; /* bytes of @json; 0: nothing is pushed: a contact without a fix, or poison */
	struct uuid device; /* all zero for poison */
	int64_t time_ms, received_ms; /* the fix, the gateway's clock */
	bool late; /* older than one before it that the ring knows; set by ring_append() */
	bool first; /* the ring knew none of its device; set by ring_append() */
	char json[]; /* the position without its closing brace, so that ,"late":true} may follow; no NUL */
};

/* Of @p, or of nothing (NULL). One reference. NULL when memory is out. @t is for the JSON under way. */
struct update;
struct text;
struct update *update_new(const struct position *p, struct text *scratch);

static inline struct update *update_ref(struct update *u)
{
	atomic_fetch_add_explicit(&u->refs, 1, memory_order_relaxed);
	return u;
}

void update_unref(struct update *u); /* accepts NULL */

/* Memory that it takes. */
static inline size_t update_size(const struct update *u)
{
	return sizeof(*u) + u->len;
}

/* Of a record's bytes; never 0. */
uint32_t record_check(
	const void *key, size_t key_len, const void *value, size_t value_len, int64_t offset, int64_t time_ms);
