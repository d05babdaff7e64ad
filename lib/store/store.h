/*
 * store - MongoDB
 *
 * The only folder that includes mongoc.h. Documents are libbson's: whoever talks to the store includes bson.h itself.
 *
 * Errors have one shape. A positive result is the caller's to handle: STORE_E_RETRY is a transient fault (no server,
 * no primary, a timeout, a closed socket), worth the same call again; STORE_E_DUPLICATE a unique key that exists;
 * STORE_E_MISSING nothing matched; STORE_E_POISON this document can never be stored (too large, not valid). Negative
 * is fatal: wrong credentials, a wrong command.
 *
 * Thread: struct store is a pool, any thread; each call borrows one client for its time. Cursors belong to one thread.
 */
#pragma once

#include "base/err.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_result {
	STORE_E_RETRY = 1,
	STORE_E_DUPLICATE,
	STORE_E_MISSING,
	STORE_E_POISON,
};

struct store_options {
	const char *uri; /* mongodb://...; the database is named in it, else "pettrack" */
	const char *app_name; /* shown in the server's logs */
	int64_t pool_max; /* clients at most; 0: 16 */
	int64_t timeout_ms; /* server selection and socket; 0: 5 s */
	bool create; /* collections and indexes that are not there are made; else they are only looked for */
	void (*made)(const char *kind, const char *name); /* told what was made; may be NULL */
};

/* Connects lazily. Writes are majority-acknowledged and journaled. 0, or -EINVAL for a bad URI, -ENOMEM. */
MUST_CHECK int store_open(struct store **ret, const struct store_options *o);
void store_close(struct store *s); /* accepts NULL; no cursor may be open */

/* Where it is: host:port[,...], or the name that DNS is asked for, without credentials; as long as @s is. For logs. */
const char *store_address(const struct store *s);

/* The longest that one call takes while MongoDB is away, in ms: for whoever must be able to tell that from a loop that stands
 * still. */
int64_t store_patience_ms(const struct store *s);

/* A ping to the primary. 0, STORE_E_RETRY or negative. */
MUST_CHECK int store_ping(struct store *s);

/* The text of the last failure on this thread, for logs; never a document's content. */
const char *store_last_error(void);

/* Makes @collection with @options ({} or e.g. clusteredIndex) where it does not exist. 0, STORE_E_RETRY, STORE_E_MISSING
 * where it may not be made (store_options.create), or negative. */
MUST_CHECK int store_collection_ensure(struct store *s, const char *collection, const bson_t *options);

/* Makes an index over @keys where it does not exist. @options: { name, unique, partialFilterExpression, expireAfterSeconds
 * ... }. The same results; where it may not be made, one of that name counts. */
MUST_CHECK int store_index_ensure(struct store *s, const char *collection, const bson_t *keys, const bson_t *options);

/* Both of the above as a step of prepare (service/prepare.h), whose owner is a struct store_needs. */
struct store_needs {
	struct store *store;
	int (*const *make)(struct store *s); /* NULL-terminated; each makes some, with results as above */
};
MUST_CHECK int store_prepare(void *needs, const char **ret_why);

MUST_CHECK int store_insert(struct store *s, const char *collection, const bson_t *doc);

/* The first that matches. @options: { projection, sort } or NULL. 0 and *ret the caller's to bson_destroy(), or STORE_E_MISSING... */
MUST_CHECK int store_find_one(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *options, bson_t **ret);

/* Whether any matches, of which only the _id is read: 0, or STORE_E_MISSING... */
MUST_CHECK int store_exists(struct store *s, const char *collection, const bson_t *filter);

/* How many match. */
MUST_CHECK int store_count(struct store *s, const char *collection, const bson_t *filter, int64_t *ret);

/* Updates the first that matches. STORE_E_MISSING when none did. @upsert: insert instead. */
MUST_CHECK int store_update_one(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *update, bool upsert);

/* Updates it and returns the document as it was before (or after). STORE_E_MISSING when none matched. */
MUST_CHECK int store_find_and_modify(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *update, bool after, bson_t **ret);

MUST_CHECK int store_update_many(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *update, int64_t *ret_n);
MUST_CHECK int store_delete_one(struct store *s, const char *collection, const bson_t *filter);
MUST_CHECK int store_delete_many(struct store *s, const char *collection, const bson_t *filter, int64_t *ret_n);

/* ---- cursors ---- */

struct store_cursor;

/* @options as for find: { sort, limit, projection, batchSize, hint }. */
MUST_CHECK int store_find(struct store *s, const char *collection, const bson_t *filter, const bson_t *options,
	struct store_cursor **ret);
/* The next document, borrowed until the next call. 0, STORE_E_MISSING at the end, STORE_E_RETRY or negative. */
MUST_CHECK int store_next(struct store_cursor *c, const bson_t **ret);
void store_cursor_close(struct store_cursor *c); /* accepts NULL */

/* ---- bulk: many unordered writes in few round trips ---- */

struct store_bulk;

/* What became of one document that is not simply stored. @index counts from the first insert or update of this bulk. */
typedef void (*store_bulk_fault)(void *owner, size_t index, int r, const char *why);

MUST_CHECK int store_bulk_open(struct store *s, const char *collection, struct store_bulk **ret);
MUST_CHECK int store_bulk_insert(struct store_bulk *b, const bson_t *doc); /* 0, STORE_E_POISON (not added), -ENOMEM */
MUST_CHECK int store_bulk_update_one(struct store_bulk *b, const bson_t *filter, const bson_t *update, bool upsert);
size_t store_bulk_size(const struct store_bulk *b);
/* Sends all. 0: each document is stored, or was reported to @fault as STORE_E_DUPLICATE or STORE_E_POISON. STORE_E_RETRY:
 * any of them may or may not be stored, nothing was reported: send the same again. Negative: fatal. The bulk is empty after. */
MUST_CHECK int store_bulk_run(struct store_bulk *b, store_bulk_fault fault, void *owner);
void store_bulk_close(struct store_bulk *b); /* accepts NULL */

/* ---- settings ---- */
#define STORE_SETTINGS(o)                                                                                              \
	{ "MONGODB_URI", "mongodb://127.0.0.1:27017/pettrack?replicaSet=rs0", setting_text, &(o).uri,                  \
		"MongoDB's URI, database included", .flags = SETTING_SECRET },                                         \
		{ "MONGODB_POOL_MAX", "16", setting_int, &(o).pool_max, "connections at most", 1, 1000 },              \
		{ "MONGODB_CREATE_INDEXES", "true", setting_bool, &(o).create,                                         \
			"make collections and indexes that are not there; false: wait for them, not ready until "      \
			"then" },                                                                                      \
	{                                                                                                              \
		"MONGODB_TIMEOUT", "5s", setting_duration, &(o).timeout_ms, "how long a call waits for a server", 100, \
			600000                                                                                         \
	}
