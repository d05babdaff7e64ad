/*
 * service_token - a module's own access token, by OAuth 2.0 client credentials (RFC 6749 section 4.4)
 *
 * Thread: any. One thread fetches; the others wait and share what it got, failure too.
 */
#pragma once

#include "client/exchange.h"

struct service_token;

/* @x is borrowed for the token's life; the texts are copied. */
MUST_CHECK int service_token_open(struct service_token **ret, struct exchanger *x, const char *url,
	const char *client_id, const char *client_secret);
/* Accepts NULL. */
void service_token_close(struct service_token *t);

/* A copy of a token that is still good, fetched when there is none and renewed in its last quarter (a minute at most).
 * Free with exchange_free_secret(). 0, CLIENT_E_DENIED, CLIENT_E_RETRY, CLIENT_E_MALFORMED or -errno. */
MUST_CHECK int service_token_get(struct service_token *t, char **ret);

/* @token was answered with 401: it is not given out again. */
void service_token_reject(struct service_token *t, const char *token);
