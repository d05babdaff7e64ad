/* internal - what the files of this role share; nobody else includes it. */
#pragma once

#include "auth/authentication/authentication.h"

struct authentication {
	struct store *store;
	struct hasher *hasher;
	struct keyring *keyring;
	const struct upkeep *upkeep;
	const struct clients *clients;
	struct sessions_options sessions;
	int64_t token_age_s;
	struct metric *logins, *refreshes, *service_tokens;
};

static inline struct authentication *authentication_of(void *owner)
{
	return ((const struct auth *)owner)->authentication;
}

/* Adds 1 to the series of @result. */
void authentication_count(struct metric *m, const char *result);

/* ---- handlers ---- */

void login_handle(struct web_request *q, void *owner);
void refresh_handle(struct web_request *q, void *owner);
void logout_handle(struct web_request *q, void *owner);
void jwks_handle(struct web_request *q, void *owner);
void service_token_handle(struct web_request *q, void *owner);
