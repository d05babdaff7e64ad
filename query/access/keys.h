/*
 * keys - auth's public keys, kept up; and access tokens checked by them
 *
 * A thread fetches /.well-known/jwks.json: until it has it, then every refresh_ms, and when a token names a key that is
 * not known. That also shows whether auth is there, and, where there is a client id, whether it takes this client.
 *
 * Personal access tokens are not signed: auth is asked for them, and its answers are remembered (personal.h).
 *
 * Thread: any.
 */
#pragma once

#include "client/client.h"
#include "service/dependency.h"
#include "token/token.h"

struct keys;

struct keys_options {
	struct client_options auth; /* its base_url; client_id and client_secret where it is to know this program */
	const char *issuer; /* claim iss */
	int64_t refresh_ms; /* 0: 10 s */
	/* How long auth's answer about a personal access token is good, how long while auth is away, and how many are remembered. */
	int64_t personal_ttl_ms, personal_stale_ms, personal_max;
	struct dependency *dependency; /* told whether auth is there; may be NULL */
};

/* 0, -ENOMEM, or -EINVAL for a wrong URL. The strings are copied. */
MUST_CHECK int keys_open(struct keys **ret, const struct keys_options *o);
void keys_close(struct keys *k); /* accepts NULL */

/* Checks @token now. Where its key is not known, waits up to @wait_ms while they are fetched again, which happens not
 * more often than every few seconds. 0 and *ret, enum token_result, -EAGAIN while there are no keys at all, or auth does not
 * say now whether that key is one of its own, or -errno. */
MUST_CHECK int keys_verify(struct keys *k, const char *token, size_t len, int64_t wait_ms, struct token_claims *ret);

/* The personal access token whose id is @session was ended; NULL: any may have been. */
void keys_forget(struct keys *k, const struct uuid *session);

/* The keys have changed: they are fetched again soon. */
void keys_changed(struct keys *k);
