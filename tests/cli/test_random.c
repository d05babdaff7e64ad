#include "cli/simulation/random.h"
#include "tests/lib/unit.h"

#include <math.h>

enum { N = 200000 };

START_TEST(the_same_seed_gives_the_same_numbers)
{
	struct random a = random_from(7, 1), b = random_from(7, 1), c = random_from(7, 2), d = random_from(8, 1);

	for (int i = 0; i < 100; i++) {
		uint64_t v = random_bits(&a);
		ck_assert(v == random_bits(&b));
		ck_assert(v != random_bits(&c));
		ck_assert(v != random_bits(&d));
	}
}
END_TEST

/* The reference implementation's first numbers from the state 1, 2, 3, 4. */
START_TEST(it_is_xoshiro256pp)
{
	static const uint64_t reference[] = { 41943041, 58720359, 3588806011781223, 3591011842654386,
		9228616714210784205u };
	struct random r = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < sizeof reference / sizeof *reference; i++)
		ck_assert_uint_eq(random_bits(&r), reference[i]);
}
END_TEST

START_TEST(distributions)
{
	static const double quantiles[] = { 0, 10, 100 };
	struct random r = random_from(1, 1);
	double unit = 0, normal = 0, square = 0, exponential = 0, low = 0;

	for (int i = 0; i < N; i++) {
		double u = random_unit(&r), z = random_normal(&r), e = random_exponential(&r, 5);
		double b = random_between(&r, -2, 3), q = random_quantile(&r, quantiles, 2);
		ck_assert(u >= 0 && u < 1 && e >= 0 && b >= -2 && b < 3 && q >= 0 && q < 100);
		unit += u;
		normal += z;
		square += z * z;
		exponential += e;
		low += q < 10;
	}
	ck_assert_double_eq_tol(unit / N, 0.5, 0.005);
	ck_assert_double_eq_tol(normal / N, 0, 0.01);
	ck_assert_double_eq_tol(square / N, 1, 0.02);
	ck_assert_double_eq_tol(exponential / N, 5, 0.1);
	ck_assert_double_eq_tol(low / N, 0.5, 0.005);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("random");
	TCase *c = tcase_create("random");

	tcase_add_test(c, the_same_seed_gives_the_same_numbers);
	tcase_add_test(c, it_is_xoshiro256pp);
	tcase_add_test(c, distributions);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
