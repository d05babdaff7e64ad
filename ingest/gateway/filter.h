/*
 * filter - which fixes are not wanted, and what one is still good for
 *
 * Pure. Thread: any.
 */
#pragma once

#include "base/position.h"

/* Why a fix is refused, in the order in which they are asked; its name is a label in the metrics. */
enum filter {
	FILTER_INVALID = 1, /* the device itself marks it as not valid */
	FILTER_ZERO_ISLAND, /* within 0.01 degrees of 0, 0: what a receiver without a fix may say */
	FILTER_ACCURACY, /* worse than so many metres; one that is not said passes */
	FILTER_SPEED, /* from the last fix, whichever came first, it takes more than so many m/s */
	FILTER_DISTANCE, /* less than so many metres from the last fix */
	FILTER_PERIOD, /* less than so many seconds after the last fix */
	FILTERS,
};

/* "invalid", "zero_island"... */
const char *filter_name(enum filter f);

struct filters {
	float limit[FILTERS]; /* by enum filter, in its unit; 0: off. The first two are on with any other */
};

/* The newest valid fix that was let through. */
struct fix {
	int64_t time_ms; /* 0: there is none */
	int32_t lat_e7, lon_e7;
};

/* Whether any is on; whether one of those that compare with the last fix is. */
bool filters_on(const struct filters *f);
bool filters_compare(const struct filters *f);

/* 0: @p is wanted, or no fix at all; else enum filter. FILTER_DISTANCE and FILTER_PERIOD let pass what has an alarm, and what is
 * not newer than @last: that comes from a tracker's buffer, or a second time since it may not have been durable. Times within
 * a second count as a second apart. */
int filters_judge(const struct filters *f, const struct fix *last, const struct position *p);

/* @p was let through: *last is it when it is newer and valid. */
void fix_follow(struct fix *last, const struct position *p);

/* Makes a contact of a refused fix: all that the fix itself said is taken away. False: nothing is left that were worth it, which is
 * battery, or one of the attributes alarm, batteryLevel, cells, charging, steps, wifi. */
bool filter_leave_contact(struct position *p);
