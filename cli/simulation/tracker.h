/*
 * tracker - one simulated tracker: its connection, and what it has sent without an answer
 *
 * Internal to the fleet. Thread: the loop's.
 */
#pragma once

#include "cli/simulation/agenda.h"
#include "cli/simulation/fleet.h"
#include "cli/simulation/line.h"
#include "socket/loop.h"

enum tracker_state {
	TRACKER_AWAY, /* not connected */
	TRACKER_CONNECTING, /* the appointment is the deadline, here and in the next two */
	TRACKER_GREETING, /* has logged in, waits for the answer */
	TRACKER_WAITING, /* has sent, waits for the answer */
	TRACKER_READY, /* connected, nothing under way */
	TRACKER_PARTING, /* silent: has said everything, and hangs up once it is on its way */
	TRACKER_DONE,
};

struct tracker {
	struct appointment wake; /* first: the agenda's entries are trackers */
	struct yard *yard;
	struct identity *identity;
	struct source *source;
	struct line line;
	enum tracker_state state;
	unsigned failures; /* in a row */
	unsigned denials; /* in a row */
	bool known; /* the gateway has accepted something of it */
	bool drained; /* the source has no more */
	bool ahead; /* @next is there */
	bool again; /* the batch has been sent before */
	int64_t next_due_ms;
	struct position next; /* drawn from the source, not in the batch yet */
	struct position *batch; /* yard->options->records of them */
	size_t batch_n;
};

/* What all trackers of a fleet share. */
struct yard {
	const struct fleet_options *options;
	struct loop *loop;
	struct agenda agenda;
	struct fleet_counts counts;
	struct random random;
	int64_t begun_ms; /* loop's clock */
	int64_t left; /* positions that may still be drawn */
	double tokens; /* positions that may be sent now, where there is a rate */
	size_t busy; /* trackers that are not done */
};

/* Makes it one of @y. */
void tracker_init(struct tracker *t, struct yard *y, struct identity *i, struct source *s, struct position *batch);

/* Does what is due at its appointment, and makes the next. */
void tracker_wake(struct tracker *t);
