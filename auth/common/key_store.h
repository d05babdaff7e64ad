/*
 * key_store - the signing keys as they stand in MongoDB
 *
 * Collection signing_keys: { _id: number, kid, active: Date, made: Date?, jwk: text, sealed: nonce and secretbox of the private
 * PEM }. Numbers are taken by whoever inserts first, so replicas that start together end with the same keys.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/schedule.h"
#include "auth/common/sealed.h"
#include "store/store.h"
#include "token/token.h"

enum {
	STORED_KEYS_MAX = TOKEN_KEYS_MAX,
	STORED_PEM_MAX = 512,
	STORED_JWK_MAX = 512,
};

struct stored_key {
	struct key_times times;
	char kid[TOKEN_KID_MAX];
	char jwk[STORED_JWK_MAX];
	uint8_t sealed[SEALED_OVERHEAD + STORED_PEM_MAX];
	size_t sealed_len;
};

struct stored_keys {
	struct stored_key keys[STORED_KEYS_MAX]; /* ascending by number */
	size_t n;
};

/* The newest STORED_KEYS_MAX. 0, STORE_E_RETRY or negative. */
MUST_CHECK int key_store_read(struct store *s, struct stored_keys *ret);

/* A new pair, its private half sealed with @seal_key. Takes the number, unless somebody else was first; either is success. */
MUST_CHECK int key_store_make(struct store *s, const struct key_times *times, const uint8_t *seal_key);

/* The private half. 0, or -EKEYREJECTED. Wipe it by sodium_memzero(). */
MUST_CHECK int key_store_unseal(
	const struct stored_key *key, const uint8_t *seal_key, char ret_pem[static STORED_PEM_MAX + 1]);

/* The key signs from @active_ms on, unless that is later than it would anyway. 0, STORE_E_RETRY or negative. */
MUST_CHECK int key_store_activate(struct store *s, int64_t number, int64_t active_ms);

/* 0, also where there was none; STORE_E_RETRY or negative. */
MUST_CHECK int key_store_drop_before(struct store *s, int64_t number);
