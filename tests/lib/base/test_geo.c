#include "base/geo.h"
#include "tests/lib/unit.h"

#include <math.h>

#define E7(degrees) ((int32_t)((degrees)*1e7))

START_TEST(known_distances)
{
	/* One degree along a meridian of the IUGG sphere; half a turn; the antimeridian is no wall. */
	ck_assert_double_eq_tol(geo_distance_m(0, 0, E7(1), 0), 111195.080, 0.001);
	ck_assert_double_eq_tol(geo_distance_m(0, 0, 0, E7(180)), 20015114.442, 0.001);
	ck_assert_double_eq_tol(geo_distance_m(0, E7(179.9), 0, E7(-179.9)), 22239.016, 0.001);
	ck_assert_double_eq_tol(geo_distance_m(E7(90), 0, E7(-90), E7(77)), 20015114.442, 0.001);
	/* A metre apart is measured to the millimetre. */
	ck_assert_double_eq_tol(geo_distance_m(E7(50), E7(-5), E7(50) + 90, E7(-5)), 1.0008, 0.0001);
	ck_assert_double_eq(geo_distance_m(E7(50), E7(-5), E7(50), E7(-5)), 0);
}
END_TEST

START_TEST(known_courses)
{
	ck_assert_double_eq_tol(geo_course_deg(0, 0, E7(1), 0), 0, 1e-9);
	ck_assert_double_eq_tol(geo_course_deg(0, 0, 0, E7(1)), 90, 1e-9);
	ck_assert_double_eq_tol(geo_course_deg(E7(1), 0, 0, 0), 180, 1e-9);
	ck_assert_double_eq_tol(geo_course_deg(0, E7(1), 0, 0), 270, 1e-9);
	ck_assert_double_eq_tol(geo_course_deg(0, E7(179.9), 0, E7(-179.9)), 90, 1e-9);
	ck_assert(geo_course_deg(0, 0, 0, 0) >= 0);
	/* A hair west of north is below 360, never 360. */
	double course = geo_course_deg(E7(-89), 0, E7(89), -1);
	ck_assert(course >= 0 && course < 360);
}
END_TEST

START_TEST(moving_is_the_inverse)
{
	double course = 7.3 * _i, distance = 3.0 * _i * _i + 1;
	int32_t lat = E7(50.17), lon = E7(-5.11);

	geo_move(&lat, &lon, course, distance);
	ck_assert_double_eq_tol(geo_distance_m(E7(50.17), E7(-5.11), lat, lon), distance, 0.02);
	if (distance > 100)
		ck_assert_double_eq_tol(
			remainder(geo_course_deg(E7(50.17), E7(-5.11), lat, lon) - course, 360), 0, 0.02);
}
END_TEST

START_TEST(moving_over_the_edges)
{
	int32_t lat = 0, lon = E7(179.99);

	geo_move(&lat, &lon, 90, 5000);
	ck_assert_int_lt(lon, E7(-179.9));
	lat = E7(89.99), lon = E7(10);
	geo_move(&lat, &lon, 0, 5000); /* over the pole and down the other side */
	ck_assert_int_le(lat, E7(90));
	ck_assert_int_eq(lon / 10000000, -170);
	lat = E7(-90), lon = 0;
	geo_move(&lat, &lon, 0, 1000);
	ck_assert_double_eq_tol(geo_distance_m(E7(-90), 0, lat, lon), 1000, 0.02);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("geo");
	TCase *c = tcase_create("geo");

	tcase_add_test(c, known_distances);
	tcase_add_test(c, known_courses);
	tcase_add_loop_test(c, moving_is_the_inverse, 0, 49);
	tcase_add_test(c, moving_over_the_edges);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
