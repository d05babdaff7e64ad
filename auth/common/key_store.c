/* key_store - reading, making and sealing keys. */
#include "auth/common/key_store.h"
#include "auth/common/document.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char COLLECTION[] = "signing_keys";

/* ---- reading ---- */

static bool read_sealed(const bson_t *d, struct stored_key *out)
{
	bson_iter_t i;
	bson_subtype_t subtype;
	uint32_t len;
	const uint8_t *bytes;

	if (!bson_iter_init_find(&i, d, "sealed") || !BSON_ITER_HOLDS_BINARY(&i))
		return false;
	bson_iter_binary(&i, &subtype, &len, &bytes);
	if (len <= SEALED_OVERHEAD || len > sizeof out->sealed)
		return false;
	memcpy(out->sealed, bytes, len);
	out->sealed_len = len;
	return true;
}

/* Those that were made before "made" was written are old enough: 0. */
static int read_key(const bson_t *d, struct stored_key *out)
{
	const char *kid = document_text(d, "kid"), *jwk = document_text(d, "jwk");

	out->times.made_ms = 0;
	document_time(d, "made", &out->times.made_ms);
	if (!document_int(d, "_id", &out->times.number) || !document_time(d, "active", &out->times.active_ms) || !kid ||
		strlen(kid) >= sizeof out->kid || !jwk || strlen(jwk) >= sizeof out->jwk || !read_sealed(d, out))
		return -EBADMSG;
	memcpy(out->kid, kid, strlen(kid) + 1);
	memcpy(out->jwk, jwk, strlen(jwk) + 1);
	return 0;
}

int key_store_read(struct store *s, struct stored_keys *ret)
{
	bson_t *all = bson_new();
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(-1), "}", "limit", BCON_INT64(STORED_KEYS_MAX));
	struct store_cursor *c = NULL;
	const bson_t *d;
	struct stored_key newest[STORED_KEYS_MAX];
	size_t n = 0;
	int r = store_find(s, COLLECTION, all, options, &c);

	while (r == 0 && n < STORED_KEYS_MAX && (r = store_next(c, &d)) == 0) {
		r = read_key(d, &newest[n]);
		n += r == 0;
	}
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(all);
	for (size_t i = 0; i < n; i++)
		ret->keys[i] = newest[n - 1 - i];
	ret->n = n;
	return r == STORE_E_MISSING ? 0 : r;
}

/* ---- private halves ---- */

static void seal(const char *pem, const uint8_t *seal_key, struct stored_key *out)
{
	size_t n = strlen(pem);

	sealed_make(out->sealed, pem, n, seal_key);
	out->sealed_len = SEALED_OVERHEAD + n;
}

int key_store_unseal(const struct stored_key *key, const uint8_t *seal_key, char ret_pem[static STORED_PEM_MAX + 1])
{
	int r = sealed_open(ret_pem, key->sealed, key->sealed_len, seal_key);

	if (r == 0)
		ret_pem[key->sealed_len - SEALED_OVERHEAD] = '\0'; /* read_key() took none that is shorter */
	return r;
}

/* ---- making ---- */

static int new_kid(char out[static TOKEN_KID_MAX])
{
	struct uuid u;
	int r = uuid_random(&u);

	if (r == 0)
		uuid_format(out, &u);
	return r;
}

/* A new pair, sealed. *ret_jwk is the caller's to free(). */
static int generate(const uint8_t *seal_key, struct stored_key *out, char **ret_jwk)
{
	char *pem = NULL;
	int r = new_kid(out->kid);

	if (r == 0)
		r = token_key_generate(&pem);
	if (r == 0 && strlen(pem) > STORED_PEM_MAX)
		r = -EMSGSIZE;
	if (r == 0)
		r = token_jwk(pem, out->kid, ret_jwk);
	if (r == 0)
		seal(pem, seal_key, out);
	if (pem)
		sodium_memzero(pem, strlen(pem));
	free(pem);
	return r;
}

int key_store_make(struct store *s, const struct key_times *times, const uint8_t *seal_key)
{
	struct stored_key key;
	char *jwk = NULL;
	int r = generate(seal_key, &key, &jwk);

	if (r == 0) {
		bson_t *d = BCON_NEW("_id", BCON_INT64(times->number), "kid", BCON_UTF8(key.kid), "active",
			BCON_DATE_TIME(times->active_ms), "made", BCON_DATE_TIME(clock_real_ms()), "jwk",
			BCON_UTF8(jwk), "sealed", BCON_BYTES(key.sealed, key.sealed_len));
		r = store_insert(s, COLLECTION, d);
		bson_destroy(d);
	}
	free(jwk);
	if (r == 0)
		log_info("signing key made", LOG_S("kid", key.kid), LOG_I("number", times->number));
	return r == STORE_E_DUPLICATE ? 0 : r;
}

/* ---- changes ---- */

int key_store_activate(struct store *s, int64_t number, int64_t active_ms)
{
	bson_t *filter = BCON_NEW("_id", BCON_INT64(number));
	bson_t *update = BCON_NEW("$min", "{", "active", BCON_DATE_TIME(active_ms), "}");
	int r = store_update_one(s, COLLECTION, filter, update, false);

	bson_destroy(update);
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

int key_store_drop_before(struct store *s, int64_t number)
{
	bson_t *filter = BCON_NEW("_id", "{", "$lt", BCON_INT64(number), "}");
	int r = store_delete_many(s, COLLECTION, filter, NULL);

	bson_destroy(filter);
	return r;
}
