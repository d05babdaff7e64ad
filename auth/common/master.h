/*
 * master - keys made from the one secret that the operator gives, AUTH_MASTER_SECRET
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <sodium.h>
#include <stdint.h>

enum { MASTER_SECRET_MIN = 32 }; /* characters */

struct master {
	uint8_t seal[crypto_secretbox_KEYBYTES]; /* seals signing keys at rest */
	uint8_t tag[crypto_generichash_KEYBYTES]; /* marks refresh tokens as made here */
	uint8_t factor[crypto_secretbox_KEYBYTES]; /* seals the secrets of second factors at rest */
	uint8_t recovery[crypto_generichash_KEYBYTES]; /* hashes recovery codes, which are short */
	uint8_t mail[crypto_secretbox_KEYBYTES]; /* seals mails that wait to be sent */
};

/* Slow on purpose (one argon2id), so that a secret that was typed rather than drawn is not guessed from a stolen
 * database. 0 or -ENOMEM. Wipe it by sodium_memzero(). */
MUST_CHECK int master_derive(struct master *ret, const char *secret);
