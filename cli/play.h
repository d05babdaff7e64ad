/*
 * play - what `simulate` and `seed` have in common: whose tracks, by which trackers, and the play itself
 *
 * Thread: main.
 */
#pragma once

#include "cli/account.h"
#include "cli/simulation/fleet.h"

struct play {
	/* the gateway */
	const char *gateway; /* host:port; NULL: 127.0.0.1 and the protocol's port */
	const char *protocol; /* the gateway's name for it */
	const char *codec; /* of a protocol that has several dialects */
	int64_t records;
	int64_t timeout_ms;
	int64_t patience; /* how often in a row a tracker is refused before it gives up, or gets a new secret */

	/* the trackers */
	int64_t trackers; /* 0: as many as there are tracks or devices, else ten */
	const char *devices_path;
	bool enrol;
	struct account account; /* for enrolment; without an e-mail address, the session that is kept */

	const char *query_url; /* with enrolment: what query has is not sent again; NULL: all is sent */

	/* where they go */
	const char *tracks_path; /* NULL: the model */
	bool keep_times;
	int64_t seed;
	const char *species; /* "cat", "dog" or "any" */
	int32_t lat_e7, lon_e7;
	double spread_m;
	int64_t interval_ms;
	int64_t past_ms; /* the model begins that long ago and ends now; 0: it begins now and has no end */

	/* the pace */
	double speed_up; /* 0: as fast as the gateway answers */
	double rate;
	int64_t count, duration_ms;

	/* what is said */
	const char *ack_log_path;
	bool json;
};

/* Plays it and prints what became of it. Returns the exit status: 1, too, when a tracker gave up or nothing was
 * acknowledged (sent, where the protocol acknowledges nothing), but 0 when it was told to stop. */
int play_run(const struct play *p);
