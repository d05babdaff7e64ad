/*
 * users - the collection users: registration writes it, authentication reads it
 *
 * { _id: UUID, email: lower case, unique, password: argon2id text, name: text?, created: Date, asked: Date }
 * Thread: any.
 */
#pragma once

#include "auth/common/hasher.h"
#include "base/uuid.h"
#include "store/store.h"

/* Makes the collection's indexes. */
MUST_CHECK int users_prepare(struct store *s);

/* Makes a user, or leaves a known address as it is but for "asked"; one write either way, and the same result. @name may be
 * NULL. 0, STORE_E_RETRY or negative. */
MUST_CHECK int users_add(struct store *s, const char *email, const char *hash, const char *name, int64_t now_ms);

struct user {
	struct uuid id;
	char hash[HASHER_TEXT_SIZE];
};

/* 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int users_find(struct store *s, const char *email, struct user *ret);
