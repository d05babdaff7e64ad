/*
 * claims - a token's two JSON parts, written and read; internal to lib/token
 *
 * Thread: any.
 */
#pragma once

#include "token/token.h"

struct token_names {
	char *issuer, *audience;
};

/* Copies. 0 or -ENOMEM; names_free() in either case. */
MUST_CHECK int names_copy(struct token_names *n, const char *issuer, const char *audience);
void names_free(struct token_names *n);

/* @len bytes of a base64url header: 0 and its kid, TOKEN_E_MALFORMED, TOKEN_E_ALGORITHM or -ENOMEM. */
MUST_CHECK int header_read(const char *part, size_t len, char ret_kid[static TOKEN_KID_MAX]);

struct claims_read {
	struct token_claims claims;
	int64_t not_before_s; /* 0: at any time */
};

/* @len bytes of a base64url payload whose signature is good. 0, TOKEN_E_MALFORMED, TOKEN_E_ISSUER, TOKEN_E_AUDIENCE or
 * -ENOMEM. Times are read but not judged. */
MUST_CHECK int claims_read(const char *part, size_t len, const struct token_names *names, struct claims_read *ret);

/* "HEADER.PAYLOAD" into @out, NUL-terminated. 0 and its length, -ENOSPC, -EINVAL, or -errno. */
MUST_CHECK int claims_write(const struct token_claims *c, const char *kid, const struct token_names *names, char *out,
	size_t size, size_t *ret_len);
