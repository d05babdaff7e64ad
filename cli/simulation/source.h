/*
 * source - where a simulated tracker's fixes come from, and when each of them is due
 *
 * Three kinds of times: live, the track begins now and is played at the speed-up, each fix stamped with the moment it is
 * due, or a step after the one before, since device and time are what a position is known by; past, the track's last fix
 * was now and the stamps keep their distances; kept, the stamps are the track's own. A step is what the stamps can tell
 * apart; what they cannot is left out.
 * Thread: one.
 */
#pragma once

#include "cli/simulation/model.h"
#include "cli/simulation/tracks.h"

enum source_times { TIMES_LIVE, TIMES_PAST, TIMES_KEPT };

struct source_clock {
	int64_t real_ms; /* when the play begins, of the calendar */
	double speed_up; /* 0: everything is due at once; not with TIMES_LIVE */
	enum source_times times;
	int64_t step_ms; /* stamps are multiples of it; 0: 1 */
};

struct source {
	const struct track *track; /* borrowed; NULL: the animal */
	size_t next;
	struct animal animal;
	int64_t end_ms; /* of the animal; 0: never */
	int64_t origin_ms; /* what the first moment of the play is in the track's time */
	int64_t shift_ms;
	int64_t stamped_ms; /* the last stamp */
	int64_t skip_first_ms, skip_last_ms; /* fixes stamped so, and in between, are left out; 0: none */
};

void source_of_track(struct source *s, const struct source_clock *c, const struct track *t);

/* @end_ms: no fix after it; 0: no end. */
void source_of_animal(struct source *s, const struct animal_options *o, int64_t end_ms);

/* Leaves out the fixes that are stamped @first_ms to @last_ms: they are known already. Not of a live play. */
void source_skip(struct source *s, int64_t first_ms, int64_t last_ms);

/* Whether there will be another fix. */
bool source_has_next(const struct source *s, const struct source_clock *c);

/* The next fix, stamped, and how long after the beginning it is due. Returns false at the end. */
bool source_next(struct source *s, const struct source_clock *c, struct position *ret, int64_t *ret_due_ms);
