/*
 * model - the animal lives in metres east and north of its home; a fix turns that into degrees
 *
 * Rest and movement alternate, each for an exponentially distributed time. Moving, the animal goes straight to a spot
 * at one speed, then to the next; spots lie around home as fixes of real cats do, relative to the animal's range. A
 * dog does the same in its garden, and is taken for a walk along a closed loop three times a day.
 *
 * Time is cut into eras of a week, and each begins anew: at home, with generators seeded by the era. So a play that
 * begins at any moment need look back a week at most to know where the animal is.
 */
#include "cli/simulation/model.h"
#include "cli/simulation/model_figures.h"

#include <math.h>
#include <stddef.h>

#define METRES_PER_DEGREE 111195.08 /* of latitude, on the sphere of base/geo.h */
#define DRAW(random, table) random_quantile((random), figure_##table, FIGURE_QUANTILES)

enum { MINUTE_MS = 60000, DAY_MS = 86400000, ERA_MS = 7 * DAY_MS };

/* What the data cannot tell, since it has no dogs; see docs/SIMULATION.md. */
static const double walk_hours[] = { 7, 12.5, 18 };
static const double walk_hours_sd = 0.5, walk_minutes_min = 20, walk_minutes_max = 60, walk_mps = 1.25;
static const double garden_m = 20;
/* What is drawn is not what is seen, so that it comes out right (docs/SIMULATION.md): a turn on the way makes a step look
 * shorter, slow movement looks like rest, and of a way between two spots the fixes lie on both sides of home. */
static const double speed_factor = 1.6, rest_factor = 0.8, spot_factor = 0.85;

enum { WALK_FIX_MS = MINUTE_MS, SWITCH_ON_MS = 3 * MINUTE_MS, WALKS = sizeof walk_hours / sizeof *walk_hours };

static int64_t ms(double seconds)
{
	return (int64_t)llround(seconds * 1000);
}

/* ---- walks ---- */

/* The next walk that begins after @after_ms. Every day's walks are drawn anew from the animal's numbers. */
static void plan_walk(struct animal *a, int64_t after_ms)
{
	int64_t day = after_ms / DAY_MS * DAY_MS;
	int64_t begin;

	if (a->species != SPECIES_DOG) {
		a->walk_ms = a->walk_end_ms = INT64_MAX;
		return;
	}
	for (size_t i = 0;; i++) {
		double hour = walk_hours[i % WALKS] + walk_hours_sd * random_normal(&a->life);
		begin = day + (int64_t)(i / WALKS) * DAY_MS + ms(hour * 3600);
		if (begin > after_ms)
			break;
	}
	double length_s = 60 * random_between(&a->life, walk_minutes_min, walk_minutes_max);
	a->walk_ms = begin;
	a->walk_end_ms = begin + ms(length_s);
	a->walk_radius_m = walk_mps * length_s / (2 * M_PI);
	a->walk_bearing = random_between(&a->life, 0, 2 * M_PI);
	a->walk_phase = random_between(&a->life, 0, 2 * M_PI);
}

static bool walking(const struct animal *a)
{
	return a->now_ms >= a->walk_ms && a->now_ms < a->walk_end_ms;
}

/* A circle through home, dented so that no two walks look alike; the dents vanish at both ends. */
static void walk_spot(const struct animal *a, int64_t at_ms, double *east, double *north)
{
	double done = (double)(at_ms - a->walk_ms) / (double)(a->walk_end_ms - a->walk_ms);
	double dent = 0.3 * sin(2 * M_PI * 3 * done + a->walk_phase) * sin(M_PI * done);
	double angle = a->walk_bearing + M_PI + 2 * M_PI * done, r = a->walk_radius_m;

	*east = r * sin(a->walk_bearing) + r * (1 + dent) * sin(angle);
	*north = r * cos(a->walk_bearing) + r * (1 + dent) * cos(angle);
}

static void walk_on(struct animal *a, int64_t until_ms)
{
	double east, north;

	walk_spot(a, until_ms - 1000, &east, &north);
	walk_spot(a, until_ms, &a->east_m, &a->north_m);
	a->east_mps = a->east_m - east;
	a->north_mps = a->north_m - north;
	a->now_ms = until_ms;
}

/* Home from the walk, and tired. */
static void end_walk(struct animal *a)
{
	a->east_m = a->north_m = 0;
	a->moving = false;
	a->turn_ms = a->now_ms + ms(random_exponential(&a->life, rest_factor * figure_rest_s));
	plan_walk(a, a->now_ms);
}

/* ---- rest and roaming ---- */

static void set_out(struct animal *a)
{
	double away = spot_factor * a->range_m * DRAW(&a->life, spot_share),
	       bearing = random_between(&a->life, 0, 2 * M_PI);

	a->to_east_m = away * sin(bearing);
	a->to_north_m = away * cos(bearing);
	a->speed_mps = speed_factor * DRAW(&a->life, speed_mps);
}

static void turn(struct animal *a)
{
	a->moving = !a->moving;
	a->turn_ms =
		a->now_ms + ms(random_exponential(&a->life, a->moving ? figure_move_s : rest_factor * figure_rest_s));
	if (a->moving)
		set_out(a);
}

/* Goes on towards its spot for at most @left_ms. Returns how long that took. */
static int64_t roam(struct animal *a, int64_t left_ms)
{
	double east = a->to_east_m - a->east_m, north = a->to_north_m - a->north_m, way = hypot(east, north);
	double step = a->speed_mps * (double)left_ms / 1000;

	if (step >= way) {
		int64_t took = ms(way / a->speed_mps);
		a->east_m = a->to_east_m;
		a->north_m = a->to_north_m;
		set_out(a);
		return took < left_ms ? took : left_ms;
	}
	a->east_m += east / way * step;
	a->north_m += north / way * step;
	a->east_mps = east / way * a->speed_mps;
	a->north_mps = north / way * a->speed_mps;
	return left_ms;
}

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A week begins: at home, resting. */
static void begin_era(struct animal *a, int64_t era)
{
	a->life = random_from(a->seed ^ (uint64_t)era, 2 * a->number);
	a->receiver = random_from(a->seed ^ (uint64_t)era, 2 * a->number + 1);
	a->now_ms = era * ERA_MS;
	a->era_end_ms = a->now_ms + ERA_MS;
	a->east_m = a->north_m = 0;
	a->moving = false;
	a->turn_ms = a->now_ms + ms(random_exponential(&a->life, rest_factor * figure_rest_s));
	plan_walk(a, a->now_ms);
}

/* Not beyond the era's end. */
static void live_until(struct animal *a, int64_t until_ms)
{
	while (a->now_ms < until_ms) {
		if (walking(a)) {
			walk_on(a, earliest(until_ms, a->walk_end_ms));
			if (a->now_ms == a->walk_end_ms)
				end_walk(a);
			continue;
		}
		int64_t stop_ms = earliest(until_ms, earliest(a->turn_ms, a->walk_ms));
		a->now_ms += a->moving ? roam(a, stop_ms - a->now_ms) : stop_ms - a->now_ms;
		if (a->now_ms >= a->turn_ms)
			turn(a);
	}
}

/* ---- the receiver ---- */

static int64_t next_fix_ms(struct animal *a)
{
	if (a->interval_ms)
		return a->now_ms + a->interval_ms;
	if (walking(a))
		return a->now_ms + WALK_FIX_MS;
	bool gap = random_unit(&a->receiver) < figure_gap_share;
	int64_t next = a->now_ms + ms(gap ? DRAW(&a->receiver, gap_s) : DRAW(&a->receiver, interval_s));
	/* Being led out of the door wakes the tracker. */
	return a->walk_ms < INT64_MAX ? earliest(next, a->walk_ms + WALK_FIX_MS) : next;
}

/* It is charged when it is nearly empty; then it is full. */
static float battery(const struct animal *a)
{
	double charge_ms = 0.95 * a->battery_days * DAY_MS;

	return (float)round(100 - 95 * fmod((double)a->now_ms, charge_ms) / charge_ms);
}

static void put_location(struct animal *a, struct position *p)
{
	double east = a->east_m + figure_error_m * random_normal(&a->receiver);
	double north = a->north_m + figure_error_m * random_normal(&a->receiver);

	if (random_unit(&a->receiver) < figure_outlier_share) {
		double off = DRAW(&a->receiver, outlier_m), bearing = random_between(&a->receiver, 0, 2 * M_PI);
		east += off * sin(bearing);
		north += off * cos(bearing);
	}
	double lat = a->lat_deg + north / METRES_PER_DEGREE;
	double lon = a->lon_deg + east / (METRES_PER_DEGREE * cos(a->lat_deg * M_PI / 180));
	p->lat_e7 = (int32_t)lround(fmax(-90, fmin(lat, 90)) * 1e7);
	p->lon_e7 = (int32_t)lround(remainder(lon, 360) * 1e7);
}

static struct position take_fix(struct animal *a)
{
	struct position p = {
		.time_ms = a->now_ms,
		.altitude_m = (float)round(a->altitude_m + 10 * random_normal(&a->receiver)),
		.accuracy_m = (float)(round(10 * figure_error_m * random_between(&a->receiver, 0.7, 2)) / 10),
		.battery_pct = battery(a),
		.has = POSITION_LOCATION | POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY,
	};

	put_location(a, &p);
	if (a->moving || walking(a)) {
		double course = atan2(a->east_mps, a->north_mps) * 180 / M_PI;
		p.has |= POSITION_SPEED | POSITION_COURSE;
		p.speed_mps = (float)hypot(a->east_mps, a->north_mps);
		p.course_deg = (float)fmod(round(course < 0 ? course + 360 : course), 360);
	}
	return p;
}

static void live_until_fix(struct animal *a)
{
	bool first = a->now_ms < a->first_ms, fixed = first || a->interval_ms;
	int64_t next = first ? a->first_ms : next_fix_ms(a);

	while (next >= a->era_end_ms) {
		begin_era(a, a->era_end_ms / ERA_MS);
		if (!fixed)
			next = next_fix_ms(a);
	}
	live_until(a, next / 1000 * 1000);
}

void animal_next(struct animal *a, struct position *ret)
{
	do {
		live_until_fix(a);
		*ret = take_fix(a);
	} while (a->now_ms < a->start_ms);
}

void animal_start(struct animal *a, const struct animal_options *o)
{
	struct random born = random_from(o->seed, o->number);
	double away = o->spread_m * sqrt(random_unit(&born)), bearing = random_between(&born, 0, 2 * M_PI);
	double lat = o->lat_e7 / 1e7;

	*a = (struct animal){
		.seed = random_bits(&born),
		.number = o->number,
		.species = o->species,
		.lat_deg = lat + away * cos(bearing) / METRES_PER_DEGREE,
		.lon_deg = o->lon_e7 / 1e7 + away * sin(bearing) / (METRES_PER_DEGREE * cos(lat * M_PI / 180)),
		.altitude_m = random_between(&born, 5, 120),
		.range_m = o->species == SPECIES_DOG ? garden_m : DRAW(&born, range_m),
		.battery_days = random_between(&born, 5, 9),
		.start_ms = o->start_ms,
		.interval_ms = o->interval_ms,
	};
	int64_t within = o->interval_ms ? o->interval_ms : SWITCH_ON_MS;
	if (o->switch_on || o->interval_ms) /* not all trackers of a fleet in the same second */
		a->first_ms = (o->start_ms + (int64_t)(random_unit(&born) * (double)within)) / 1000 * 1000 + 1000;
	begin_era(a, o->start_ms / ERA_MS);
}
