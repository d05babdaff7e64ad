/*
 * keyring - the signing keys, shared by all replicas through MongoDB
 *
 * They are kept by key_store.h. Public halves are in the clear: a process without the master secret verifies, but cannot
 * sign.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/master.h"
#include "store/store.h"
#include "token/token.h"

struct keyring;

/* Beside enum store_result. */
enum keyring_result {
	KEYRING_E_EMPTY = 64, /* there are no keys, and this process cannot make them */
	KEYRING_E_TOO_MANY, /* so many were replaced lately that another change would end tokens that are good */
};

struct keyring_options {
	struct store *store;
	const char *issuer;
	const struct master *master; /* copied; NULL: verify only */
	int64_t key_age_ms, token_age_ms;
	int64_t publish_ms; /* how long a key is shown at least before it signs, when that is hastened */
};

#define TOKEN_AUDIENCE "pettrack"

MUST_CHECK int keyring_open(struct keyring **ret, const struct keyring_options *o);
void keyring_close(struct keyring *k); /* accepts NULL */

/* Reads the keys, makes what is missing, drops what is over. At start and from time to time. 0, STORE_E_RETRY,
 * KEYRING_E_EMPTY, -EKEYREJECTED when the master secret is not the one that sealed them, or negative. */
MUST_CHECK int keyring_refresh(struct keyring *k);

/* Whether a key that waited is to sign from now on: time for keyring_refresh(). */
bool keyring_due(struct keyring *k);

/* What there is after a rotation. */
struct key_rotation {
	char current[TOKEN_KID_MAX], next[TOKEN_KID_MAX];
	int64_t next_active_ms; /* when @next is to sign */
};

/* Has the key that waits sign as soon as it was shown for publish_ms, so that nobody meets a key he could not have fetched;
 * asked again before that, it changes nothing. @revoke: the current key was stolen: it is dropped, and those before it; all
 * that they have signed is refused here at once, and the one that waits signs at once. 0, KEYRING_E_TOO_MANY (never with
 * @revoke), STORE_E_RETRY, -EPERM without the master secret, or negative. */
MUST_CHECK int keyring_rotate(struct keyring *k, bool revoke, struct key_rotation *ret);

/* Token of now on, signed by the current key. 0, or -EAGAIN before keyring_refresh() succeeded, or -errno. */
MUST_CHECK int keyring_sign(struct keyring *k, const struct token_claims *c, char *out, size_t size);

/* token_verify() with the keyring's own keys. -EAGAIN before keyring_refresh() succeeded. */
MUST_CHECK int keyring_verify(
	struct keyring *k, const char *token, size_t len, int64_t now_s, struct token_claims *ret);

/* {"keys":[...]}, the caller's to free(); NULL before keyring_refresh() succeeded or when memory is out. */
char *keyring_jwks(struct keyring *k);
