#include "base/backoff.h"
#include "tests/lib/unit.h"

START_TEST(waits_grow_to_the_cap)
{
	static const int64_t steps_ms[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000 };

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct backoff b = { .random = seed };
		for (size_t i = 0; i < sizeof(steps_ms) / sizeof(*steps_ms); i++) {
			int64_t ms = backoff_next(&b);
			ck_assert_int_le(ms, steps_ms[i]);
			ck_assert_int_ge(ms, steps_ms[i] / 2);
		}
	}
}
END_TEST

START_TEST(success_makes_them_short_again)
{
	struct backoff b = { .random = 1 };

	for (int i = 0; i < 100; i++)
		backoff_next(&b);
	ck_assert_int_gt(backoff_next(&b), BACKOFF_MIN_MS);
	backoff_reset(&b);
	ck_assert_int_le(backoff_next(&b), BACKOFF_MIN_MS);
}
END_TEST

START_TEST(seeds_differ)
{
	struct backoff a = { 0 }, b = { 0 };

	backoff_seed(&a);
	backoff_seed(&b);
	ck_assert_uint_ne(a.random, 0);
	ck_assert_uint_ne(a.random, b.random);
}
END_TEST

START_TEST(two_writers_do_not_march_in_step)
{
	struct backoff a = { .random = 1 }, b = { .random = 2 };
	int same = 0;

	for (int i = 0; i < 100; i++)
		same += backoff_next(&a) == backoff_next(&b);
	ck_assert_int_lt(same, 10);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backoff");
	TCase *t = tcase_create("backoff");

	tcase_add_test(t, waits_grow_to_the_cap);
	tcase_add_test(t, success_makes_them_short_again);
	tcase_add_test(t, seeds_differ);
	tcase_add_test(t, two_writers_do_not_march_in_step);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
