/*
 * recovery - codes that are good once each, for who has lost what makes the others
 *
 * Twelve easily read characters in three groups: 59 bits, which a hash alone would not protect where the database is stolen.
 * So the hash has a key, and the user's id is part of what is hashed.
 *
 * Thread: any. Pure but for randomness.
 */
#pragma once

#include "auth/common/document.h"
#include "base/uuid.h"

#include <stddef.h>

enum {
	RECOVERY_CODES = 10,
	RECOVERY_LETTERS = 12,
	RECOVERY_TEXT_SIZE = RECOVERY_LETTERS + 2 + 1, /* "k7fm-3q2x-9dtr" */
};

/* A new one. */
void recovery_make(char out[static RECOVERY_TEXT_SIZE]);

/* The hash of what somebody typed, in capitals or small, with spaces, hyphens or without. 0, or -EINVAL where it cannot be
 * such a code. @key: crypto_generichash_KEYBYTES bytes. */
MUST_CHECK int recovery_hash(
	uint8_t out[static SHA256_SIZE], const char *code, size_t len, const struct uuid *user, const uint8_t *key);
