/*
 * token - access tokens: JWT signed with ES256 (RFC 7519, RFC 7518 section 3.4), their keys as JWKS (RFC 7517)
 *
 * Verification is strict: ES256 and typ "at+jwt" (RFC 9068) only, key by kid, base64url in its one canonical form, no
 * JSON member twice; iss, aud, exp and nbf are checked. The signature is OpenSSL's work, here and nowhere else:
 * libjwt 1.10 refuses any typ but "JWT", writes no other, and parses the key's PEM at every call.
 *
 * Thread: signers and key sets may be used from any thread; key sets are replaced as a whole.
 */
#pragma once

#include "base/err.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TOKEN_SIZE_MAX = 2048, /* of a token, with its NUL */
	TOKEN_SCOPE_MAX = 256,
	TOKEN_CLIENT_MAX = 64,
	TOKEN_KID_MAX = 64,
	TOKEN_KEYS_MAX = 16, /* keys in a set; more are passed over */
	TOKEN_JWKS_MAX = 64 * 1024, /* bytes of a JWKS document */
	TOKEN_LEEWAY_S = 30, /* how far the issuer's clock may be ahead, for nbf; exp has none */
};

enum token_result {
	TOKEN_E_MALFORMED = 1, /* not a JWT, wrong typ, a claim missing or of the wrong type */
	TOKEN_E_ALGORITHM, /* any other than ES256 */
	TOKEN_E_UNKNOWN_KEY, /* no such kid: fetch the JWKS again, once */
	TOKEN_E_SIGNATURE,
	TOKEN_E_ISSUER,
	TOKEN_E_AUDIENCE,
	TOKEN_E_EXPIRED,
	TOKEN_E_NOT_YET,
};

struct token_claims {
	struct uuid subject; /* the user; all zero for services, whose "sub" is their client_id */
	struct uuid session; /* claim "sid"; all zero for services */
	bool service; /* claim "client_id" is there: a module, not a person */
	char client[TOKEN_CLIENT_MAX]; /* the client_id of a service; else empty */
	char scope[TOKEN_SCOPE_MAX]; /* space-separated; of a person, empty: not limited, all that a person may */
	int64_t issued_s, expires_s; /* seconds since 1970 */
};

/* Whether @scope is among the claims' scopes. */
bool token_has_scope(const struct token_claims *c, const char *scope);

/* Whether the bearer may do what needs @scope: a module that has it, a person whose token is not limited or has it. NULL: what no
 * scope stands for, so only a person whose token is not limited. */
bool token_may(const struct token_claims *c, const char *scope);

/* What a personal access token begins with: it is no JWT, and only auth knows what stands behind it. */
#define TOKEN_PERSONAL_PREFIX "pettrack_pat_"
bool token_is_personal(const char *token, size_t len);

/* ---- keys ---- */

/* A new P-256 key pair as PKCS#8 PEM, NUL-terminated, the caller's to wipe and free(). */
MUST_CHECK int token_key_generate(char **ret_pem);

struct token_signer;
/* @kid: the key's id, at most TOKEN_KID_MAX - 1 bytes. @kid, @issuer and @audience are copied. -EINVAL for a bad key. */
MUST_CHECK int token_signer_open(
	struct token_signer **ret, const char *pem, const char *kid, const char *issuer, const char *audience);
/* Signs into @out (NUL-terminated). 0, -ENOSPC when @size or TOKEN_SIZE_MAX is too small, -EINVAL for claims that
 * token_verify() would refuse, or -errno. */
MUST_CHECK int token_sign(struct token_signer *s, const struct token_claims *c, char *out, size_t size);
void token_signer_close(struct token_signer *s); /* accepts NULL */

/* The public half of @pem as one JWK object, the caller's to free(). */
MUST_CHECK int token_jwk(const char *pem, const char *kid, char **ret_json);

struct token_keys;
/* An empty set: every token is of an unknown key. @issuer and @audience are copied. */
MUST_CHECK int token_keys_open(struct token_keys **ret, const char *issuer, const char *audience);
/* Replaces the set by a JWKS document's EC P-256 signature keys; others are passed over. What was remembered of tokens
 * is forgotten. The document that is in use already changes nothing. 0, or -EINVAL when it is no JWKS or has no such key, or -ENOMEM (set unchanged). */
MUST_CHECK int token_keys_load(struct token_keys *k, const char *jwks, size_t len);
size_t token_keys_count(struct token_keys *k);
void token_keys_close(struct token_keys *k); /* accepts NULL */

/* Verifies @jwt (@len bytes) at @now_s. Remembers tokens it has verified, bounded, so that the same one again costs a
 * hash look-up and its times are still checked. 0 and *ret, or enum token_result, or -errno. */
MUST_CHECK int token_verify(struct token_keys *k, const char *jwt, size_t len, int64_t now_s, struct token_claims *ret);
