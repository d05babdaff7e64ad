/*
 * one_time - secrets that are good once: the tokens of links in mails
 *
 * Collection links: { _id: SHA-256 of the token, kind, user: UUID?, email: text?, created: Date, expires: Date (TTL),
 * used: Date? }. A token is 32 random bytes in base64url; it is stored nowhere (a mail that holds it is sealed).
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"
#include "auth/common/document.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/store.h"

#include <stdbool.h>

enum { ONE_TIME_BYTES = 32, ONE_TIME_SIZE = TEXT_BASE64_SIZE(ONE_TIME_BYTES) };

/* Bits, for one_time_drop(). */
enum one_time_kind {
	ONE_TIME_NONE = 1 << 0, /* nothing takes it: written so that an unknown address costs the same as a known one */
	ONE_TIME_VERIFY = 1 << 1,
	ONE_TIME_RESET = 1 << 2,
	ONE_TIME_EMAIL = 1 << 3,
};

/* What a token is worth. */
struct one_time {
	struct uuid user;
	char email[EMAIL_SIZE]; /* "": none */
	int64_t created_ms;
};

/* Makes the indexes; an upkeep_prepare. */
MUST_CHECK int one_time_prepare(struct store *s);

/* A new token into @out. @email may be NULL. 0, STORE_E_RETRY or negative. */
MUST_CHECK int one_time_make(struct store *s, enum one_time_kind kind, const struct uuid *user, const char *email,
	int64_t expires_ms, char out[static ONE_TIME_SIZE]);

/* What @token is worth, which stays so. 0; STORE_E_MISSING: no such token, not any more, or of another kind; STORE_E_RETRY
 * or negative. */
MUST_CHECK int one_time_look(
	struct store *s, enum one_time_kind kind, const char *token, size_t len, struct one_time *ret);

/* The same, and it is worth nothing from now on: of several callers at once, one gets 0. */
MUST_CHECK int one_time_take(
	struct store *s, enum one_time_kind kind, const char *token, size_t len, struct one_time *ret);

/* The user's tokens of these @kinds are worth nothing any more. 0 also when there was none. */
MUST_CHECK int one_time_drop(struct store *s, const struct uuid *user, unsigned kinds);

/* The address that the user's newest good token of @kind carries. 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int one_time_email(
	struct store *s, const struct uuid *user, enum one_time_kind kind, char ret_email[static EMAIL_SIZE]);

/* ---- tokens, for whoever keeps some of its own ---- */

/* A new one into @out, and what is stored of it into @ret_hash. */
void one_time_token(char out[static ONE_TIME_SIZE], uint8_t ret_hash[static SHA256_SIZE]);

/* What is stored of @token. False: it is none. */
bool one_time_hash(const char *token, size_t len, uint8_t ret_hash[static SHA256_SIZE]);
