/*
 * personal - what stands behind personal access tokens, as auth says (RFC 7662); internal to query/access
 *
 * Remembered by the token's SHA-256, never the token. An answer is good for ttl_ms; while auth is away, for stale_ms. That a
 * token is none is not remembered: whoever tries some out would choose what is.
 *
 * Thread: any; personal_verify() may ask auth and so block.
 */
#pragma once

#include "base/uuid.h"
#include "client/client.h"
#include "token/token.h"

struct personal;

struct personal_options {
	struct client *client; /* of a service with the scope tokens.introspect; borrowed */
	int64_t ttl_ms, stale_ms;
	int64_t max; /* remembered; the one that was not used for longest goes */
};

/* 0, -ENOMEM, or -errno without randomness. */
MUST_CHECK int personal_open(struct personal **ret, const struct personal_options *o);
void personal_close(struct personal *p); /* accepts NULL */

/* 0 and *ret, TOKEN_E_MALFORMED where auth knows no such token (any more), TOKEN_E_EXPIRED, -EAGAIN where it is not known and
 * auth does not say now, or -ENOMEM. */
MUST_CHECK int personal_verify(struct personal *p, const char *token, size_t len, struct token_claims *ret);

/* The token whose id is @id was ended (NULL: any may have been): it is asked for again. */
void personal_forget(struct personal *p, const struct uuid *id);
