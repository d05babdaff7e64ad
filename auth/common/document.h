/*
 * document - what auth keeps reading from and putting into BSON
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"

#include <bson/bson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

enum { SHA256_SIZE = crypto_hash_sha256_BYTES, DOCUMENT_TEXT_MAX = 254 };

/* Values for BCON_NEW(). */
#define BCON_UUID(u) BCON_BIN(BSON_SUBTYPE_UUID, (u)->b, (uint32_t)sizeof(u)->b)
#define BCON_BYTES(bytes, n) BCON_BIN(BSON_SUBTYPE_BINARY, (bytes), (uint32_t)(n))

/* Each finds the value at @path ("pet.name") and says whether it is there, and of that type; else *ret is untouched. */
bool document_uuid(const bson_t *d, const char *path, struct uuid *ret);
bool document_time(const bson_t *d, const char *path, int64_t *ret_ms);
bool document_int(const bson_t *d, const char *path, int64_t *ret);
/* Exactly @n bytes. */
bool document_bytes(const bson_t *d, const char *path, void *out, size_t n);
/* Borrowed from @d; NULL when absent. */
const char *document_text(const bson_t *d, const char *path);
bool document_has(const bson_t *d, const char *path);
/* Whether it is there, and true. */
bool document_true(const bson_t *d, const char *path);

/* Appends @n texts to @d as an array. */
void document_append_texts(bson_t *d, const char *key, const char *const *texts, size_t n);

/* Appends a text that a client chose, such as its User-Agent: at most DOCUMENT_TEXT_MAX bytes of it, with '?' for control
 * characters and for what is no UTF-8. Nothing where @s is NULL or empty. */
void document_put_text(bson_t *d, const char *key, const char *s);
