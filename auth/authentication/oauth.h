/*
 * oauth - what the OAuth 2.0 endpoints share: who a client is, and how errors are answered (RFC 6749 sections 2.3.1, 5.2)
 *
 * Thread: handlers'.
 */
#pragma once

#include "auth/authentication/clients.h"
#include "auth/common/auth.h"

/* The client that proves itself, by HTTP Basic or in the form, never by both. NULL, and *ret_error what is wrong: for
 * oauth_answer_error(), or NULL where it is answered (429). */
const struct client_entry *oauth_client(struct web_request *q, const struct auth *a, const char **ret_error);

/* 401 for "invalid_client", else 400. */
void oauth_answer_error(struct web_request *q, const char *error);

/* The form's "token" into @out; else false, and it is answered. */
bool oauth_token(struct web_request *q, char out[static TOKEN_SIZE_MAX]);
