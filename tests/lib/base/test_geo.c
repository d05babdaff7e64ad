#include "base/geo.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <string.h>

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

/* ---- geohashes ---- */

/* Published: the first two in Wikipedia's article, the next two in Redis' manual (of whose eleven characters ten are exact), the
 * last in geohash.org's. */
static const struct {
	const char *text;
	double lat, lon;
} hashes[] = {
	{ "ezs42", 42.6, -5.6 },
	{ "u4pruydqqvj", 57.64911, 10.40744 },
	{ "sqc8b49rny", 38.115556, 13.361389 },
	{ "sqdtr74hyu", 37.502669, 15.087269 },
	{ "6gkzwgjzn820", -25.382708, -49.265506 },
};

/* A cell's bounds, from halving, as the text says. */
struct bounds {
	double low[2], high[2]; /* longitude, latitude */
};

static struct bounds decode(const char *text, size_t n)
{
	static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
	struct bounds b = { { -180, -90 }, { 180, 90 } };

	for (size_t bit = 0; bit < 5 * n; bit++) {
		size_t digit = (size_t)(strchr(digits, text[bit / 5]) - digits);
		double middle = (b.low[bit % 2] + b.high[bit % 2]) / 2;
		if (digit >> (4 - bit % 5) & 1)
			b.low[bit % 2] = middle;
		else
			b.high[bit % 2] = middle;
	}
	return b;
}

START_TEST(known_cells)
{
	for (size_t n = 1; n <= strlen(hashes[_i].text); n++) {
		struct bounds b = decode(hashes[_i].text, n);
		struct geohash_cell c = geohash_cell(
			(int32_t)lround(hashes[_i].lat * 1e7), (int32_t)lround(hashes[_i].lon * 1e7), (int)n);
		ck_assert_double_eq_tol(c.lat_e7 / 1e7, (b.low[1] + b.high[1]) / 2, 1.01e-7);
		ck_assert_double_eq_tol(c.lon_e7 / 1e7, (b.low[0] + b.high[0]) / 2, 1.01e-7);
	}
}
END_TEST

/* The circle around its middle has all of a cell in it, and hardly more. */
START_TEST(the_radius_of_a_cell)
{
	static const double lats[] = { 89.99, 60.1, 0.001, -0.001, -33.9, -89.99 };

	for (int length = 1; length <= GEOHASH_MAX; length++) {
		int32_t lat = E7(lats[_i]), lon = E7(-5.11);
		struct geohash_cell c = geohash_cell(lat, lon, length);
		double height = 180 / exp2(5 * length / 2), width = 360 / exp2(5 * length - 5 * length / 2), most = 0;
		for (int k = 0; k < 4; k++) {
			double up = k / 2 ? 0.5 : -0.5, right = k % 2 ? 0.5 : -0.5;
			double d = geo_distance_m(c.lat_e7, c.lon_e7, c.lat_e7 + (int32_t)lround(up * height * 1e7),
				c.lon_e7 + (int32_t)lround(right * width * 1e7));
			most = fmax(most, d);
		}
		ck_assert_double_eq_tol(c.radius_m, most, 0.03);
		ck_assert(length < 6 || geo_distance_m(lat, lon, c.lat_e7, c.lon_e7) <= c.radius_m + 0.02);
	}
}
END_TEST

/* Wherever a point is, what is shown of it is a point of the same cell, and the same for all of them. */
START_TEST(a_cell_is_all_that_is_said)
{
	uint32_t random = 1;

	for (int i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		int32_t lat = (int32_t)((int64_t)(random * UINT64_C(1800000000) / UINT32_MAX) - 900000000);
		random = random * 1664525 + 1013904223;
		int32_t lon = (int32_t)((int64_t)(random * UINT64_C(3600000000) / UINT32_MAX) - 1800000000);
		struct geohash_cell c = geohash_cell(lat, lon, _i), again = geohash_cell(c.lat_e7, c.lon_e7, _i);
		ASSERT_IN_LOOP(again.lat_e7 == c.lat_e7);
		ASSERT_IN_LOOP(again.lon_e7 == c.lon_e7);
		ASSERT_IN_LOOP(
			2 * llabs((long long)c.lat_e7 - lat) <= (long long)ceil(1800000000 / exp2(5 * _i / 2)) + 1);
	}
}
END_TEST

START_TEST(cells_at_the_edges)
{
	struct geohash_cell east = geohash_cell(E7(90), E7(180), 4), west = geohash_cell(E7(-90), E7(-180), 4);

	ck_assert_int_lt(east.lat_e7, E7(90));
	ck_assert_int_lt(east.lon_e7, E7(180));
	ck_assert_int_gt(west.lat_e7, E7(-90));
	ck_assert_int_le(llabs((long long)west.lon_e7 + east.lon_e7), 1); /* half a unit is rounded up */
	ck_assert_int_le(llabs((long long)geohash_cell(-1, -1, 7).lon_e7 + geohash_cell(0, 0, 7).lon_e7), 1);
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
	tcase_add_loop_test(c, known_cells, 0, 5);
	tcase_add_loop_test(c, the_radius_of_a_cell, 0, 6);
	tcase_add_loop_test(c, a_cell_is_all_that_is_said, 1, GEOHASH_MAX + 1);
	tcase_add_test(c, cells_at_the_edges);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
