/*
 * upkeep - what must hold before requests are served, and be looked after while they are
 *
 * Makes collections and indexes once MongoDB answers, then keeps asking whether it does, and has the keyring read again.
 * Not ready without "mongodb", nor, where there is a keyring, before the "keys" were read.
 *
 * Thread: any; one thread inside.
 */
#pragma once

#include "auth/common/keyring.h"
#include "store/store.h"

struct upkeep;

/* Makes what a role needs in MongoDB, where it is not there. 0, STORE_E_RETRY or negative. */
typedef int (*upkeep_prepare)(struct store *s);

struct upkeep_options {
	struct store *store;
	struct keyring *keyring; /* NULL: no role needs one */
	int64_t key_age_ms;
	const upkeep_prepare *prepare; /* NULL-terminated, borrowed */
};

MUST_CHECK int upkeep_open(struct upkeep **ret, const struct upkeep_options *o);
void upkeep_close(struct upkeep *u); /* accepts NULL */

/* Whether everything was there once. Before that nothing may be written: unique indexes might be missing. */
bool upkeep_prepared(const struct upkeep *u);
