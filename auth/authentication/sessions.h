/*
 * sessions - log-ins that last, in MongoDB
 *
 * { _id: UUID, user: UUID, client: text?, address: text?, created: Date, rotated: Date, expires: Date (TTL),
 *   current: SHA-256, previous: SHA-256?, box: bytes?, revoked: Date?, event? }
 * A revoked session (common/session.h) has neither tokens nor expires; it stays until its event is in Kafka (outbox), and is
 * then deleted.
 * Thread: any.
 */
#pragma once

#include "auth/authentication/refresh.h"
#include "auth/common/outbox.h"
#include "auth/common/users.h"
#include "store/store.h"

#include <jansson.h>

struct sessions_options {
	struct store *store;
	struct outbox *outbox;
	uint8_t tag_key[crypto_generichash_KEYBYTES];
	int64_t refresh_age_ms; /* how long an unused refresh token is good */
	int64_t grace_ms;
	int64_t per_user_max;
};

/* What the bearer of a refresh token has. */
struct session_grant {
	struct uuid user, session;
	struct refresh_token refresh;
	int64_t expires_ms; /* of @refresh */
};

/* Beside enum store_result. */
enum session_result {
	SESSION_E_INVALID = 64, /* no such session, not any more, or no token of ours */
	SESSION_E_REUSED, /* an old token was shown: the session is revoked now; the grant says whose and which it was */
};

/* Makes the indexes; an upkeep_prepare. */
MUST_CHECK int sessions_prepare(struct store *s);

/* What made a session, as the client says and the network; either may be NULL. */
struct session_origin {
	const char *client; /* User-Agent */
	const char *address;
};

/* A new session of @proven, a user as he was read before he proved who he is. Those beyond the user's maximum are revoked,
 * longest unused first. 0; SESSION_E_INVALID: he is gone, or has another password or second factor by now, so that the session
 * may have come after those that this ended, and is revoked; STORE_E_RETRY or negative: no tokens of it are good. */
MUST_CHECK int session_create(const struct sessions_options *o, const struct user *proven,
	const struct session_origin *origin, int64_t now_ms, struct session_grant *ret);

/* Whether @token would be traded now, which it is not: 0 and whose it is (without a successor), SESSION_E_INVALID,
 * STORE_E_RETRY or negative. */
MUST_CHECK int session_of_refresh(
	const struct sessions_options *o, const char *token, size_t len, int64_t now_ms, struct session_grant *ret);

/* All of @user's that stand, the last used first, as JSON (GET /v1/sessions); the caller's. @current is marked. */
MUST_CHECK int sessions_list(const struct sessions_options *o, const struct uuid *user, const struct uuid *current,
	int64_t now_ms, json_t **ret);

/* Trades a refresh token for the next. Two callers at once with the same token both succeed and get the same. 0,
 * SESSION_E_*, STORE_E_RETRY or negative. *ret_repeated: it had been traded already. */
MUST_CHECK int session_refresh(const struct sessions_options *o, const char *token, size_t len, int64_t now_ms,
	struct session_grant *ret, bool *ret_repeated);
