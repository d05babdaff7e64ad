/*
 * internal - what the files of lib/store share: the pool and what is borrowed from it
 */
#pragma once

#include "store/store.h"
#include "store/errors.h"

#include <mongoc/mongoc.h>

struct store {
	mongoc_client_pool_t *pool;
	mongoc_write_concern_t *majority;
	char *database;
	char address[256];
	int64_t patience_ms;
	bool create; /* see struct store_options */
	void (*made)(const char *kind, const char *name);
};

enum { DOCUMENT_MAX = 16 << 20 }; /* MongoDB's own limit for one document, in bytes */

/* Starts libmongoc, once a process. */
void store_library(void);

/* A client out of the pool for one call, and a collection through it. */
struct loan {
	struct store *store;
	mongoc_client_t *client;
	mongoc_collection_t *collection; /* NULL when none was asked for */
};

/* Waits a bounded time for a client. @collection may be NULL. 0, or STORE_E_RETRY when none came free. */
MUST_CHECK int store_borrow(struct loan *ret, struct store *s, const char *collection);
void store_give_back(struct loan *l);
