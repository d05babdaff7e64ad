/*
 * devices - an owner's devices, and what gateway and query ask about them
 *
 * Collection devices: { _id: UUID, owner: UUID, name, identifier: unique, secret: SHA-256, pet?, retention_days?, rules?,
 * created: Date, event?, announced? }. A deleted one keeps nothing but { released: identifier, former_owner, deleted: Date },
 * under names that no look-up uses, until its event is in Kafka (outbox); its identifier is free at once. The others,
 * of what is no device yet and of who else may see one, are unknown.h's, grants.h's and share_link.h's.
 *
 * Thread: handlers run on the server's.
 */
#pragma once

#include "auth/common/auth.h"

struct devices;

struct devices_options {
	int64_t per_user_max;
	int64_t unknown_max, unknown_ttl_ms; /* of the list of trackers that are nobody's yet (unknown.h) */
	bool claim_required; /* an identifier that a person names needs the code that is listed with it */
	int64_t grants_per_device, grants_per_user; /* of the latter as many as were given, and as many received */
	int64_t grant_ttl_ms; /* how long one waits for an answer */
	int64_t links_per_user; /* those that have ended included */
	int64_t link_age_max_ms; /* how far away the end of one may be */
	bool verify_email; /* an address counts only once it is verified */
};

extern const struct web_route devices_routes[];
extern const struct outbox_source *const devices_sources[]; /* NULL-terminated */
extern const struct erasure_part devices_erase[];

/* Borrows the parts of @a. */
MUST_CHECK int devices_open(struct devices **ret, const struct auth *a, const struct devices_options *o);
void devices_close(struct devices *d); /* accepts NULL */

/* Its collections and indexes; an upkeep_prepare. */
MUST_CHECK int devices_prepare(struct store *s);
