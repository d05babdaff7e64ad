/*
 * errors - what a failure of MongoDB or of the way to it means
 *
 * Internal to lib/store. Thread: any; the remembered text is the thread's own.
 */
#pragma once

#include "base/err.h"

#include <mongoc/mongoc.h>

/* A failed call as enum store_result or -errno. Never 0. */
MUST_CHECK int store_meaning(const bson_error_t *error);

/* One entry of a reply's writeErrors: the server says that this document, and no other, was refused with @code. */
MUST_CHECK int store_document_meaning(int64_t code);

/* What came of a write: 0, enum store_result or -errno, its text remembered. A write concern error in @reply (may be
 * NULL) counts before anything else, since what was written may yet be rolled back. */
MUST_CHECK int store_outcome(bool ok, const bson_t *reply, const bson_error_t *error);

/* The number called @name in @reply; 0 where there is none. */
int64_t store_reply_count(const bson_t *reply, const char *name);

/* Remembers the text of @error for store_last_error() and returns its meaning. */
MUST_CHECK int store_fail(const bson_error_t *error);

/* Remembers @text for store_last_error(). */
void store_remember(const char *text);

/* Remembers @text and returns @r. */
MUST_CHECK int store_fail_as(int r, const char *text);

/* @message of a server without the documents that it quotes. Returns @out. */
const char *store_redact(char *out, size_t size, const char *message);
