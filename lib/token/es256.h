/*
 * es256 - P-256 keys and ECDSA with SHA-256 over OpenSSL; internal to lib/token
 *
 * Thread: any; a key may be used by several at once.
 */
#pragma once

#include "base/err.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ES256_COORDINATE = 32,
	ES256_SIGNATURE = 64, /* R and S, big-endian (RFC 7518 section 3.4) */
};

/* A private key. 0 and *ret to EVP_PKEY_free(), -EINVAL when @pem is not a P-256 private key, or -ENOMEM. */
MUST_CHECK int es256_private(EVP_PKEY **ret, const char *pem);

/* A public key by its point. -EINVAL when that is not on the curve. */
MUST_CHECK int es256_public(
	EVP_PKEY **ret, const uint8_t x[static ES256_COORDINATE], const uint8_t y[static ES256_COORDINATE]);

/* The point of @key. 0 or -EINVAL. */
MUST_CHECK int es256_point(EVP_PKEY *key, uint8_t x[static ES256_COORDINATE], uint8_t y[static ES256_COORDINATE]);

/* 0 or -EIO. */
MUST_CHECK int es256_sign(EVP_PKEY *key, const void *bytes, size_t n, uint8_t out[static ES256_SIGNATURE]);

/* 0, TOKEN_E_SIGNATURE, or -ENOMEM. */
MUST_CHECK int es256_verify(
	EVP_PKEY *key, const void *bytes, size_t n, const uint8_t signature[static ES256_SIGNATURE]);
