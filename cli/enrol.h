/*
 * enrol - trackers for a simulation, as devices of the logged-in account
 *
 * A device of the wanted name that is there already is used again: the same simulation twice makes no second set of
 * devices. Auth shows a secret once, so whoever does not know it takes a new one, and the old one ends: only when there is
 * something to send.
 * Thread: the session's.
 */
#pragma once

#include "cli/pets.h"
#include "cli/session.h"
#include "cli/simulation/identities.h"

struct enrolment {
	char name[64]; /* of the device */
	const struct pet *pet; /* NULL: none is said */
};

/* One identity for each of @wanted, in their order. @imei: identifiers of 15 digits, as trackers with a SIM have them.
 * @known: secrets from an earlier time, may be NULL; "" is the secret of a device that was there and is not in it. 0 and
 * *ret, the caller's to identities_free(); or session.h's results. */
MUST_CHECK int enrol(struct session *s, const struct enrolment *wanted, size_t n, bool imei,
	const struct identities *known, struct identities *ret);

/* A new secret for @i, whose present one is not known or not taken any more. 0, SESSION_E_MISSING: the device is gone; or
 * session.h's other results. */
MUST_CHECK int enrol_again(struct session *s, struct identity *i);
