/*
 * hasher - passwords by argon2id (19 MiB, 2 passes), a bounded number at a time
 *
 * At most at_once hashes run, at most waiting_max calls wait, first come first served; so log-ins can take neither all
 * memory nor all threads. A hash runs on its caller's thread.
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

struct hasher;

enum { HASHER_TEXT_SIZE = crypto_pwhash_argon2id_STRBYTES };
enum hasher_result { HASHER_E_BUSY = 1 }; /* too many wait already: ask again in a second */

/* 0, or -ENOMEM. */
MUST_CHECK int hasher_open(struct hasher **ret, int64_t at_once, int64_t waiting_max);
void hasher_close(struct hasher *h); /* accepts NULL; nobody may be inside */

/* The text to store. 0, HASHER_E_BUSY or -ENOMEM. */
MUST_CHECK int hasher_hash(struct hasher *h, const char *password, char ret_text[static HASHER_TEXT_SIZE]);

/* Whether @password is the one @text was made of. @text NULL: no, after the same time. 0, HASHER_E_BUSY or -ENOMEM. */
MUST_CHECK int hasher_verify(struct hasher *h, const char *text, const char *password, bool *ret_same);
