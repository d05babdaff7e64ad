/*
 * authentication - log in, refresh, log out; keys for who verifies; tokens for services
 *
 * Thread: handlers run on the server's.
 */
#pragma once

#include "auth/authentication/clients.h"
#include "auth/authentication/sessions.h"
#include "auth/common/auth.h"

struct authentication;

struct authentication_options {
	const struct clients *clients; /* borrowed */
	const struct master *master; /* copied from */
	const char *issuer, *base_url; /* borrowed; @base_url NULL: as each caller has found it */
	int64_t token_age_ms, refresh_age_ms, grace_ms, sessions_per_user;
	int64_t personal_age_ms, personal_per_user; /* of personal access tokens, at most */
};

extern const struct web_route authentication_routes[];
extern const struct outbox_source *const authentication_sources[]; /* NULL-terminated */
extern const struct erasure_part authentication_erase[];

/* Borrows the parts of @a. */
MUST_CHECK int authentication_open(
	struct authentication **ret, const struct auth *a, const struct authentication_options *o);
void authentication_close(struct authentication *x); /* accepts NULL */

/* Its collections and indexes; an upkeep_prepare. */
MUST_CHECK int authentication_prepare(struct store *s);
