/*
 * session - whether a session still stands
 *
 * Collection sessions, one document for a session, which is also a refresh token's family; see authentication/sessions.h
 * for all of it. Other roles only ask this.
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

#define SESSIONS_COLLECTION "sessions"

/* 0 when it was neither revoked nor has ended, STORE_E_MISSING when it was or has, STORE_E_RETRY or negative. */
MUST_CHECK int session_stands(struct store *s, const struct uuid *session);
