/* schema - collections and indexes: made, or only looked for. */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_NAME_SIZE = 128 };

enum server_code {
	NAMESPACE_NOT_FOUND = 26,
	NAMESPACE_EXISTS = 48,
	INDEX_OPTIONS_CONFLICT = 85,
	INDEX_KEY_SPECS_CONFLICT = 86,
};

static bool is_code(const bson_error_t *error, uint32_t code)
{
	return error->domain == MONGOC_ERROR_SERVER && error->code == code;
}

static void tell_made(const struct store *s, const char *kind, const char *name)
{
	if (s->made)
		s->made(kind, name);
}

static int missing(const char *kind, const char *name)
{
	char text[3 * INDEX_NAME_SIZE];

	snprintf(text, sizeof text, "%s %s is missing, and MONGODB_CREATE_INDEXES is false", kind, name);
	return store_fail_as(STORE_E_MISSING, text);
}

/* Whether the first batch of the cursor in @reply holds a document with this @name, or, for NULL, any. */
static bool lists(const bson_t *reply, const char *name)
{
	bson_iter_t top, batch, entry, field;

	if (!bson_iter_init(&top, reply) || !bson_iter_find_descendant(&top, "cursor.firstBatch", &batch) ||
		!bson_iter_recurse(&batch, &entry))
		return false;
	while (bson_iter_next(&entry))
		if (!name || (bson_iter_recurse(&entry, &field) && bson_iter_find(&field, "name") &&
				     BSON_ITER_HOLDS_UTF8(&field) && !strcmp(bson_iter_utf8(&field, NULL), name)))
			return true;
	return false;
}

/* Sends @command and looks for @name in its list. What the list is of may not be there at all. */
static int look(struct loan *l, const bson_t *command, const char *name, bool *ret_there)
{
	bson_error_t error;
	bson_t reply;
	bool ok = mongoc_client_command_simple(l->client, l->store->database, command, NULL, &reply, &error);
	int r = ok || is_code(&error, NAMESPACE_NOT_FOUND) ? 0 : store_fail(&error);

	*ret_there = ok && lists(&reply, name);
	bson_destroy(&reply);
	return r;
}

/* ---- collections ---- */

static int look_for_collection(struct loan *l, const char *collection)
{
	/* Asked so, an account with rights on this collection only is answered too. */
	bson_t *command = BCON_NEW("listCollections", BCON_INT32(1), "filter", "{", "name", BCON_UTF8(collection), "}",
		"nameOnly", BCON_BOOL(true), "authorizedCollections", BCON_BOOL(true));
	bool there;
	int r = look(l, command, NULL, &there);

	bson_destroy(command);
	return r || there ? r : missing("collection", collection);
}

static int make_collection(struct loan *l, const char *collection, const bson_t *options)
{
	bson_error_t error;
	mongoc_database_t *db = mongoc_client_get_database(l->client, l->store->database);
	mongoc_collection_t *made = mongoc_database_create_collection(db, collection, options, &error);
	int r = made || is_code(&error, NAMESPACE_EXISTS) ? 0 : store_fail(&error);

	if (made)
		tell_made(l->store, "collection", collection);
	mongoc_collection_destroy(made);
	mongoc_database_destroy(db);
	return r;
}

int store_collection_ensure(struct store *s, const char *collection, const bson_t *options)
{
	struct loan l;
	int r = store_borrow(&l, s, NULL);

	if (r)
		return r;
	r = s->create ? make_collection(&l, collection, options) : look_for_collection(&l, collection);
	store_give_back(&l);
	return r;
}

/* ---- indexes ---- */

/* Its name in @options, or the one that every driver makes of @keys. */
static void name_index(char out[static INDEX_NAME_SIZE], const bson_t *keys, const bson_t *options)
{
	bson_iter_t i;

	if (options && bson_iter_init_find(&i, options, "name") && BSON_ITER_HOLDS_UTF8(&i)) {
		snprintf(out, INDEX_NAME_SIZE, "%s", bson_iter_utf8(&i, NULL));
		return;
	}
	char *name = mongoc_collection_keys_to_index_string(keys);
	snprintf(out, INDEX_NAME_SIZE, "%s", name);
	bson_free(name);
}

/* { createIndexes: collection, indexes: [{ key, name, ...options }] } */
static bson_t *index_command(const char *collection, const char *name, const bson_t *keys, const bson_t *options)
{
	bson_t *command = bson_new();
	bson_t list, index;

	BSON_APPEND_UTF8(command, "createIndexes", collection);
	BSON_APPEND_ARRAY_BEGIN(command, "indexes", &list);
	BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &index);
	BSON_APPEND_DOCUMENT(&index, "key", keys);
	if (options)
		bson_concat(&index, options);
	if (!options || !bson_has_field(options, "name"))
		BSON_APPEND_UTF8(&index, "name", name);
	bson_append_document_end(&list, &index);
	bson_append_array_end(command, &list);
	return command;
}

/* What stands in the way of an index is for a person to mend: other options under its name, or documents that break it. */
static int index_outcome(bool ok, const bson_t *reply, const bson_error_t *error)
{
	int r = store_outcome(ok, reply, error);

	if (r == STORE_E_DUPLICATE || r == STORE_E_POISON)
		return -EEXIST;
	if (r < 0 && (is_code(error, INDEX_OPTIONS_CONFLICT) || is_code(error, INDEX_KEY_SPECS_CONFLICT)))
		return -EEXIST;
	return r;
}

static int make_index(
	struct loan *l, const char *collection, const char *name, const bson_t *keys, const bson_t *options)
{
	char whole[2 * INDEX_NAME_SIZE];
	bson_error_t error;
	bson_t reply, *command = index_command(collection, name, keys, options);
	bool ok = mongoc_collection_write_command_with_opts(l->collection, command, NULL, &reply, &error);
	int r = index_outcome(ok, &reply, &error);

	snprintf(whole, sizeof whole, "%s.%s", collection, name);
	if (r == 0 && store_reply_count(&reply, "numIndexesAfter") > store_reply_count(&reply, "numIndexesBefore"))
		tell_made(l->store, "index", whole);
	bson_destroy(&reply);
	bson_destroy(command);
	return r;
}

static int look_for_index(struct loan *l, const char *collection, const char *name)
{
	char whole[2 * INDEX_NAME_SIZE];
	bson_t *command = BCON_NEW("listIndexes", BCON_UTF8(collection));
	bool there;
	int r = look(l, command, name, &there);

	bson_destroy(command);
	snprintf(whole, sizeof whole, "%s.%s", collection, name);
	return r || there ? r : missing("index", whole);
}

int store_index_ensure(struct store *s, const char *collection, const bson_t *keys, const bson_t *options)
{
	char name[INDEX_NAME_SIZE];
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	name_index(name, keys, options);
	r = s->create ? make_index(&l, collection, name, keys, options) : look_for_index(&l, collection, name);
	store_give_back(&l);
	return r;
}

/* ---- all of a program's ---- */

int store_prepare(void *needs, const char **ret_why)
{
	const struct store_needs *n = needs;
	int r = 0;

	for (size_t i = 0; r == 0 && n->make[i]; i++)
		r = n->make[i](n->store);
	*ret_why = store_last_error();
	return r;
}
