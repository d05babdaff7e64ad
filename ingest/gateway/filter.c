/* filter - one function a filter, in a table by enum filter. */
#include "ingest/gateway/filter.h"

#include "base/geo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ZERO_ISLAND_E7 = 100000 };

static const double SECONDS_MIN = 1;

const char *filter_name(enum filter f)
{
	static const char *const names[FILTERS] = {
		[FILTER_INVALID] = "invalid",
		[FILTER_ZERO_ISLAND] = "zero_island",
		[FILTER_ACCURACY] = "accuracy",
		[FILTER_SPEED] = "speed",
		[FILTER_DISTANCE] = "distance",
		[FILTER_PERIOD] = "period",
	};

	return f > 0 && f < FILTERS ? names[f] : "none";
}

bool filters_on(const struct filters *f)
{
	bool on = false;

	for (int i = 1; i < FILTERS; i++)
		on = on || f->limit[i] > 0;
	return on;
}

bool filters_compare(const struct filters *f)
{
	return f->limit[FILTER_SPEED] > 0 || f->limit[FILTER_DISTANCE] > 0 || f->limit[FILTER_PERIOD] > 0;
}

/* ---- what each asks ---- */

static const struct attribute *attribute_of(const struct position *p, const char *name)
{
	for (size_t i = 0; i < p->attributes_n; i++)
		if (!strcmp(p->attributes[i].name, name))
			return &p->attributes[i];
	return NULL;
}

static double distance_m(const struct fix *last, const struct position *p)
{
	return geo_distance_m(last->lat_e7, last->lon_e7, p->lat_e7, p->lon_e7);
}

static double seconds_since(const struct fix *last, const struct position *p)
{
	return (double)(p->time_ms - last->time_ms) / 1000;
}

/* Whether @p can be one fix too many. */
static bool is_next(const struct fix *last, const struct position *p)
{
	return last->time_ms != 0 && p->time_ms > last->time_ms && !attribute_of(p, "alarm");
}

static bool is_invalid(double limit, const struct fix *last, const struct position *p)
{
	(void)limit;
	(void)last;
	return p->invalid;
}

static bool is_zero_island(double limit, const struct fix *last, const struct position *p)
{
	(void)limit;
	(void)last;
	return abs(p->lat_e7) < ZERO_ISLAND_E7 && abs(p->lon_e7) < ZERO_ISLAND_E7;
}

static bool is_inaccurate(double limit, const struct fix *last, const struct position *p)
{
	(void)last;
	return position_has(p, POSITION_ACCURACY) && (double)p->accuracy_m > limit;
}

static bool is_too_fast(double limit, const struct fix *last, const struct position *p)
{
	return last->time_ms != 0 && distance_m(last, p) > limit * fmax(fabs(seconds_since(last, p)), SECONDS_MIN);
}

static bool is_too_near(double limit, const struct fix *last, const struct position *p)
{
	return is_next(last, p) && distance_m(last, p) < limit;
}

static bool is_too_soon(double limit, const struct fix *last, const struct position *p)
{
	return is_next(last, p) && seconds_since(last, p) < limit;
}

int filters_judge(const struct filters *f, const struct fix *last, const struct position *p)
{
	static bool (*const refuses[FILTERS])(double limit, const struct fix *last, const struct position *p) = {
		[FILTER_INVALID] = is_invalid,
		[FILTER_ZERO_ISLAND] = is_zero_island,
		[FILTER_ACCURACY] = is_inaccurate,
		[FILTER_SPEED] = is_too_fast,
		[FILTER_DISTANCE] = is_too_near,
		[FILTER_PERIOD] = is_too_soon,
	};

	if (!position_has(p, POSITION_LOCATION))
		return 0;
	for (int i = 1; i < FILTERS; i++)
		if (f->limit[i] > 0 && refuses[i]((double)f->limit[i], last, p))
			return i;
	return 0;
}

/* ---- what becomes of it ---- */

void fix_follow(struct fix *last, const struct position *p)
{
	if (position_has(p, POSITION_LOCATION) && !p->invalid && p->time_ms > last->time_ms)
		*last = (struct fix){ p->time_ms, p->lat_e7, p->lon_e7 };
}

static bool is_worth_a_contact(const struct position *p)
{
	static const char *const worth[] = { "alarm", "batteryLevel", "cells", "charging", "steps", "wifi" };
	bool found = position_has(p, POSITION_BATTERY);

	for (size_t i = 0; !found && i < sizeof worth / sizeof *worth; i++)
		found = attribute_of(p, worth[i]) != NULL;
	return found;
}

bool filter_leave_contact(struct position *p)
{
	p->has &= POSITION_BATTERY;
	p->invalid = false;
	return is_worth_a_contact(p);
}
