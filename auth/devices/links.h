/*
 * links - an owner's share links: made, listed, changed, renewed, revoked; and what query may show of each
 *
 * The collection is share_link.h's.
 * Thread: any.
 */
#pragma once

#include "auth/common/erasure.h"
#include "base/uuid.h"
#include "store/store.h"
#include "web/web.h"

struct devices;

/* Ends the links to a device that its owner parts with. 0, STORE_E_RETRY or negative. */
MUST_CHECK int links_end(const struct devices *d, const struct uuid *owner, const struct uuid *device);

/* Those of an account that ends, and their end: an erasure_part's. */
bson_t *links_of_account(const struct erasure_subject *who);
MUST_CHECK int links_erase(struct store *s, struct outbox *o, const struct erasure_subject *who);

/* Where @id is a link's, answers {"devices","limits"} as GET /internal/v1/users/{id}/devices does (what has expired shows
 * nothing), or a failure, and returns true. */
bool links_answer(struct web_request *q, const struct devices *d, const struct uuid *id);
