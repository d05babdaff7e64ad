/* users - one index, one write, one read. */
#include "auth/common/users.h"
#include "auth/common/document.h"

#include <errno.h>
#include <string.h>

static const char COLLECTION[] = "users";

int users_prepare(struct store *s)
{
	bson_t *keys = BCON_NEW("email", BCON_INT32(1));
	bson_t *options = BCON_NEW("name", BCON_UTF8("email"), "unique", BCON_BOOL(true));
	int r = store_index_ensure(s, COLLECTION, keys, options);

	bson_destroy(options);
	bson_destroy(keys);
	return r;
}

int users_add(struct store *s, const char *email, const char *hash, const char *name, int64_t now_ms)
{
	struct uuid id;
	bson_t first;
	int r = uuid_random(&id);

	if (r)
		return r;
	bson_t *filter = BCON_NEW("email", BCON_UTF8(email));
	bson_t *update = BCON_NEW("$set", "{", "asked", BCON_DATE_TIME(now_ms), "}");
	BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &first);
	BCON_APPEND(&first, "_id", BCON_UUID(&id), "password", BCON_UTF8(hash), "created", BCON_DATE_TIME(now_ms));
	if (name)
		BSON_APPEND_UTF8(&first, "name", name);
	bson_append_document_end(update, &first);
	r = store_update_one(s, COLLECTION, filter, update, true);
	if (r == STORE_E_DUPLICATE) /* two requests at once both meant to insert: now it is there */
		r = store_update_one(s, COLLECTION, filter, update, true);
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

static bool read_user(const bson_t *doc, struct user *u)
{
	const char *hash = document_text(doc, "password");

	if (!hash || strlen(hash) >= sizeof u->hash || !document_uuid(doc, "_id", &u->id))
		return false;
	memcpy(u->hash, hash, strlen(hash) + 1);
	return true;
}

int users_find(struct store *s, const char *email, struct user *ret)
{
	struct user u;
	bson_t *doc;
	bson_t *filter = BCON_NEW("email", BCON_UTF8(email));
	int r = store_find_one(s, COLLECTION, filter, NULL, &doc);

	bson_destroy(filter);
	if (r)
		return r;
	bool ok = read_user(doc, &u);
	bson_destroy(doc);
	if (!ok)
		return -EBADMSG;
	*ret = u;
	return 0;
}
