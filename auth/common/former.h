/*
 * former - the addresses that an account had before: what names it by one of them is found by them when it ends
 *
 * { former: [{ email, until: Date }, ...] } in a user's document, and in the erasure's. An address that is given up may be
 * somebody else's afterwards: it stands for the account in what was made until then, and in nothing later.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"
#include "base/uuid.h"
#include "store/store.h"

enum { FORMER_MAX = 16 }; /* the last */

struct former_address {
	char email[EMAIL_SIZE];
	int64_t until_ms;
};

struct former_addresses {
	struct former_address at[FORMER_MAX];
	size_t n;
};

/* Appends to an update of a user's document that @email was his until @until_ms. */
void former_push(bson_t *update, const char *email, int64_t until_ms);

/* What @doc has of them. False when it makes no sense. */
bool former_read(const bson_t *doc, struct former_addresses *ret);

/* Appends them to @doc; nothing where there are none. */
void former_append(bson_t *doc, const struct former_addresses *f);

/* Those of a user; none where he is gone. 0, STORE_E_RETRY or negative. */
MUST_CHECK int former_find(struct store *s, const struct uuid *user, struct former_addresses *ret);
