/* keys - public keys by kid, and the verification of tokens with them. */
#include "token/cache.h"
#include "token/es256.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct public_key {
	char kid[TOKEN_KID_MAX];
	EVP_PKEY *key;
};

struct key_set {
	struct public_key keys[TOKEN_KEYS_MAX];
	size_t n;
};

/* A verification holds @lock for reading from the look at the cache to the entry into it; so what a replaced key
 * verified cannot get into the cache after it was emptied. */
struct token_keys {
	pthread_rwlock_t lock;
	struct key_set set;
	uint8_t document[CACHE_DIGEST]; /* of the JWKS that @set is of; zeros while there is none */
	struct cache *cache;
	struct token_names names;
};

static void set_free(struct key_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		EVP_PKEY_free(s->keys[i].key);
	s->n = 0;
}

static EVP_PKEY *set_find(const struct key_set *s, const char *kid)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->keys[i].kid, kid))
			return s->keys[i].key;
	return NULL;
}

/* glibc lets readers starve a writer unless told otherwise. */
static int lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t a;
	int r = pthread_rwlockattr_init(&a);

	if (r)
		return -r;
	r = pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (r == 0)
		r = pthread_rwlock_init(lock, &a);
	pthread_rwlockattr_destroy(&a);
	return -r;
}

int token_keys_open(struct token_keys **ret, const char *issuer, const char *audience)
{
	struct token_keys *k = calloc(1, sizeof *k);
	int r = k ? lock_init(&k->lock) : -ENOMEM;

	if (r) {
		free(k);
		return r;
	}
	r = names_copy(&k->names, issuer, audience);
	if (r == 0)
		r = cache_open(&k->cache);
	if (r) {
		token_keys_close(k);
		return r;
	}
	*ret = k;
	return 0;
}

void token_keys_close(struct token_keys *k)
{
	if (!k)
		return;
	set_free(&k->set);
	cache_close(k->cache);
	names_free(&k->names);
	pthread_rwlock_destroy(&k->lock);
	free(k);
}

/* ---- JWKS ---- */

static const char *member(const json_t *jwk, const char *name, const char *absent)
{
	const json_t *v = json_object_get(jwk, name);

	return v ? json_is_string(v) ? json_string_value(v) : "" : absent;
}

static bool coordinate(const json_t *jwk, const char *name, uint8_t out[static ES256_COORDINATE])
{
	const char *s = member(jwk, name, "");
	size_t n;

	return text_unbase64(out, ES256_COORDINATE, &n, s, strlen(s)) == 0 && n == ES256_COORDINATE;
}

/* Whether @jwk is meant for ES256 signatures. */
static bool is_usable(const json_t *jwk)
{
	size_t kid = strlen(member(jwk, "kid", ""));

	return !strcmp(member(jwk, "kty", ""), "EC") && !strcmp(member(jwk, "crv", ""), "P-256") &&
	       !strcmp(member(jwk, "use", "sig"), "sig") && !strcmp(member(jwk, "alg", "ES256"), "ES256") && kid > 0 &&
	       kid < TOKEN_KID_MAX;
}

/* Adds @jwk where it can be used; of two with the same kid the first counts. 0 or -ENOMEM. */
static int set_add(struct key_set *s, const json_t *jwk)
{
	uint8_t x[ES256_COORDINATE], y[ES256_COORDINATE];
	struct public_key *k = &s->keys[s->n];

	if (!is_usable(jwk) || set_find(s, member(jwk, "kid", "")) || !coordinate(jwk, "x", x) ||
		!coordinate(jwk, "y", y))
		return 0;
	int r = es256_public(&k->key, x, y);
	if (r == -EINVAL)
		return 0;
	if (r)
		return r;
	memcpy(k->kid, member(jwk, "kid", ""), strlen(member(jwk, "kid", "")) + 1); /* is_usable() checked its length */
	s->n++;
	return 0;
}

static int set_read(struct key_set *s, const char *jwks, size_t len)
{
	json_error_t error;

	if (len > TOKEN_JWKS_MAX)
		return -EINVAL;
	json_t *doc = json_loadb(jwks, len, JSON_REJECT_DUPLICATES, &error);
	if (!doc)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	const json_t *list = json_object_get(doc, "keys");
	int r = 0;

	for (size_t i = 0; i < json_array_size(list) && s->n < TOKEN_KEYS_MAX && r == 0; i++)
		r = set_add(s, json_array_get(list, i));
	json_decref(doc);
	return r == 0 && s->n == 0 ? -EINVAL : r;
}

static int digest_of(uint8_t out[static CACHE_DIGEST], const char *text, size_t len)
{
	return EVP_Digest(text, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static bool is_in_use(struct token_keys *k, const uint8_t document[static CACHE_DIGEST])
{
	pthread_rwlock_rdlock(&k->lock);
	bool same = !memcmp(k->document, document, CACHE_DIGEST);
	pthread_rwlock_unlock(&k->lock);
	return same;
}

int token_keys_load(struct token_keys *k, const char *jwks, size_t len)
{
	struct key_set set = { .n = 0 };
	uint8_t document[CACHE_DIGEST];
	int r = digest_of(document, jwks, len);

	if (r || is_in_use(k, document))
		return r;
	r = set_read(&set, jwks, len);
	if (r == 0) {
		pthread_rwlock_wrlock(&k->lock);
		struct key_set old = k->set;
		k->set = set;
		set = old;
		memcpy(k->document, document, CACHE_DIGEST);
		cache_empty(k->cache);
		pthread_rwlock_unlock(&k->lock);
	}
	set_free(&set);
	return r;
}

size_t token_keys_count(struct token_keys *k)
{
	pthread_rwlock_rdlock(&k->lock);
	size_t n = k->set.n;
	pthread_rwlock_unlock(&k->lock);
	return n;
}

/* ---- verification ---- */

enum { SIGNATURE_TEXT = TEXT_BASE64_SIZE(ES256_SIGNATURE) - 1 - 2 }; /* without NUL and padding */

struct parts {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signed_len;
};

static int split(const char *jwt, size_t len, struct parts *ret)
{
	const char *first = memchr(jwt, '.', len);
	const char *second = first ? memchr(first + 1, '.', len - (size_t)(first + 1 - jwt)) : NULL;

	if (!second || memchr(second + 1, '.', len - (size_t)(second + 1 - jwt)))
		return TOKEN_E_MALFORMED;
	*ret = (struct parts){
		.header = jwt,
		.header_len = (size_t)(first - jwt),
		.payload = first + 1,
		.payload_len = (size_t)(second - first - 1),
		.signed_len = (size_t)(second - jwt),
		.signature = second + 1,
	};
	return 0;
}

/* Everything but the times. */
static int verify_fresh(const struct token_keys *k, const char *jwt, size_t len, struct claims_read *ret)
{
	struct parts p;
	char kid[TOKEN_KID_MAX];
	uint8_t signature[ES256_SIGNATURE];
	size_t n;
	int r = split(jwt, len, &p);

	if (r == 0)
		r = header_read(p.header, p.header_len, kid);
	if (r)
		return r;
	EVP_PKEY *key = set_find(&k->set, kid);
	if (!key)
		return TOKEN_E_UNKNOWN_KEY;
	if (len - p.signed_len - 1 != SIGNATURE_TEXT || memchr(p.signature, '+', SIGNATURE_TEXT) ||
		memchr(p.signature, '/', SIGNATURE_TEXT) ||
		text_unbase64(signature, sizeof signature, &n, p.signature, SIGNATURE_TEXT) || n != sizeof signature)
		return TOKEN_E_SIGNATURE;
	r = es256_verify(key, jwt, p.signed_len, signature);
	return r ? r : claims_read(p.payload, p.payload_len, &k->names, ret);
}

static int verify(struct token_keys *k, const char *jwt, size_t len, struct claims_read *ret)
{
	uint8_t digest[CACHE_DIGEST];
	int r = digest_of(digest, jwt, len);

	if (r)
		return r;
	pthread_rwlock_rdlock(&k->lock);
	if (!cache_find(k->cache, digest, ret)) {
		r = verify_fresh(k, jwt, len, ret);
		if (r == 0)
			cache_add(k->cache, digest, ret);
	}
	pthread_rwlock_unlock(&k->lock);
	return r;
}

int token_verify(struct token_keys *k, const char *jwt, size_t len, int64_t now_s, struct token_claims *ret)
{
	struct claims_read read;

	if (len >= TOKEN_SIZE_MAX)
		return TOKEN_E_MALFORMED;
	int r = verify(k, jwt, len, &read);
	if (r)
		return r;
	if (read.claims.expires_s <= now_s)
		return TOKEN_E_EXPIRED;
	if (read.not_before_s > now_s && read.not_before_s - now_s > TOKEN_LEEWAY_S)
		return TOKEN_E_NOT_YET;
	*ret = read.claims;
	return 0;
}
