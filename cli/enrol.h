/*
 * enrol - trackers for a simulation, as devices of the logged-in account
 *
 * A device of the wanted name that is there already is used again, with a new secret: the same simulation twice makes
 * no second set of devices.
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
 * 0 and *ret, the caller's to identities_free(); or session.h's results. */
MUST_CHECK int enrol(struct session *s, const struct enrolment *wanted, size_t n, bool imei, struct identities *ret);
