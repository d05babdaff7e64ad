/*
 * range - documents between two values of _id, counted, and deleted so many at a time
 *
 * For collections clustered by _id, where a range is one stretch. A delete of any length is cut into pieces, so that it
 * neither outlasts a call's time limit nor stands in the way of those who write.
 * Thread: any.
 */
#pragma once

#include "store/store.h"

struct range {
	const char *collection;
	const bson_t *from; /* _id >= this document */
	const bson_t *to; /* _id < this one */
};

/* 0 and *ret, or store.h's results. */
MUST_CHECK int range_count(struct store *s, const struct range *r, int64_t *ret);

/* Deletes about @max of the lowest; a few more when others are inserted meanwhile. 0, *ret_n of them, and *ret_more: there
 * may be more. After STORE_E_RETRY some may be gone: the same call again. */
MUST_CHECK int range_delete(struct store *s, const struct range *r, int64_t max, int64_t *ret_n, bool *ret_more);
