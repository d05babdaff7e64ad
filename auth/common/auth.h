/*
 * auth - what handlers are given: the parts that roles share, and each role's own
 *
 * A role looks at the parts and at itself, never at another role.
 */
#pragma once

#include "auth/common/hasher.h"
#include "auth/common/keyring.h"
#include "auth/common/outbox.h"
#include "auth/common/upkeep.h"
#include "store/store.h"
#include "web/web.h"

struct registration;
struct authentication;
struct devices;

struct auth {
	struct store *store;
	struct upkeep *upkeep;
	struct hasher *hasher; /* NULL where no role hashes */
	struct keyring *keyring; /* NULL where no role verifies */
	struct outbox *outbox; /* NULL where no role has events */
	struct registration *registration;
	struct authentication *authentication;
	struct devices *devices;
};

/* web_options.verify: a good token whose session, where it is a person's, still stands. */
MUST_CHECK int auth_verify(void *owner, const char *token, size_t len, struct token_claims *ret);

/* Answers a request that a part could not serve: 503 where it may go well later, else 500, with a line in the log. */
void auth_fail(struct web_request *q, int r);

/* 503 with Retry-After: too many password hashes wait. */
void auth_busy(struct web_request *q);
