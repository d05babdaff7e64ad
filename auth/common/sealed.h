/*
 * sealed - bytes at rest that only a key of struct master opens: a nonce and a secretbox
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

enum { SEALED_OVERHEAD = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES };

/* Seals @n bytes into @out, which has room for SEALED_OVERHEAD more. @key: crypto_secretbox_KEYBYTES bytes. */
void sealed_make(uint8_t *out, const void *bytes, size_t n, const uint8_t *key);

/* Opens @len bytes into @out, which has room for SEALED_OVERHEAD less. 0, or -EKEYREJECTED where @key did not seal them. */
MUST_CHECK int sealed_open(void *out, const uint8_t *sealed, size_t len, const uint8_t *key);
