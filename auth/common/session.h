/*
 * session - whether a session still stands, and its end
 *
 * Collection sessions, one document for a session, which is also a refresh token's family; see authentication/sessions.h
 * for all of it. Other roles only ask whether one stands, or end some; those that do list sessions_source among theirs, so
 * that the event goes out at once where they are a process of their own.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"
#include "base/uuid.h"
#include "store/store.h"

#define SESSIONS_COLLECTION "sessions"

/* Revoked sessions, for the outbox. */
extern const struct outbox_source sessions_source;

/* 0 when it was neither revoked nor has ended, STORE_E_MISSING when it was or has, STORE_E_RETRY or negative. */
MUST_CHECK int session_stands(struct store *s, const struct uuid *session);

/* Ends one of @user's sessions (NULL: whosever it is): here at once, elsewhere by its event. @outbox may be NULL. 0,
 * STORE_E_MISSING where @user has no such session, or it had ended already; STORE_E_RETRY or negative. */
MUST_CHECK int session_revoke(
	struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *session);

/* Ends all of @user's sessions but @except (NULL: all of them), likewise; 0 also when there was none. */
MUST_CHECK int session_revoke_all(
	struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *except);
