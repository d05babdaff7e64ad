/* Source: ingest/gateway/filter.c. A thousandth of a degree of latitude is 111.2 m on the sphere of lib/base/geo.h. */
#include "ingest/gateway/filter.h"
#include "tests/lib/unit.h"

#include <string.h>

#define AT 1767323045000LL
#define LAT 501703000
#define LON (-51138510)
#define STEP 10000 /* 111.2 m north */

static const struct fix last = { AT, LAT, LON };
static const struct fix none;

static struct position fix(int64_t after_ms, int32_t north_e7)
{
	return (struct position){
		.time_ms = AT + after_ms, .lat_e7 = LAT + north_e7, .lon_e7 = LON, .has = POSITION_LOCATION
	};
}

static struct filters only(enum filter f, float limit)
{
	struct filters filters = { 0 };

	filters.limit[f] = limit;
	return filters;
}

static int judge(enum filter f, float limit, struct position p)
{
	struct filters filters = only(f, limit);

	return filters_judge(&filters, &last, &p);
}

START_TEST(off_lets_everything_pass)
{
	const struct filters off = { 0 };
	struct position p = {
		.time_ms = AT, .has = POSITION_LOCATION | POSITION_ACCURACY, .accuracy_m = 1e6f, .invalid = true
	};

	ck_assert_int_eq(filters_judge(&off, &last, &p), 0);
	ck_assert(!filters_on(&off));
	ck_assert(!filters_compare(&off));
}
END_TEST

START_TEST(which_are_on)
{
	for (int f = 1; f < FILTERS; f++) {
		struct filters filters = only((enum filter)f, 0.5f);
		ck_assert(filters_on(&filters));
		ck_assert_int_eq(filters_compare(&filters), f >= FILTER_SPEED);
	}
}
END_TEST

START_TEST(their_names)
{
	static const char *const names[] = { "none", "invalid", "zero_island", "accuracy", "speed", "distance",
		"period", "none" };

	for (int f = 0; f <= FILTERS; f++)
		ck_assert_str_eq(filter_name((enum filter)f), names[f]);
}
END_TEST

START_TEST(a_contact_is_not_filtered)
{
	struct position p = { .time_ms = AT, .invalid = true };

	for (int f = 1; f < FILTERS; f++)
		ck_assert_int_eq(judge((enum filter)f, 1000, p), 0);
}
END_TEST

START_TEST(invalid)
{
	struct position p = fix(1000, 0);

	ck_assert_int_eq(judge(FILTER_INVALID, 1, p), 0);
	p.invalid = true;
	ck_assert_int_eq(judge(FILTER_INVALID, 1, p), FILTER_INVALID);
	ck_assert_int_eq(judge(FILTER_ZERO_ISLAND, 1, p), 0);
}
END_TEST

static const struct {
	int32_t lat_e7, lon_e7;
	bool refused;
} zeros[] = {
	{ 0, 0, true }, { 99999, -99999, true }, { -99999, 99999, true }, { 100000, 0, false }, { 0, -100000, false },
	{ 0, LON, false }, /* on the equator */
	{ LAT, 0, false }, /* in Greenwich's meridian */
};

START_TEST(zero_island)
{
	struct position p = fix(1000, 0);

	p.lat_e7 = zeros[_i].lat_e7;
	p.lon_e7 = zeros[_i].lon_e7;
	ck_assert_int_eq(judge(FILTER_ZERO_ISLAND, 1, p), zeros[_i].refused ? FILTER_ZERO_ISLAND : 0);
}
END_TEST

START_TEST(accuracy)
{
	struct position p = fix(1000, 0);

	p.accuracy_m = 51; /* but not said */
	ck_assert_int_eq(judge(FILTER_ACCURACY, 50, p), 0);
	p.has |= POSITION_ACCURACY;
	ck_assert_int_eq(judge(FILTER_ACCURACY, 50, p), FILTER_ACCURACY);
	p.accuracy_m = 50;
	ck_assert_int_eq(judge(FILTER_ACCURACY, 50, p), 0);
}
END_TEST

static const struct {
	const char *what;
	enum filter filter;
	float limit;
	int64_t after_ms;
	int32_t north_e7;
	bool refused;
} pairs[] = {
	{ "11.1 m/s", FILTER_SPEED, 12, 10000, STEP, false },
	{ "11.1 m/s, too fast", FILTER_SPEED, 11, 10000, STEP, true },
	{ "from a buffer, the same the other way", FILTER_SPEED, 11, -10000, STEP, true },
	{ "from a buffer, slow enough", FILTER_SPEED, 12, -10000, STEP, false },
	{ "at the same time, elsewhere", FILTER_SPEED, 100, 0, STEP, true },
	{ "at the same time, as near as a second may be", FILTER_SPEED, 112, 0, STEP, false },
	{ "half a second counts as one", FILTER_SPEED, 112, 500, STEP, false },
	{ "sent again", FILTER_SPEED, 1, 0, 0, false },
	{ "111.2 m", FILTER_DISTANCE, 111, 1000, STEP, false },
	{ "111.2 m, too near", FILTER_DISTANCE, 112, 1000, -STEP, true },
	{ "at the same place", FILTER_DISTANCE, 1, 3600000, 0, true },
	{ "near, but older", FILTER_DISTANCE, 112, -1, 0, false },
	{ "near, but sent again", FILTER_DISTANCE, 112, 0, 0, false },
	{ "30 s", FILTER_PERIOD, 30, 30000, 0, false },
	{ "29.999 s", FILTER_PERIOD, 30, 29999, 1000 * STEP, true },
	{ "soon, but older", FILTER_PERIOD, 30, -1, 0, false },
	{ "soon, but sent again", FILTER_PERIOD, 30, 0, 0, false },
};

START_TEST(compared_with_the_last)
{
	int r = judge(pairs[_i].filter, pairs[_i].limit, fix(pairs[_i].after_ms, pairs[_i].north_e7));

	ck_assert_msg(r == (pairs[_i].refused ? (int)pairs[_i].filter : 0), "%s", pairs[_i].what);
}
END_TEST

START_TEST(without_a_last_fix_nothing_is_compared)
{
	struct position p = fix(0, 0);

	for (int f = FILTER_SPEED; f < FILTERS; f++) {
		struct filters filters = only((enum filter)f, 0.001f);
		ck_assert_int_eq(filters_judge(&filters, &none, &p), 0);
	}
}
END_TEST

START_TEST(an_alarm_is_never_too_near_or_too_soon)
{
	const struct attribute alarm = { "alarm", ATTRIBUTE_TEXT, { .text = "sos" } };
	struct position p = fix(1000, STEP);

	p.attributes = &alarm;
	p.attributes_n = 1;
	ck_assert_int_eq(judge(FILTER_DISTANCE, 1000, p), 0);
	ck_assert_int_eq(judge(FILTER_PERIOD, 1000, p), 0);
	ck_assert_int_eq(judge(FILTER_SPEED, 1, p), FILTER_SPEED);
}
END_TEST

START_TEST(the_first_that_refuses_is_named)
{
	struct filters all = { { 0 } };
	struct position p = fix(1000, 0);

	for (int f = 1; f < FILTERS; f++)
		all.limit[f] = 10;
	p.invalid = true;
	ck_assert_int_eq(filters_judge(&all, &last, &p), FILTER_INVALID);
	p.invalid = false;
	ck_assert_int_eq(filters_judge(&all, &last, &p), FILTER_DISTANCE);
}
END_TEST

START_TEST(the_last_fix_is_the_newest_valid_one)
{
	struct fix at = none;
	struct position p = fix(0, 0), older = fix(-1000, STEP), contact = fix(1000, STEP), bad = fix(2000, STEP);

	contact.has = 0;
	bad.invalid = true;
	fix_follow(&at, &p);
	fix_follow(&at, &older);
	fix_follow(&at, &contact);
	fix_follow(&at, &bad);
	ck_assert_int_eq(at.time_ms, AT);
	ck_assert_int_eq(at.lat_e7, LAT);
	ck_assert_int_eq(at.lon_e7, LON);
	p = fix(3000, STEP);
	fix_follow(&at, &p);
	ck_assert_int_eq(at.time_ms, AT + 3000);
	ck_assert_int_eq(at.lat_e7, LAT + STEP);
}
END_TEST

/* ---- contacts ---- */

static const struct {
	const char *attribute;
	bool worth;
} attributes[] = {
	{ "alarm", true },
	{ "batteryLevel", true },
	{ "cells", true },
	{ "charging", true },
	{ "steps", true },
	{ "wifi", true },
	{ "satellites", false },
	{ "hdop", false },
};

START_TEST(what_is_worth_a_contact)
{
	const struct attribute list[] = { { "event", ATTRIBUTE_INT, { .integer = 1 } },
		{ attributes[_i].attribute, ATTRIBUTE_TEXT, { .text = "1" } } };
	struct position p = fix(1000, 0);

	p.attributes = list;
	p.attributes_n = 2;
	ck_assert_int_eq(filter_leave_contact(&p), attributes[_i].worth);
	ck_assert_uint_eq(p.attributes_n, 2);
}
END_TEST

START_TEST(a_contact_keeps_nothing_of_the_fix)
{
	struct position p = fix(1000, 0);

	p.has |= POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY;
	p.battery_pct = 42;
	p.invalid = true;
	ck_assert(filter_leave_contact(&p));
	ck_assert_uint_eq(p.has, POSITION_BATTERY);
	ck_assert_float_eq(p.battery_pct, 42);
	ck_assert(!p.invalid);
	ck_assert_int_eq(p.time_ms, AT + 1000);
	p = fix(1000, 0);
	p.has |= POSITION_SPEED;
	ck_assert(!filter_leave_contact(&p));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("filter");
	TCase *t = tcase_create("filter");

	tcase_add_test(t, off_lets_everything_pass);
	tcase_add_test(t, which_are_on);
	tcase_add_test(t, their_names);
	tcase_add_test(t, a_contact_is_not_filtered);
	tcase_add_test(t, invalid);
	tcase_add_loop_test(t, zero_island, 0, sizeof zeros / sizeof *zeros);
	tcase_add_test(t, accuracy);
	tcase_add_loop_test(t, compared_with_the_last, 0, sizeof pairs / sizeof *pairs);
	tcase_add_test(t, without_a_last_fix_nothing_is_compared);
	tcase_add_test(t, an_alarm_is_never_too_near_or_too_soon);
	tcase_add_test(t, the_first_that_refuses_is_named);
	tcase_add_test(t, the_last_fix_is_the_newest_valid_one);
	tcase_add_loop_test(t, what_is_worth_a_contact, 0, sizeof attributes / sizeof *attributes);
	tcase_add_test(t, a_contact_keeps_nothing_of_the_fix);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
