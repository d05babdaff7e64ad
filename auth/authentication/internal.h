/* internal - what the files of this role share; nobody else includes it. */
#pragma once

#include "auth/authentication/authentication.h"

struct authentication {
	struct store *store;
	struct hasher *hasher;
	struct keyring *keyring;
	const struct upkeep *upkeep;
	const struct clients *clients;
	const char *issuer, *base_url; /* @base_url NULL: where the caller has found it */
	struct sessions_options sessions;
	int64_t token_age_s;
	int64_t personal_age_ms, personal_max; /* of personal access tokens: age at most, and of one user */
	struct metric *logins, *refreshes, *service_tokens, *links;
};

static inline struct authentication *authentication_of(void *owner)
{
	return ((const struct auth *)owner)->authentication;
}

/* Adds 1 to the series of @result. */
void authentication_count(struct metric *m, const char *result);

/* Begins a session of @user, as he was when he proved who he is, for who asks, and answers its tokens. 0, SESSION_E_INVALID
 * (session_create()), or what auth_fail() takes: not answered then. */
MUST_CHECK int answer_session(struct web_request *q, const struct authentication *x, const struct user *user);

/* ---- handlers ---- */

void login_handle(struct web_request *q, void *owner);
void refresh_handle(struct web_request *q, void *owner);
void logout_handle(struct web_request *q, void *owner);
void session_list_handle(struct web_request *q, void *owner);
void session_revoke_handle(struct web_request *q, void *owner);
void session_revoke_others_handle(struct web_request *q, void *owner);
void token_create_handle(struct web_request *q, void *owner);
void token_list_handle(struct web_request *q, void *owner);
void token_delete_handle(struct web_request *q, void *owner);
void totp_begin_handle(struct web_request *q, void *owner);
void totp_confirm_handle(struct web_request *q, void *owner);
void totp_disable_handle(struct web_request *q, void *owner);
void recovery_codes_handle(struct web_request *q, void *owner);
void link_open_handle(struct web_request *q, void *owner);
void jwks_handle(struct web_request *q, void *owner);
void metadata_handle(struct web_request *q, void *owner);
void service_token_handle(struct web_request *q, void *owner);
void introspect_handle(struct web_request *q, void *owner);
void revoke_handle(struct web_request *q, void *owner);
void rotate_handle(struct web_request *q, void *owner);
