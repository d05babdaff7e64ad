/* one_time - one document a token, under its hash; taking is one conditional write. */
#include "auth/common/one_time.h"
#include "base/clock.h"
#include "store/index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char COLLECTION[] = "links";

static const struct {
	enum one_time_kind kind;
	const char *name;
} kinds[] = {
	{ ONE_TIME_NONE, "none" },
	{ ONE_TIME_VERIFY, "verify" },
	{ ONE_TIME_RESET, "reset" },
	{ ONE_TIME_EMAIL, "email" },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *name_of(enum one_time_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "";
}

int one_time_prepare(struct store *s)
{
	bson_t *keys = BCON_NEW("user", BCON_INT32(1), "kind", BCON_INT32(1));
	int r = index_ensure(s, COLLECTION, "user", keys, 0);

	return r ? r : index_ensure_ttl(s, COLLECTION, 0);
}

/* ---- tokens ---- */

void one_time_token(char out[static ONE_TIME_SIZE], uint8_t ret_hash[static SHA256_SIZE])
{
	uint8_t bytes[ONE_TIME_BYTES];

	randombytes_buf(bytes, sizeof bytes);
	text_base64url(out, bytes, sizeof bytes);
	crypto_hash_sha256(ret_hash, bytes, sizeof bytes);
	sodium_memzero(bytes, sizeof bytes);
}

bool one_time_hash(const char *token, size_t len, uint8_t ret_hash[static SHA256_SIZE])
{
	uint8_t bytes[ONE_TIME_BYTES];
	size_t n;

	if (!token || text_unbase64(bytes, sizeof bytes, &n, token, len) || n != sizeof bytes)
		return false;
	crypto_hash_sha256(ret_hash, bytes, sizeof bytes);
	sodium_memzero(bytes, sizeof bytes);
	return true;
}

/* ---- making ---- */

int one_time_make(struct store *s, enum one_time_kind kind, const struct uuid *user, const char *email,
	int64_t expires_ms, char out[static ONE_TIME_SIZE])
{
	uint8_t hash[SHA256_SIZE];

	one_time_token(out, hash);
	bson_t *doc = BCON_NEW("_id", BCON_BYTES(hash, sizeof hash), "kind", BCON_UTF8(name_of(kind)), "user",
		BCON_UUID(user), "created", BCON_DATE_TIME(clock_real_ms()), "expires", BCON_DATE_TIME(expires_ms));
	if (email)
		BSON_APPEND_UTF8(doc, "email", email);
	int r = store_insert(s, COLLECTION, doc);
	bson_destroy(doc);
	return r;
}

/* ---- reading ---- */

/* Only those that are good match: MongoDB's own removal comes up to a minute late. */
static void append_good(bson_t *filter, enum one_time_kind kind)
{
	BCON_APPEND(filter, "kind", BCON_UTF8(name_of(kind)), "used", "{", "$exists", BCON_BOOL(false), "}", "expires",
		"{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
}

/* NULL: @token cannot be one. */
static bson_t *filter_of(enum one_time_kind kind, const char *token, size_t len)
{
	uint8_t hash[SHA256_SIZE];

	if (!one_time_hash(token, len, hash))
		return NULL;
	bson_t *filter = BCON_NEW("_id", BCON_BYTES(hash, sizeof hash));
	append_good(filter, kind);
	return filter;
}

static bool read_email(const bson_t *doc, char ret_email[static EMAIL_SIZE])
{
	const char *email = document_text(doc, "email");

	if (email && strlen(email) < EMAIL_SIZE)
		memcpy(ret_email, email, strlen(email) + 1);
	return email && strlen(email) < EMAIL_SIZE;
}

/* Frees @doc. */
static int read_worth(bson_t *doc, struct one_time *ret)
{
	struct one_time worth = { .email = "" };
	bool ok = document_uuid(doc, "user", &worth.user) && document_time(doc, "created", &worth.created_ms) &&
		  (!document_has(doc, "email") || read_email(doc, worth.email));

	bson_destroy(doc);
	if (!ok)
		return -EBADMSG;
	*ret = worth;
	return 0;
}

int one_time_look(struct store *s, enum one_time_kind kind, const char *token, size_t len, struct one_time *ret)
{
	bson_t *filter = filter_of(kind, token, len), *doc;

	if (!filter)
		return STORE_E_MISSING;
	int r = store_find_one(s, COLLECTION, filter, NULL, &doc);
	bson_destroy(filter);
	return r ? r : read_worth(doc, ret);
}

int one_time_take(struct store *s, enum one_time_kind kind, const char *token, size_t len, struct one_time *ret)
{
	bson_t *filter = filter_of(kind, token, len), *doc;

	if (!filter)
		return STORE_E_MISSING;
	bson_t *update = BCON_NEW("$set", "{", "used", BCON_DATE_TIME(clock_real_ms()), "}");
	int r = store_find_and_modify(s, COLLECTION, filter, update, true, &doc);
	bson_destroy(update);
	bson_destroy(filter);
	return r ? r : read_worth(doc, ret);
}

int one_time_email(struct store *s, const struct uuid *user, enum one_time_kind kind, char ret_email[static EMAIL_SIZE])
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user)), *doc;
	bson_t *options = BCON_NEW("sort", "{", "created", BCON_INT32(-1), "}");

	append_good(filter, kind);
	int r = store_find_one(s, COLLECTION, filter, options, &doc);
	bson_destroy(options);
	bson_destroy(filter);
	if (r)
		return r;
	bool ok = read_email(doc, ret_email);
	bson_destroy(doc);
	return ok ? 0 : -EBADMSG;
}

/* ---- end ---- */

int one_time_drop(struct store *s, const struct uuid *user, unsigned dropped)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user)), in, array;
	char key[16];
	unsigned n = 0;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "kind", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &array);
	for (size_t i = 0; i < KINDS; i++)
		if (dropped & kinds[i].kind) {
			snprintf(key, sizeof key, "%u", n++);
			BSON_APPEND_UTF8(&array, key, kinds[i].name);
		}
	bson_append_array_end(&in, &array);
	bson_append_document_end(filter, &in);
	int r = store_delete_many(s, COLLECTION, filter, NULL);
	bson_destroy(filter);
	return r;
}
