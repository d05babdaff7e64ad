/*
 * auth - an auth made of air, for tests of commands: one user, devices in memory
 *
 * Thread: auth_open() and auth_close() from the test; the members of struct auth under no lock, so while nothing is
 * under way.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct auth {
	/* for the test to set */
	int expires_in; /* of access tokens, s */
	bool revoked; /* no access token is good */
	bool ended; /* no refresh token is good */
	bool busy; /* everything is 503 */
	int conflicts; /* so many times an identifier is taken */
	int blind; /* so many lists of devices are empty */
	const char *code; /* that every identifier is claimed with; NULL: any code is wrong */
	const char *const *unknown; /* pages of the list of unknown trackers, one after the other */

	/* for it to read */
	int registered, logins, refreshes, logouts;
	int guesses; /* codes that were shown */
	json_t *devices; /* with their secrets */
	json_t *links; /* share links, with their tokens */
	const char *public_url; /* that they begin with; NULL: not known */
	json_t *given, *received; /* grants, as the routes show them; a test adds to the latter */

	char url[64];
	struct web *web;
};

/* Listens on a port of its own. */
MUST_CHECK int auth_open(struct auth *a);
void auth_close(struct auth *a);
