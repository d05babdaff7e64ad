/* secret - over libsodium. */
#include "secret/secret.h"

#include <assert.h>
#include <sodium/crypto_hash_sha256.h>

static_assert(SECRET_HASH_SIZE == crypto_hash_sha256_BYTES, "SHA-256");

void secret_sha256(uint8_t out[static SECRET_HASH_SIZE], const void *bytes, size_t n)
{
	crypto_hash_sha256(out, bytes, n); /* needs no sodium_init() */
}
