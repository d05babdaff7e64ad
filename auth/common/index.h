/*
 * index - what collections are found by, and when their documents go; for upkeep_prepare functions
 *
 * Thread: any.
 */
#pragma once

#include "store/store.h"

/* Makes an index of this name over @keys, which is freed, where it is not there. @options: further ones, or NULL. 0,
 * STORE_E_RETRY, STORE_E_MISSING where it may not be made, or negative. */
MUST_CHECK int index_ensure(
	struct store *s, const char *collection, const char *name, bson_t *keys, const bson_t *options);

/* No two documents have the same @field. */
MUST_CHECK int index_ensure_unique(struct store *s, const char *collection, const char *field);

/* MongoDB removes a document @after_s seconds after its date "expires", or up to a minute later. */
MUST_CHECK int index_ensure_ttl(struct store *s, const char *collection, int32_t after_s);
