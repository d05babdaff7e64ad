/*
 * invitation - who may have an account where not everybody may
 *
 * Collection invitations: { _id: UUID, token: SHA-256, unique, by: UUID? (none: a service), email: text?, created: Date,
 * expires: Date (TTL), used: SHA-256 of an address?, true once that account is erased }. A token is good for the first
 * address that registers with it, and for that one again, so that who mistyped a password, or never got the mail, may register again. An address that has an
 * account uses it up like any other: whether it has one is not to be learnt here.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/one_time.h"
#include "auth/common/users.h"

#include <jansson.h>

#define INVITATIONS_COLLECTION "invitations"

/* Makes the indexes. */
MUST_CHECK int invitation_prepare(struct store *s);

struct invitation {
	const struct uuid *by; /* NULL: a service */
	const char *email; /* NULL: for any address */
	int64_t created_ms, expires_ms;
	struct uuid id; /* made by invitation_make() */
	char token[ONE_TIME_SIZE]; /* likewise; stored nowhere */
};

/* Stores it. 0, STORE_E_RETRY or negative. */
MUST_CHECK int invitation_make(struct store *s, struct invitation *i);

/* Whether @email may register with @token, a JSON text. 0; STORE_E_MISSING: no such, not any more, or another's; STORE_E_RETRY
 * or negative. */
MUST_CHECK int invitation_look(struct store *s, const json_t *token, const char *email);

/* The same, and from now on no other address may. */
MUST_CHECK int invitation_take(struct store *s, const json_t *token, const char *email);

/* Appends to a filter: used by @email. */
void invitation_put_used(bson_t *filter, const char *email);

/* All of @by's, newest first, {"id","email","created","expires","used"}; at most @limit. 0 and *ret the caller's,
 * STORE_E_RETRY or negative. */
MUST_CHECK int invitation_list(struct store *s, const struct uuid *by, int64_t limit, json_t **ret);

/* Whether @by has fewer than @max. 0, STORE_E_RETRY or negative. */
MUST_CHECK int invitation_room(struct store *s, const struct uuid *by, int64_t max, bool *ret_room);

/* Removes @by's. STORE_E_MISSING: he has no such, or it was used. */
MUST_CHECK int invitation_revoke(struct store *s, const struct uuid *by, const struct uuid *id);
