/*
 * last_error - why the last call on this thread failed, in words
 *
 * Thread: each has its own. Control characters become spaces; what is too long is cut.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

enum { LAST_ERROR_SIZE = 256 };

void last_error_set(const char *format, ...) PRINTF_LIKE(1, 2);

/* What an answer of @status says of itself: problem+json's detail or title, OAuth's error_description or error; the
 * status alone when it says nothing. @body is NUL-terminated or NULL. */
void last_error_of_answer(long status, const char *body, size_t len);

const char *last_error(void);
