/*
 * http - what the dialects over HTTP/1.1 share: the end of a request, and the reading of answers
 *
 * Pure functions. Thread: any.
 */
#pragma once

#include "base/text.h"
#include "cli/simulation/dialect.h"

/* The header Authorization, with the user's password, each as it may stand in a request. */
void http_put_basic(struct text *t, const char *user, const char *password);
void http_put_bearer(struct text *t, const char *token);

/* The last headers and @body. */
void http_put_json(struct text *t, const struct text *body);

/* Reads the answer to a request of @sent positions. @good: whether the body of a 2xx says what the protocol wants; the answer is garbage
 * when it does not. NULL: any body will do. */
struct reply http_reply(const uint8_t *bytes, size_t len, size_t sent, bool (*good)(const char *body, size_t n));
