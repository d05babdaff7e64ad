/* access_token - one document a token. */
#include "auth/common/access_token.h"
#include "auth/common/document.h"
#include "auth/common/list.h"
#include "auth/common/revocation.h"
#include "base/clock.h"
#include "base/time.h"
#include "service/log.h"
#include "store/index.h"

#include <errno.h>
#include <string.h>

enum { USED_MS = 60000 };

const char *const access_token_scopes[] = { "account.read", "devices.read", "devices.write", "positions.read", NULL };

const struct outbox_source access_tokens_source = { ACCESS_TOKENS_COLLECTION, revocation_plan };

int access_tokens_prepare(struct store *s)
{
	int r = index_ensure(
		s, ACCESS_TOKENS_COLLECTION, "hash", BCON_NEW("hash", BCON_INT32(1)), INDEX_UNIQUE | INDEX_SPARSE);

	if (r == 0)
		r = index_ensure(s, ACCESS_TOKENS_COLLECTION, "user",
			BCON_NEW("user", BCON_INT32(1), "created", BCON_INT32(1)), 0);
	if (r == 0)
		r = index_ensure_ttl(s, ACCESS_TOKENS_COLLECTION, 0);
	return r ? r : outbox_index_ensure(s, ACCESS_TOKENS_COLLECTION);
}

/* ---- use ---- */

static bool read_claims(const bson_t *doc, struct token_claims *c)
{
	const char *scopes = document_text(doc, "scopes");
	int64_t created_ms, expires_ms;

	if (!scopes || !*scopes || strlen(scopes) >= sizeof c->scope || !document_uuid(doc, "_id", &c->session) ||
		!document_uuid(doc, "user", &c->subject) || !document_time(doc, "created", &created_ms) ||
		!document_time(doc, "expires", &expires_ms))
		return false;
	memcpy(c->scope, scopes, strlen(scopes) + 1);
	c->issued_s = created_ms / 1000;
	c->expires_s = expires_ms / 1000;
	return true;
}

/* Best effort. */
static void note_use(struct store *s, const bson_t *doc, const struct uuid *id, int64_t now_ms)
{
	int64_t used_ms = 0;

	if (document_time(doc, "used", &used_ms) && now_ms - used_ms < USED_MS)
		return;
	bson_t *filter = BCON_NEW(
		"_id", BCON_UUID(id), "used", "{", "$not", "{", "$gt", BCON_DATE_TIME(now_ms - USED_MS), "}", "}");
	bson_t *update = BCON_NEW("$set", "{", "used", BCON_DATE_TIME(now_ms), "}");
	int r = store_update_one(s, ACCESS_TOKENS_COLLECTION, filter, update, false);
	if (r && r != STORE_E_MISSING) /* missing: another request was faster */
		log_debug("use of an access token not written", LOG_I("result", r));
	bson_destroy(update);
	bson_destroy(filter);
}

int access_token_verify(struct store *s, const char *token, size_t len, struct token_claims *ret)
{
	struct token_claims c = { 0 };
	uint8_t hash[SHA256_SIZE];
	bson_t *doc;
	int64_t now_ms = clock_real_ms();

	if (len != ACCESS_TOKEN_LENGTH)
		return STORE_E_MISSING;
	crypto_hash_sha256(hash, (const uint8_t *)token, len);
	bson_t *filter =
		BCON_NEW("hash", BCON_BYTES(hash, sizeof hash), "expires", "{", "$gt", BCON_DATE_TIME(now_ms), "}");
	int r = store_find_one(s, ACCESS_TOKENS_COLLECTION, filter, NULL, &doc);
	bson_destroy(filter);
	if (r)
		return r;
	r = read_claims(doc, &c) ? 0 : -EBADMSG;
	if (r == 0) {
		note_use(s, doc, &c.session, now_ms);
		*ret = c;
	}
	bson_destroy(doc);
	return r;
}

/* ---- what is shown ---- */

static json_t *scopes_json(const char *scopes)
{
	json_t *list = json_array();

	for (const char *at = scopes; at && *at;) {
		size_t n = strcspn(at, " ");
		json_array_append_new(list, json_stringn(at, n));
		at += n + (at[n] == ' ');
	}
	return list;
}

static json_t *show(const bson_t *doc)
{
	struct uuid id;
	char id_text[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE], used[TIME_TEXT_SIZE];
	const char *name = document_text(doc, "name");
	int64_t created_ms, expires_ms, used_ms;
	bool was_used = document_time(doc, "used", &used_ms);

	if (!name || !document_uuid(doc, "_id", &id) || !document_time(doc, "created", &created_ms) ||
		!document_time(doc, "expires", &expires_ms))
		return NULL;
	uuid_format(id_text, &id);
	time_format(created, created_ms);
	time_format(expires, expires_ms);
	if (was_used)
		time_format(used, used_ms);
	return json_pack("{ss ss so ss ss ss?}", "id", id_text, "name", name, "scopes",
		scopes_json(document_text(doc, "scopes")), "created", created, "expires", expires, "last_used",
		was_used ? used : NULL);
}

int access_tokens_list(struct store *s, const struct uuid *user, int64_t limit, json_t **ret)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user), "expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
	bson_t *options = BCON_NEW("sort", "{", "created", BCON_INT32(1), "}", "limit", BCON_INT64(limit));
	int r = documents_list(s, ACCESS_TOKENS_COLLECTION, filter, options, show, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* ---- beginning and end ---- */

static void make_token(char out[static ACCESS_TOKEN_SIZE], uint8_t hash[static SHA256_SIZE])
{
	uint8_t random[ACCESS_TOKEN_RANDOM];
	size_t n = strlen(TOKEN_PERSONAL_PREFIX);

	randombytes_buf(random, sizeof random);
	memcpy(out, TOKEN_PERSONAL_PREFIX, n);
	text_base64url(out + n, random, sizeof random);
	crypto_hash_sha256(hash, (const uint8_t *)out, ACCESS_TOKEN_LENGTH);
	sodium_memzero(random, sizeof random);
}

int access_token_create(
	struct store *s, const struct access_token_wish *w, char ret_token[static ACCESS_TOKEN_SIZE], json_t **ret)
{
	struct uuid id;
	uint8_t hash[SHA256_SIZE];
	int r = uuid_random(&id);

	if (r)
		return r;
	make_token(ret_token, hash);
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&id), "user", BCON_UUID(&w->user), "name", BCON_UTF8(w->name), "scopes",
		BCON_UTF8(w->scopes), "hash", BCON_BYTES(hash, sizeof hash), "created", BCON_DATE_TIME(clock_real_ms()),
		"expires", BCON_DATE_TIME(w->expires_ms));
	json_t *shown = show(doc);
	r = shown ? store_insert(s, ACCESS_TOKENS_COLLECTION, doc) : -ENOMEM;
	bson_destroy(doc);
	if (r)
		json_decref(shown);
	else
		*ret = shown;
	return r;
}

int access_token_revoke(struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *id)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id));

	if (user)
		BCON_APPEND(filter, "user", BCON_UUID(user));
	return revocation_write_one(s, outbox, ACCESS_TOKENS_COLLECTION, filter);
}

int access_tokens_revoke_all(struct store *s, struct outbox *outbox, const struct uuid *user)
{
	return revocation_write_all(s, outbox, ACCESS_TOKENS_COLLECTION, BCON_NEW("user", BCON_UUID(user)));
}
