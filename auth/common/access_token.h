/*
 * access_token - personal access tokens: what a person gives to his scripts
 *
 * Collection access_tokens: { _id: UUID, user: UUID, name, scopes: words with a space between, hash: SHA-256 unique,
 * created: Date, expires: Date (TTL), used: Date?, revoked: Date?, event? }. The token itself (TOKEN_PERSONAL_PREFIX and 256
 * random bits) is nowhere but with its owner. There is none without a scope: that would be one that may do everything.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/store.h"
#include "token/token.h"

#include <jansson.h>

#define ACCESS_TOKENS_COLLECTION "access_tokens"

enum {
	ACCESS_TOKEN_RANDOM = 32, /* bytes */
	ACCESS_TOKEN_LENGTH = sizeof TOKEN_PERSONAL_PREFIX - 1 + (ACCESS_TOKEN_RANDOM * 8 + 5) / 6, /* no padding */
	ACCESS_TOKEN_SIZE = sizeof TOKEN_PERSONAL_PREFIX - 1 + TEXT_BASE64_SIZE(ACCESS_TOKEN_RANDOM),
};

/* The scopes that a token of a person can have; NULL-terminated. */
extern const char *const access_token_scopes[];

/* Makes the indexes; an upkeep_prepare. */
MUST_CHECK int access_tokens_prepare(struct store *s);

/* Revoked ones, for the outbox of a role that revokes some. */
extern const struct outbox_source access_tokens_source;

/* What stands behind @token: its user and scopes; its id is the claims' session. That it was used is written once a
 * minute at most. 0, STORE_E_MISSING where there is none, or none any more; STORE_E_RETRY or negative. */
MUST_CHECK int access_token_verify(struct store *s, const char *token, size_t len, struct token_claims *ret);

struct access_token_wish {
	struct uuid user;
	const char *name; /* borrowed */
	char scopes[TOKEN_SCOPE_MAX];
	int64_t expires_ms;
};

/* 0, the token, which is shown once, and, as JSON (GET /v1/tokens), what is known of it, the caller's; STORE_E_RETRY or
 * negative. */
MUST_CHECK int access_token_create(
	struct store *s, const struct access_token_wish *w, char ret_token[static ACCESS_TOKEN_SIZE], json_t **ret);

/* @user's, as JSON, oldest first; the caller's. */
MUST_CHECK int access_tokens_list(struct store *s, const struct uuid *user, int64_t limit, json_t **ret);

/* Ends one of @user's (NULL: whosever it is), here at once, elsewhere by its event. 0, STORE_E_MISSING where there is none
 * such, STORE_E_RETRY or negative. */
MUST_CHECK int access_token_revoke(
	struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *id);

/* Ends all of @user's, likewise; 0 also when there was none. */
MUST_CHECK int access_tokens_revoke_all(struct store *s, struct outbox *outbox, const struct uuid *user);
