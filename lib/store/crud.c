/* crud - single commands: each borrows a client, sends, and says what came of it. */
#include "store/internal.h"

#include <errno.h>
#include <string.h>

/* ---- reading ---- */

static bson_t *with_limit_one(const bson_t *options)
{
	bson_t *o = options ? bson_copy(options) : bson_new();

	BSON_APPEND_INT64(o, "limit", 1);
	BSON_APPEND_BOOL(o, "singleBatch", true);
	return o;
}

int store_find_one(struct store *s, const char *collection, const bson_t *filter, const bson_t *options, bson_t **ret)
{
	struct store_cursor *c = NULL;
	const bson_t *doc;
	bson_t *one = with_limit_one(options);
	int r = store_find(s, collection, filter, one, &c);

	bson_destroy(one);
	if (r == 0)
		r = store_next(c, &doc);
	if (r == 0)
		*ret = bson_copy(doc);
	store_cursor_close(c);
	return r;
}

int store_exists(struct store *s, const char *collection, const bson_t *filter)
{
	bson_t *options = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}"), *doc;
	int r = store_find_one(s, collection, filter, options, &doc);

	bson_destroy(options);
	if (r == 0)
		bson_destroy(doc);
	return r;
}

int store_count(struct store *s, const char *collection, const bson_t *filter, int64_t *ret)
{
	bson_error_t error;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	int64_t n = mongoc_collection_count_documents(l.collection, filter, NULL, NULL, NULL, &error);
	store_give_back(&l);
	if (n < 0)
		return store_fail(&error);
	*ret = n;
	return 0;
}

/* ---- writing ---- */

int store_insert(struct store *s, const char *collection, const bson_t *doc)
{
	bson_error_t error;
	bson_t reply;
	struct loan l;

	if (doc->len > DOCUMENT_MAX)
		return store_fail_as(STORE_E_POISON, "the document is too large");
	int r = store_borrow(&l, s, collection);
	if (r)
		return r;
	bool ok = mongoc_collection_insert_one(l.collection, doc, NULL, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == -EINVAL) /* refused before it was sent: a key that is empty */
		r = STORE_E_POISON;
	bson_destroy(&reply);
	store_give_back(&l);
	return r;
}

int store_update_one(struct store *s, const char *collection, const bson_t *filter, const bson_t *update, bool upsert)
{
	bson_t options = BSON_INITIALIZER;
	bson_error_t error;
	bson_t reply;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	BSON_APPEND_BOOL(&options, "upsert", upsert);
	bool ok = mongoc_collection_update_one(l.collection, filter, update, &options, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == 0 && !upsert && store_reply_count(&reply, "matchedCount") == 0)
		r = STORE_E_MISSING;
	bson_destroy(&reply);
	bson_destroy(&options);
	store_give_back(&l);
	return r;
}

int store_update_many(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *update, int64_t *ret_n)
{
	bson_error_t error;
	bson_t reply;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	bool ok = mongoc_collection_update_many(l.collection, filter, update, NULL, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == 0 && ret_n)
		*ret_n = store_reply_count(&reply, "matchedCount");
	bson_destroy(&reply);
	store_give_back(&l);
	return r;
}

/* The document in a findAndModify's reply: 0, or STORE_E_MISSING when nothing matched. */
static int copy_value(const bson_t *reply, bson_t **ret)
{
	bson_iter_t i;
	const uint8_t *bytes;
	uint32_t len;

	if (!bson_iter_init_find(&i, reply, "value") || !BSON_ITER_HOLDS_DOCUMENT(&i))
		return STORE_E_MISSING;
	bson_iter_document(&i, &len, &bytes);
	*ret = bson_new_from_data(bytes, len);
	return *ret ? 0 : -EPROTO;
}

int store_find_and_modify(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *update, bool after, bson_t **ret)
{
	bson_error_t error;
	bson_t reply;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	mongoc_find_and_modify_opts_t *o = mongoc_find_and_modify_opts_new();
	mongoc_find_and_modify_opts_set_update(o, update);
	mongoc_find_and_modify_opts_set_flags(
		o, after ? MONGOC_FIND_AND_MODIFY_RETURN_NEW : MONGOC_FIND_AND_MODIFY_NONE);
	bool ok = mongoc_collection_find_and_modify_with_opts(l.collection, filter, o, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == 0)
		r = copy_value(&reply, ret);
	bson_destroy(&reply);
	mongoc_find_and_modify_opts_destroy(o);
	store_give_back(&l);
	return r;
}

int store_delete_one(struct store *s, const char *collection, const bson_t *filter)
{
	bson_error_t error;
	bson_t reply;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	bool ok = mongoc_collection_delete_one(l.collection, filter, NULL, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == 0 && store_reply_count(&reply, "deletedCount") == 0)
		r = STORE_E_MISSING;
	bson_destroy(&reply);
	store_give_back(&l);
	return r;
}

int store_delete_many(struct store *s, const char *collection, const bson_t *filter, int64_t *ret_n)
{
	bson_error_t error;
	bson_t reply;
	struct loan l;
	int r = store_borrow(&l, s, collection);

	if (r)
		return r;
	bool ok = mongoc_collection_delete_many(l.collection, filter, NULL, &reply, &error);
	r = store_outcome(ok, &reply, &error);
	if (r == 0 && ret_n)
		*ret_n = store_reply_count(&reply, "deletedCount");
	bson_destroy(&reply);
	store_give_back(&l);
	return r;
}
