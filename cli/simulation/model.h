/*
 * model - how a cat or a dog with a tracker moves
 *
 * A home; a range around it; rest and roaming in turns; for dogs, walks; and a receiver that takes a fix every few
 * minutes, misses some for hours, errs by metres and now and then by far more. The figures are those of real cats
 * (docs/SIMULATION.md).
 *
 * Where an animal is follows from the seed, its number and the time alone: two plays of the same animal that overlap in
 * time agree.
 *
 * Plain values, no memory of its own. Thread: one per thread.
 */
#pragma once

#include "base/position.h"
#include "cli/simulation/random.h"

enum species { SPECIES_CAT, SPECIES_DOG };

struct animal_options {
	uint64_t seed, number; /* the world, and which animal of it */
	enum species species;
	int32_t lat_e7, lon_e7; /* around which homes lie */
	double spread_m; /* at most this far from there */
	int64_t start_ms; /* no fix before */
	int64_t interval_ms; /* of fixes, without gaps; 0: as a real receiver has them */
	bool switch_on; /* the tracker is switched on at the start, and has a fix within minutes */
};

struct animal {
	/* what it is */
	uint64_t seed, number;
	enum species species;
	double lat_deg, lon_deg, altitude_m; /* of the home */
	double range_m; /* 95 % of the time it is nearer to home than that */
	double battery_days;
	int64_t start_ms, interval_ms;
	int64_t first_ms; /* of a fix that does not follow from the one before; 0: none */

	/* how it lives */
	struct random life;
	int64_t now_ms, era_end_ms;
	double east_m, north_m; /* where it is, from home */
	bool moving;
	int64_t turn_ms; /* when it begins or ends to rest */
	double to_east_m, to_north_m; /* where it goes */
	double speed_mps, east_mps, north_mps;
	int64_t walk_ms, walk_end_ms; /* the present or next walk */
	double walk_radius_m, walk_bearing, walk_phase;

	/* what the receiver makes of it */
	struct random receiver;
};

void animal_start(struct animal *a, const struct animal_options *o);

/* Lives until its next fix and takes it: time (whole seconds, as receivers have them), location, altitude, accuracy,
 * battery, and speed and course while it moves. */
void animal_next(struct animal *a, struct position *ret);
