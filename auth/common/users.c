/* users - the indexes, reading a document, writing one. */
#include "auth/common/users.h"
#include "auth/common/document.h"
#include "store/index.h"

#include <errno.h>
#include <string.h>

int users_prepare(struct store *s)
{
	int r = index_ensure(s, USERS_COLLECTION, "email", BCON_NEW("email", BCON_INT32(1)), INDEX_UNIQUE);

	return r ? r : index_ensure_ttl(s, USERS_COLLECTION, 0);
}

/* ---- reading ---- */

static bool copy_text(const bson_t *doc, const char *path, char *out, size_t size)
{
	const char *text = document_text(doc, path);
	size_t n = text ? strlen(text) : 0;

	if (!text || n >= size)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

static int64_t elements(const bson_t *doc, const char *path)
{
	bson_iter_t i, inside;
	int64_t n = 0;

	if (!bson_iter_init_find(&i, doc, path) || !BSON_ITER_HOLDS_ARRAY(&i) || !bson_iter_recurse(&i, &inside))
		return 0;
	while (bson_iter_next(&inside))
		n++;
	return n;
}

static bool read_user(const bson_t *doc, struct user *u)
{
	*u = (struct user){ .verified = document_has(doc, "verified"), .recovery_codes = elements(doc, "recovery") };
	(void)document_time(doc, "expires", &u->verify_by_ms);
	(void)document_time(doc, "totp.since", &u->totp_since_ms);
	return document_uuid(doc, "_id", &u->id) && copy_text(doc, "email", u->email, sizeof u->email) &&
	       copy_text(doc, "password", u->hash, sizeof u->hash) && document_time(doc, "created", &u->created_ms) &&
	       (!document_has(doc, "name") || copy_text(doc, "name", u->name, sizeof u->name));
}

static int find(struct store *s, const bson_t *filter, struct user *ret)
{
	struct user u;
	bson_t *doc;
	int r = store_find_one(s, USERS_COLLECTION, filter, NULL, &doc);

	if (r)
		return r;
	bool ok = read_user(doc, &u);
	bson_destroy(doc);
	if (!ok)
		return -EBADMSG;
	*ret = u;
	return 0;
}

int users_find(struct store *s, const char *email, struct user *ret)
{
	bson_t *filter = BCON_NEW("email", BCON_UTF8(email));
	int r = find(s, filter, ret);

	bson_destroy(filter);
	return r;
}

int users_get(struct store *s, const struct uuid *id, struct user *ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id));
	int r = find(s, filter, ret);

	bson_destroy(filter);
	return r;
}

int users_there(struct store *s, const struct uuid *id)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id));
	int r = store_exists(s, USERS_COLLECTION, filter);

	bson_destroy(filter);
	return r;
}

/* ---- writing ---- */

int users_add(struct store *s, const struct user *u)
{
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&u->id), "email", BCON_UTF8(u->email), "password", BCON_UTF8(u->hash),
		"created", BCON_DATE_TIME(u->created_ms), "asked", BCON_DATE_TIME(u->created_ms));

	if (u->name[0])
		BSON_APPEND_UTF8(doc, "name", u->name);
	if (u->verify_by_ms)
		BSON_APPEND_DATE_TIME(doc, "expires", u->verify_by_ms);
	int r = store_insert(s, USERS_COLLECTION, doc);
	bson_destroy(doc);
	return r;
}

int users_change(struct store *s, const struct uuid *id, const bson_t *condition, const bson_t *update)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id));

	if (condition)
		bson_concat(filter, condition);
	int r = store_update_one(s, USERS_COLLECTION, filter, update, false);
	bson_destroy(filter);
	return r;
}
