/*
 * keyring - the signing keys, shared by all replicas through MongoDB
 *
 * Collection signing_keys: { _id: number, kid, active: Date, jwk: text, sealed: nonce and secretbox of the private PEM }.
 * Numbers are taken by whoever inserts first, so replicas that start together end with the same keys. Public halves are
 * in the clear: a process without the master secret verifies, but cannot sign.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/master.h"
#include "store/store.h"
#include "token/token.h"

struct keyring;

/* Beside enum store_result. */
enum keyring_result { KEYRING_E_EMPTY = 64 }; /* there are no keys, and this process cannot make them */

struct keyring_options {
	struct store *store;
	const char *issuer;
	const struct master *master; /* copied; NULL: verify only */
	int64_t key_age_ms, token_age_ms;
};

#define TOKEN_AUDIENCE "pettrack"

MUST_CHECK int keyring_open(struct keyring **ret, const struct keyring_options *o);
void keyring_close(struct keyring *k); /* accepts NULL */

/* Reads the keys, makes what is missing, drops what is over. At start and from time to time. 0, STORE_E_RETRY,
 * KEYRING_E_EMPTY, -EKEYREJECTED when the master secret is not the one that sealed them, or negative. */
MUST_CHECK int keyring_refresh(struct keyring *k);

/* Token of now on, signed by the current key. 0, or -EAGAIN before keyring_refresh() succeeded, or -errno. */
MUST_CHECK int keyring_sign(struct keyring *k, const struct token_claims *c, char *out, size_t size);

/* token_verify() with the keyring's own keys. -EAGAIN before keyring_refresh() succeeded. */
MUST_CHECK int keyring_verify(
	struct keyring *k, const char *token, size_t len, int64_t now_s, struct token_claims *ret);

/* {"keys":[...]}, the caller's to free(); NULL before keyring_refresh() succeeded or when memory is out. */
char *keyring_jwks(struct keyring *k);
