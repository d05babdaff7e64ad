/*
 * play_internal - a play that is being put on: what the files of play share; nobody else includes it
 *
 * Each function complains of what goes wrong itself; its result is 0 or the exit status.
 */
#pragma once

#include "cli/address.h"
#include "cli/pets.h"
#include "cli/play.h"

struct stage {
	const struct play *play;
	char host[ADDRESS_HOST_SIZE];
	struct fleet_options fleet;
	struct tracks tracks;
	struct identities identities;
	struct identities known; /* of the file, before this play */
	struct session *session; /* while trackers may need new secrets; NULL: nobody's */
	int64_t renew_ms; /* not before (monotonic) */
	struct fleet_member *members;
	size_t n; /* of them */
};

/* The pet that tracker @i of the model has: of the wanted species, and all of them before one comes twice. */
const struct pet *play_pet(const struct play *p, size_t i, size_t *ret_round);

/* ---- play_identities.c ---- */

/* The trackers' identities, by the file or as devices of the account; how many play is known then. */
MUST_CHECK int play_find_identities(struct stage *s);

/* A secret for each that plays and needs one, and has none. */
MUST_CHECK int play_find_secrets(struct stage *s);

/* A tracker whose secret somebody else has replaced takes a new one of its own: fleet.h's renew(). */
enum fleet_renewal play_renew(void *owner, struct identity *i);

/* ---- play_cast.c ---- */

/* Who plays what. */
MUST_CHECK int play_cast(struct stage *s);

/* Leaves out what query has already, and who has nothing more to send. */
MUST_CHECK int play_leave_out_stored(struct stage *s);
