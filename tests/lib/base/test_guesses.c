#include "base/guesses.h"
#include "tests/lib/unit.h"

#include <stdio.h>

enum { A_MINUTE = 120, MINUTE_MS = 60000, START_MS = 1000000 };

static struct guesses *g;

static void setup(void)
{
	ck_assert_int_eq(guesses_open(&g, A_MINUTE), 0);
}

static void teardown(void)
{
	guesses_close(g);
}

static int64_t wait_ms(const char *from, int64_t now_ms)
{
	struct address a;

	ck_assert_int_eq(address_parse(&a, from), 0);
	return guesses_wait_ms(g, &a, now_ms);
}

static void wrong(const char *from, int64_t now_ms, int times)
{
	struct address a;

	ck_assert_int_eq(address_parse(&a, from), 0);
	for (int i = 0; i < times; i++)
		guesses_wrong(g, &a, now_ms);
}

START_TEST(as_many_as_may_be_and_then_one_at_a_time)
{
	ck_assert_int_eq(wait_ms("192.0.2.1", START_MS), 0);
	wrong("192.0.2.1", START_MS, A_MINUTE - 1);
	ck_assert_int_eq(wait_ms("192.0.2.1", START_MS), 0);
	wrong("192.0.2.1", START_MS, 1);
	int64_t wait = wait_ms("192.0.2.1", START_MS);
	ck_assert(wait >= 500 && wait <= 501);
	ck_assert_int_eq(wait_ms("192.0.2.1", START_MS + wait), 0);
	wrong("192.0.2.1", START_MS + wait, 1);
	ck_assert_int_gt(wait_ms("192.0.2.1", START_MS + wait), 0);
	ck_assert_int_eq(wait_ms("192.0.2.1", START_MS + 2 * MINUTE_MS), 0);
	wrong("192.0.2.1", START_MS + 2 * MINUTE_MS, A_MINUTE - 1); /* all are there again, and no more than all */
	ck_assert_int_eq(wait_ms("192.0.2.1", START_MS + 2 * MINUTE_MS), 0);
	wrong("192.0.2.1", START_MS + 2 * MINUTE_MS, 1);
	ck_assert_int_gt(wait_ms("192.0.2.1", START_MS + 2 * MINUTE_MS), 0);
}
END_TEST

START_TEST(a_64_is_one_customer)
{
	wrong("2001:db8:1:2::1", START_MS, A_MINUTE);
	ck_assert_int_gt(wait_ms("2001:db8:1:2:ffff::9", START_MS), 0);
	wrong("::ffff:192.0.2.1", START_MS, A_MINUTE);
	ck_assert_int_gt(wait_ms("192.0.2.1", START_MS), 0);
}
END_TEST

/* A few share a place with somebody who has none left. */
START_TEST(others_are_let_be)
{
	char text[32];
	int waiting = 0;

	wrong("192.0.2.1", START_MS, 100 * A_MINUTE);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "10.0.%d.%d", i / 250, i % 250);
		waiting += wait_ms(text, START_MS) > 0;
	}
	ck_assert_int_le(waiting, 10);
}
END_TEST

START_TEST(without_a_limit)
{
	struct address a = { 0 };

	guesses_wrong(NULL, &a, START_MS);
	ck_assert_int_eq(guesses_wait_ms(NULL, &a, START_MS), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guesses");
	TCase *t = tcase_create("guesses");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, as_many_as_may_be_and_then_one_at_a_time);
	tcase_add_test(t, a_64_is_one_customer);
	tcase_add_test(t, others_are_let_be);
	tcase_add_test(t, without_a_limit);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
