/*
 * secret - what is kept of a secret, to recognise it again
 *
 * Secrets are long and random, so that a plain hash keeps them; passwords are something else (argon2id, in auth).
 * Compare hashes with text_same_secret().
 * Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SECRET_HASH_SIZE = 32 };

/* SHA-256 of @n bytes. */
void secret_sha256(uint8_t out[static SECRET_HASH_SIZE], const void *bytes, size_t n);
