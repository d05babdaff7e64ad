/* invitation - the collection; using one is one conditional write. */
#include "auth/registration/invitation.h"
#include "auth/common/document.h"
#include "auth/common/list.h"
#include "base/clock.h"
#include "base/time.h"
#include "store/index.h"

#include <string.h>

int invitation_prepare(struct store *s)
{
	bson_t *keys = BCON_NEW("by", BCON_INT32(1), "created", BCON_INT32(-1));
	int r = index_ensure(s, INVITATIONS_COLLECTION, "by", keys, 0);

	if (r == 0)
		r = index_ensure(s, INVITATIONS_COLLECTION, "token", BCON_NEW("token", BCON_INT32(1)), INDEX_UNIQUE);
	if (r == 0) /* what names somebody whose account ends is looked for */
		r = index_ensure(s, INVITATIONS_COLLECTION, "email", BCON_NEW("email", BCON_INT32(1)), INDEX_SPARSE);
	if (r == 0)
		r = index_ensure(s, INVITATIONS_COLLECTION, "used", BCON_NEW("used", BCON_INT32(1)), INDEX_SPARSE);
	return r ? r : index_ensure_ttl(s, INVITATIONS_COLLECTION, 0);
}

int invitation_make(struct store *s, struct invitation *i)
{
	uint8_t hash[SHA256_SIZE];
	int r = uuid_random(&i->id);

	if (r)
		return r;
	one_time_token(i->token, hash);
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&i->id), "token", BCON_BYTES(hash, sizeof hash), "created",
		BCON_DATE_TIME(i->created_ms), "expires", BCON_DATE_TIME(i->expires_ms));
	if (i->by)
		BCON_APPEND(doc, "by", BCON_UUID(i->by));
	if (i->email)
		BSON_APPEND_UTF8(doc, "email", i->email);
	r = store_insert(s, INVITATIONS_COLLECTION, doc);
	bson_destroy(doc);
	return r;
}

/* ---- using ---- */

static void hash_address(const char *email, uint8_t out[static SHA256_SIZE])
{
	crypto_hash_sha256(out, (const uint8_t *)email, strlen(email));
}

/* NULL: @token cannot be one. */
static bson_t *usable(const json_t *token, const char *email)
{
	uint8_t hash[SHA256_SIZE], address[SHA256_SIZE];

	if (!one_time_hash(json_string_value(token), json_string_length(token), hash))
		return NULL;
	hash_address(email, address);
	return BCON_NEW("token", BCON_BYTES(hash, sizeof hash), "expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()),
		"}", "email", "{", "$in", "[", BCON_NULL, BCON_UTF8(email), "]", "}", "used", "{", "$in", "[",
		BCON_NULL, BCON_BYTES(address, sizeof address), "]", "}");
}

int invitation_look(struct store *s, const json_t *token, const char *email)
{
	bson_t *filter = usable(token, email), *doc;

	if (!filter)
		return STORE_E_MISSING;
	int r = store_find_one(s, INVITATIONS_COLLECTION, filter, NULL, &doc);
	if (r == 0)
		bson_destroy(doc);
	bson_destroy(filter);
	return r;
}

int invitation_take(struct store *s, const json_t *token, const char *email)
{
	bson_t *filter = usable(token, email);
	uint8_t address[SHA256_SIZE];

	if (!filter)
		return STORE_E_MISSING;
	hash_address(email, address);
	bson_t *update = BCON_NEW("$set", "{", "used", BCON_BYTES(address, sizeof address), "}");
	int r = store_update_one(s, INVITATIONS_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

void invitation_put_used(bson_t *filter, const char *email)
{
	uint8_t address[SHA256_SIZE];

	hash_address(email, address);
	BCON_APPEND(filter, "used", BCON_BYTES(address, sizeof address));
}

/* ---- those of one person ---- */

static json_t *invitation_json(const bson_t *doc)
{
	char id_text[UUID_TEXT_SIZE], created_text[TIME_TEXT_SIZE], expires_text[TIME_TEXT_SIZE];
	int64_t created, expires;
	struct uuid id;

	if (!document_uuid(doc, "_id", &id) || !document_time(doc, "created", &created) ||
		!document_time(doc, "expires", &expires))
		return NULL;
	uuid_format(id_text, &id);
	time_format(created_text, created);
	time_format(expires_text, expires);
	return json_pack("{ss ss? ss ss sb}", "id", id_text, "email", document_text(doc, "email"), "created",
		created_text, "expires", expires_text, "used", document_has(doc, "used"));
}

/* What has expired may be there for a minute yet. */
static bson_t *of(const struct uuid *by)
{
	return BCON_NEW("by", BCON_UUID(by), "expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
}

int invitation_list(struct store *s, const struct uuid *by, int64_t limit, json_t **ret)
{
	bson_t *filter = of(by);
	bson_t *options = BCON_NEW("sort", "{", "created", BCON_INT32(-1), "}", "limit", BCON_INT64(limit));
	int r = documents_list(s, INVITATIONS_COLLECTION, filter, options, invitation_json, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

int invitation_room(struct store *s, const struct uuid *by, int64_t max, bool *ret_room)
{
	bson_t *filter = of(by);
	int r = documents_room(s, INVITATIONS_COLLECTION, filter, max, ret_room);

	bson_destroy(filter);
	return r;
}

int invitation_revoke(struct store *s, const struct uuid *by, const struct uuid *id)
{
	bson_t *filter =
		BCON_NEW("_id", BCON_UUID(id), "by", BCON_UUID(by), "used", "{", "$exists", BCON_BOOL(false), "}");
	int r = store_delete_one(s, INVITATIONS_COLLECTION, filter);

	bson_destroy(filter);
	return r;
}
