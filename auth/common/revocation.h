/*
 * revocation - the end of what lets somebody in, a session or a personal access token, and how others hear of it
 *
 * The document { _id: UUID, user: UUID, expires: Date (TTL), ... } loses its secrets and "expires", which would let it go too
 * early; it gets { revoked: Date, event } and is deleted once the event "session_revoked" is in Kafka (outbox).
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"
#include "store/store.h"

/* For an outbox_source: says whose it was, and which, and that the document may go. */
bool revocation_plan(const bson_t *doc, struct outbox_plan *ret);

/* Ends the first that @filter finds of those that were not ended, or all of them; @filter is destroyed. @outbox may be NULL.
 * 0, STORE_E_MISSING where the first was asked for and there is none, STORE_E_RETRY or negative. */
MUST_CHECK int revocation_write_one(struct store *s, struct outbox *outbox, const char *collection, bson_t *filter);
MUST_CHECK int revocation_write_all(struct store *s, struct outbox *outbox, const char *collection, bson_t *filter);
