/* signer - a private key that signs tokens, and its public half as a JWK. */
#include "token/claims.h"
#include "token/es256.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { JWK_MAX = 1024 }; /* of which a kid, every character escaped, is the most */

struct token_signer {
	EVP_PKEY *key;
	struct token_names names;
	char kid[TOKEN_KID_MAX];
};

static bool good_kid(const char *kid)
{
	size_t n = strnlen(kid, TOKEN_KID_MAX);

	return n > 0 && n < TOKEN_KID_MAX;
}

int token_signer_open(
	struct token_signer **ret, const char *pem, const char *kid, const char *issuer, const char *audience)
{
	if (!good_kid(kid))
		return -EINVAL;
	struct token_signer *s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	memcpy(s->kid, kid, strlen(kid) + 1);
	int r = names_copy(&s->names, issuer, audience);
	if (r == 0)
		r = es256_private(&s->key, pem);
	if (r) {
		token_signer_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int token_sign(struct token_signer *s, const struct token_claims *c, char *out, size_t size)
{
	uint8_t signature[ES256_SIGNATURE];
	char text[TEXT_BASE64_SIZE(ES256_SIGNATURE)], token[TOKEN_SIZE_MAX];
	size_t n;
	int r = claims_write(c, s->kid, &s->names, token, sizeof token, &n);

	if (r)
		return r;
	r = es256_sign(s->key, token, n, signature);
	if (r)
		return r;
	size_t len = text_base64url(text, signature, sizeof signature);
	if (n + 1 + len >= sizeof token || n + 1 + len >= size)
		return -ENOSPC;
	memcpy(out, token, n);
	out[n] = '.';
	memcpy(out + n + 1, text, len + 1);
	return 0;
}

void token_signer_close(struct token_signer *s)
{
	if (!s)
		return;
	EVP_PKEY_free(s->key);
	names_free(&s->names);
	free(s);
}

static int jwk_text(const char *kid, const char *x, const char *y, char **ret_json)
{
	char text[JWK_MAX];
	json_t *jwk = json_pack("{ss ss ss ss ss ss ss}", "kty", "EC", "crv", "P-256", "use", "sig", "alg", "ES256",
		"kid", kid, "x", x, "y", y);
	size_t n = jwk ? json_dumpb(jwk, text, sizeof text, JSON_COMPACT) : 0; /* see put_part() in claims.c */

	json_decref(jwk);
	char *copy = n > 0 && n <= sizeof text ? strndup(text, n) : NULL;
	if (!copy)
		return -ENOMEM;
	*ret_json = copy;
	return 0;
}

int token_jwk(const char *pem, const char *kid, char **ret_json)
{
	uint8_t x[ES256_COORDINATE], y[ES256_COORDINATE];
	char x_text[TEXT_BASE64_SIZE(sizeof x)], y_text[TEXT_BASE64_SIZE(sizeof y)];
	EVP_PKEY *key = NULL;
	int r = good_kid(kid) ? es256_private(&key, pem) : -EINVAL;

	if (r)
		return r;
	r = es256_point(key, x, y);
	EVP_PKEY_free(key);
	if (r)
		return r;
	text_base64url(x_text, x, sizeof x);
	text_base64url(y_text, y, sizeof y);
	return jwk_text(kid, x_text, y_text, ret_json);
}
