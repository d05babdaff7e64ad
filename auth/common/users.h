/*
 * users - the collection users: registration writes it, authentication reads it
 *
 * { _id: UUID, email: lower case, unique, password: argon2id text, name: text?, created: Date, asked: Date, verified: Date?,
 *   expires: Date? (TTL), totp: { sealed, since, step }?, recovery: [SHA-256]?, former? (former.h) }
 * An account with "expires" waits for its address to be verified: nobody can log in to it, so nothing is anybody's there,
 * and it goes by itself. One that was made without verification has neither "expires" nor "verified".
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"
#include "auth/common/hasher.h"
#include "base/uuid.h"
#include "store/store.h"

#define USERS_COLLECTION "users"

enum { USER_NAME_SIZE = 4 * NAME_MAX_CHARS + 1 };

struct user {
	struct uuid id;
	char email[EMAIL_SIZE];
	char name[USER_NAME_SIZE]; /* "": none */
	char hash[HASHER_TEXT_SIZE];
	int64_t created_ms; /* of what nobody verified and somebody else asked for: since then */
	int64_t verify_by_ms; /* when it goes unless it was verified, and nobody may log in before; 0: it waits for nothing */
	bool verified; /* it was seen that the address is his */
	int64_t totp_since_ms; /* since when the second factor is in use; 0: there is none */
	int64_t recovery_codes; /* left */
};

/* Makes the collection's indexes. */
MUST_CHECK int users_prepare(struct store *s);

/* By address or by id. 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int users_find(struct store *s, const char *email, struct user *ret);
MUST_CHECK int users_get(struct store *s, const struct uuid *id, struct user *ret);

/* Whether there is such a user: what is left of one who is gone shows nothing any more, though the erasure has not come to it.
 * 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int users_there(struct store *s, const struct uuid *id);

/* Inserts @u: id, email, name, hash, created_ms, verify_by_ms. 0, STORE_E_DUPLICATE when the address is known,
 * STORE_E_RETRY or negative. */
MUST_CHECK int users_add(struct store *s, const struct user *u);

/* Applies @update, one of MongoDB's ({ $set: ... }), to the user while he matches @condition too (NULL: whatever he is
 * like). 0, STORE_E_MISSING, STORE_E_DUPLICATE when it sets an address that is known, STORE_E_RETRY or negative. */
MUST_CHECK int users_change(struct store *s, const struct uuid *id, const bson_t *condition, const bson_t *update);
