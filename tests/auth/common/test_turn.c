#include "auth/common/turn.h"
#include "base/clock.h"
#include "tests/lib/unit.h"

enum { LONG_MS = 30000 };

static void *wake(void *arg)
{
	turn_wake(arg);
	return NULL;
}

static void *stop(void *arg)
{
	turn_stop(arg);
	return NULL;
}

static void wait_for(void *(*what)(void *), bool goes_on)
{
	struct turn t;
	pthread_t thread;
	int64_t start = clock_mono_ms();

	turn_init(&t);
	ck_assert_int_eq(pthread_create(&thread, NULL, what, &t), 0);
	ck_assert_int_eq(turn_wait(&t, LONG_MS), goes_on);
	ck_assert_int_lt(clock_mono_ms() - start, LONG_MS);
	pthread_join(thread, NULL);
	ck_assert_int_eq(turn_stopping(&t), !goes_on);
	turn_destroy(&t);
}

START_TEST(ends_early)
{
	wait_for(wake, true);
	wait_for(stop, false);
}
END_TEST

START_TEST(ends_in_time)
{
	struct turn t;
	int64_t start = clock_mono_ms();

	turn_init(&t);
	ck_assert(turn_wait(&t, 20));
	ck_assert_int_ge(clock_mono_ms() - start, 20);
	turn_wake(&t); /* before the wait: it counts, once */
	start = clock_mono_ms();
	ck_assert(turn_wait(&t, LONG_MS));
	ck_assert_int_lt(clock_mono_ms() - start, LONG_MS);
	ck_assert(turn_wait(&t, 1));
	turn_destroy(&t);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/turn");
	TCase *t = tcase_create("turn");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, ends_early);
	tcase_add_test(t, ends_in_time);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
