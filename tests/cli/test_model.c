#include "base/geo.h"
#include "cli/simulation/model.h"
#include "cli/simulation/model_figures.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <string.h>

/* A Thursday, on which an era begins; the tests start in the middle of one. */
#define ERA INT64_C(1767225600000)
#define DAY INT64_C(86400000)
#define START (ERA + 2 * DAY + 12345678)

enum { ANIMALS = 200, FIXES_MAX = 4000 };

static struct animal_options options(uint64_t number)
{
	return (struct animal_options){
		.seed = 1,
		.number = number,
		.lat_e7 = 501703000,
		.lon_e7 = -51138000,
		.spread_m = 3000,
		.start_ms = START,
	};
}

static bool same_fix(const struct position *a, const struct position *b)
{
	return a->time_ms == b->time_ms && a->lat_e7 == b->lat_e7 && a->lon_e7 == b->lon_e7 && a->has == b->has &&
	       a->battery_pct == b->battery_pct;
}

/* Fixes of @o until @until_ms; returns how many. */
static size_t live(const struct animal_options *o, int64_t until_ms, struct position *fixes, size_t max)
{
	struct animal a;
	size_t n = 0;

	animal_start(&a, o);
	for (; n < max; n++) {
		animal_next(&a, &fixes[n]);
		if (fixes[n].time_ms > until_ms)
			break;
	}
	ck_assert_uint_lt(n, max);
	return n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *values, size_t n, double share)
{
	qsort(values, n, sizeof *values, ascending);
	return values[(size_t)(share * (double)(n - 1))];
}

START_TEST(the_same_options_give_the_same_fixes)
{
	static struct position a[FIXES_MAX], b[FIXES_MAX];
	struct animal_options o = options(3), other = options(4), world = options(3);

	o.species = other.species = world.species = _i ? SPECIES_DOG : SPECIES_CAT;
	size_t n = live(&o, START + 10 * DAY, a, FIXES_MAX);
	ck_assert_uint_gt(n, 50);
	ck_assert_uint_eq(live(&o, START + 10 * DAY, b, FIXES_MAX), n);
	for (size_t i = 0; i < n; i++)
		ASSERT_IN_LOOP(same_fix(&a[i], &b[i]));
	live(&other, START + 10 * DAY, b, FIXES_MAX);
	ck_assert(!same_fix(&a[0], &b[0]));
	world.seed = 2;
	live(&world, START + 10 * DAY, b, FIXES_MAX);
	ck_assert(!same_fix(&a[0], &b[0]));
}
END_TEST

/* Where it is follows from the time, not from when one began to look. */
START_TEST(overlapping_plays_agree)
{
	static struct position a[FIXES_MAX], b[FIXES_MAX];
	struct animal_options o = options(5), later = options(5);

	o.species = later.species = _i ? SPECIES_DOG : SPECIES_CAT;
	later.start_ms = START + 3 * DAY + 999;
	size_t n = live(&o, START + 20 * DAY, a, FIXES_MAX), m = live(&later, START + 20 * DAY, b, FIXES_MAX), skip = 0;
	while (a[skip].time_ms < later.start_ms)
		skip++;
	ck_assert_uint_eq(n - skip, m);
	for (size_t i = 0; i < m; i++)
		ASSERT_IN_LOOP(same_fix(&a[skip + i], &b[i]));
}
END_TEST

START_TEST(fixes_are_in_order_and_within_bounds)
{
	static struct position fixes[FIXES_MAX];
	struct animal_options o = options((uint64_t)_i);

	o.species = _i % 2 ? SPECIES_DOG : SPECIES_CAT;
	size_t n = live(&o, START + 15 * DAY, fixes, FIXES_MAX);
	for (size_t i = 0; i < n; i++) {
		ASSERT_IN_LOOP(!position_fault(&fixes[i]));
		ASSERT_IN_LOOP(position_has(&fixes[i], POSITION_LOCATION | POSITION_BATTERY));
		ASSERT_IN_LOOP(fixes[i].time_ms >= START && fixes[i].time_ms % 1000 == 0);
		ASSERT_IN_LOOP(i == 0 || fixes[i].time_ms > fixes[i - 1].time_ms);
	}
}
END_TEST

/* The figures come out as they went in: those of the data, within what the model's simplicity costs. */
START_TEST(cats_move_as_in_the_data)
{
	static struct position fixes[FIXES_MAX];
	static double intervals[ANIMALS * FIXES_MAX / 10], steps[ANIMALS * FIXES_MAX / 10], away[FIXES_MAX];
	double middle[ANIMALS], wide[ANIMALS];
	size_t intervals_n = 0, gaps = 0, steps_n = 0, rests = 0, far = 0, all = 0;

	for (size_t k = 0; k < ANIMALS; k++) {
		struct animal_options o = options(k);
		struct animal a;
		animal_start(&a, &o);
		int32_t lat = (int32_t)lround(a.lat_deg * 1e7), lon = (int32_t)lround(a.lon_deg * 1e7);
		size_t n = live(&o, START + 14 * DAY, fixes, FIXES_MAX);
		for (size_t i = 0; i < n; i++) {
			away[i] = geo_distance_m(lat, lon, fixes[i].lat_e7, fixes[i].lon_e7);
			far += away[i] > 2000;
			all++;
			if (i == 0)
				continue;
			double s = (double)(fixes[i].time_ms - fixes[i - 1].time_ms) / 1000;
			double m = geo_distance_m(
				fixes[i - 1].lat_e7, fixes[i - 1].lon_e7, fixes[i].lat_e7, fixes[i].lon_e7);
			intervals[intervals_n++] = s;
			gaps += s >= 3600;
			if (s >= 420)
				continue;
			steps[steps_n++] = m;
			rests += m < 15;
		}
		middle[k] = quantile(away, n, 0.5);
		wide[k] = quantile(away, n, 0.95);
	}
	/* Right: what the 101 cats have. */
	ck_assert_double_eq_tol(quantile(intervals, intervals_n, 0.25), 189, 10);
	ck_assert_double_eq_tol(quantile(intervals, intervals_n, 0.5), 248, 25);
	ck_assert_double_eq_tol((double)gaps / (double)intervals_n, 0.140, 0.015);
	ck_assert_double_eq_tol((double)rests / (double)steps_n, 0.41, 0.06);
	ck_assert_double_eq_tol(quantile(steps, steps_n, 0.5), 19.3, 2.5);
	ck_assert_double_eq_tol(quantile(steps, steps_n, 0.9), 67, 14);
	ck_assert_double_eq_tol(quantile(middle, ANIMALS, 0.5), 23.4, 8);
	ck_assert_double_eq_tol(quantile(wide, ANIMALS, 0.5), 101, 20);
	ck_assert_double_eq_tol(quantile(wide, ANIMALS, 0.9), 276, 70);
	/* Beyond 2 km of home there are only outliers: a fifteenth of 1.9 %. */
	ck_assert_double_eq_tol((double)far / (double)all, 0.0018, 0.0015);
}
END_TEST

START_TEST(dogs_are_walked)
{
	static struct position fixes[FIXES_MAX];
	struct animal_options o = options(2);
	struct animal a;
	unsigned walks = 0;
	bool out = false;

	o.species = SPECIES_DOG;
	animal_start(&a, &o);
	int32_t lat = (int32_t)lround(a.lat_deg * 1e7), lon = (int32_t)lround(a.lon_deg * 1e7);
	size_t n = live(&o, START + 10 * DAY, fixes, FIXES_MAX);
	for (size_t i = 0; i < n; i++) {
		int64_t hour = fixes[i].time_ms / 3600000 % 24;
		double away = geo_distance_m(lat, lon, fixes[i].lat_e7, fixes[i].lon_e7);
		bool far = away > 150 && away < 1500; /* beyond: an outlier */
		if (far && position_has(&fixes[i], POSITION_SPEED) && fixes[i].speed_mps > 0.5) {
			ck_assert(hour >= 5 && hour <= 21);
			ck_assert_float_lt(fixes[i].speed_mps, 3.5f);
			walks += !out;
			out = true;
		} else if (away < 60) {
			out = false;
		}
	}
	ck_assert_uint_ge(walks, 20);
	ck_assert_uint_le(walks, 40);
}
END_TEST

START_TEST(an_interval_is_kept_without_gaps)
{
	static struct position fixes[FIXES_MAX];
	struct animal_options o = options(9);

	o.interval_ms = 300000;
	size_t n = live(&o, START + 10 * DAY, fixes, FIXES_MAX); /* over the ends of two eras */
	ck_assert_int_le(fixes[0].time_ms, START + 301000);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_eq(fixes[i].time_ms - fixes[i - 1].time_ms, 300000);
}
END_TEST

START_TEST(a_tracker_that_is_switched_on_has_a_fix_soon)
{
	struct position p;
	struct animal a;

	for (uint64_t k = 0; k < 50; k++) {
		struct animal_options o = options(k);
		o.switch_on = true;
		o.start_ms = k % 2 ? START : ERA + 7 * DAY - 1000; /* and where an era ends meanwhile */
		animal_start(&a, &o);
		animal_next(&a, &p);
		ck_assert_int_ge(p.time_ms, o.start_ms);
		ck_assert_int_le(p.time_ms, o.start_ms + 181000);
		int64_t first = p.time_ms;
		animal_next(&a, &p);
		ck_assert_int_gt(p.time_ms, first);
	}
}
END_TEST

START_TEST(homes_lie_around_the_place)
{
	struct animal a;

	for (uint64_t k = 0; k < 100; k++) {
		struct animal_options o = options(k);
		animal_start(&a, &o);
		ck_assert_double_le(geo_distance_m(o.lat_e7, o.lon_e7, (int32_t)lround(a.lat_deg * 1e7),
					    (int32_t)lround(a.lon_deg * 1e7)),
			3010);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("model");
	TCase *c = tcase_create("model");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, the_same_options_give_the_same_fixes, 0, 2);
	tcase_add_loop_test(c, overlapping_plays_agree, 0, 2);
	tcase_add_loop_test(c, fixes_are_in_order_and_within_bounds, 0, 20);
	tcase_add_test(c, cats_move_as_in_the_data);
	tcase_add_test(c, dogs_are_walked);
	tcase_add_test(c, an_interval_is_kept_without_gaps);
	tcase_add_test(c, a_tracker_that_is_switched_on_has_a_fix_soon);
	tcase_add_test(c, homes_lie_around_the_place);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
