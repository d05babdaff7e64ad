/*
 * index - what collections are found by, and when their documents go
 *
 * Thread: any. Each makes its index where it is not there: 0, STORE_E_RETRY, STORE_E_MISSING where it may not be made
 * (store_options.create), or negative.
 */
#pragma once

#include "store/store.h"

enum index_flags {
	INDEX_UNIQUE = 1 << 0, /* no two documents have the same */
	INDEX_SPARSE = 1 << 1, /* of documents that have it */
};

/* An index of this name over @keys, which is freed. @flags: bits of enum index_flags. */
MUST_CHECK int index_ensure(struct store *s, const char *collection, const char *name, bson_t *keys, unsigned flags);

/* MongoDB removes a document @after_s seconds after its date "expires", or up to a minute later. */
MUST_CHECK int index_ensure_ttl(struct store *s, const char *collection, int32_t after_s);
