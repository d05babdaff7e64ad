/*
 * identities - the trackers of a simulation: what each calls itself, and its secret
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "cli/simulation/dialect.h"

#include <stddef.h>

enum { IDENTITY_ID_SIZE = 37 }; /* a UUID as text */

struct identity {
	char id[IDENTITY_ID_SIZE]; /* auth's, of the device; "" where it is not known. Not in the file */
	char identifier[DIALECT_IDENTIFIER_MAX + 1];
	char secret[DIALECT_SECRET_MAX + 1]; /* "" where the protocol has none */
};

struct identities {
	struct identity *items;
	size_t n;
};

enum identities_result {
	IDENTITIES_E_MALFORMED = 1, /* the fault says where and what */
};

enum { IDENTITIES_FAULT_SIZE = 200 };

/* Reads JSON lines {"identifier": "...", "secret": "..."}. 0 and *ret, the caller's to identities_free();
 * IDENTITIES_E_MALFORMED and @fault; or -errno. */
MUST_CHECK int identities_read(struct identities *ret, const char *path, char fault[static IDENTITIES_FAULT_SIZE]);

/* Writes them so that only the user may read them. 0 or -errno. */
MUST_CHECK int identities_write(const struct identities *i, const char *path);

/* 0, -ENAMETOOLONG, or -ENOMEM. */
MUST_CHECK int identities_add(struct identities *i, const char *identifier, const char *secret);

/* The one that calls itself @identifier, or NULL. */
const struct identity *identities_find(const struct identities *i, const char *identifier);

void identities_free(struct identities *i);
