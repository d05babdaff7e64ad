#include "service/prepare.h"
#include "base/clock.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A server that comes with the @good-th call, and what it says before. */
struct server {
	int calls, good, r;
	bool ends_program;
};

static int make(void *owner, const char **ret_why)
{
	struct server *s = owner;

	if (++s->calls >= s->good)
		return 0;
	if (s->ends_program)
		kill(getpid(), SIGTERM);
	*ret_why = "nobody there";
	return s->r;
}

static void setup(void)
{
	static const struct setting none[] = { { 0 } };
	char name[] = "p", *argv[] = { name, NULL };

	ck_assert_int_eq(service_start(&(struct service){ "p", "s", none }, 1, argv), 0);
}

static const char *said;

static int run(int64_t timeout_ms, struct server *a, struct server *b)
{
	const struct prepare p = { true, timeout_ms };
	const struct prepare_step steps[] = { { "topics", make, a }, { "collections", make, b }, { 0 } };

	capture_begin(2);
	int r = prepare_run(&p, steps);
	said = capture_end(2);
	return r;
}

static int count(const char *event)
{
	int n = 0;

	for (const char *at = said; (at = strstr(at, event)); at++)
		n++;
	return n;
}

START_TEST(what_is_there_takes_no_time)
{
	struct server a = { .good = 1 }, b = { .good = 1 };

	ck_assert_int_eq(run(0, &a, &b), 0);
	ck_assert_int_eq(a.calls + b.calls, 2);
	ck_assert_int_eq(count("\"event\":\"prepared\""), 2);
}
END_TEST

START_TEST(a_server_that_comes_late)
{
	struct server a = { .good = 3, .r = 1 }, b = { .good = 1 };

	ck_assert_int_eq(run(60000, &a, &b), 0);
	ck_assert_int_eq(a.calls, 3);
	ck_assert_int_eq(count("\"event\":\"not prepared yet\",\"what\":\"topics\",\"why\":\"nobody there\""), 1);
}
END_TEST

START_TEST(a_server_that_never_comes)
{
	struct server a = { .good = 1 }, b = { .good = 1000, .r = 1 };
	int64_t began_ms = clock_mono_ms();

	ck_assert_int_eq(run(1200, &a, &b), SERVICE_E_FAILED);
	ck_assert_int_ge(clock_mono_ms() - began_ms, 1200);
	ck_assert_int_ge(b.calls, 2); /* also when the time is over: it may have come in between */
	ck_assert_int_eq(
		count("\"event\":\"not prepared in time\",\"what\":\"collections\",\"why\":\"nobody there\""), 1);
}
END_TEST

START_TEST(what_trying_again_does_not_mend)
{
	struct server a = { .good = 1000, .r = -EACCES }, b = { .good = 1 };

	ck_assert_int_eq(run(60000, &a, &b), SERVICE_E_FAILED);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(b.calls, 0);
	ck_assert_int_eq(count("\"event\":\"cannot prepare\",\"what\":\"topics\",\"why\":\"nobody there\""), 1);
}
END_TEST

START_TEST(the_end_is_not_waited_for)
{
	struct server a = { .good = 1000, .r = 1, .ends_program = true }, b = { .good = 1 };

	ck_assert_int_eq(run(60000, &a, &b), SERVICE_E_FAILED);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(count("\"event\":\"not prepared: stopped\""), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("prepare");
	TCase *c = tcase_create("prepare");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, what_is_there_takes_no_time);
	tcase_add_test(c, a_server_that_comes_late);
	tcase_add_test(c, a_server_that_never_comes);
	tcase_add_test(c, what_trying_again_does_not_mend);
	tcase_add_test(c, the_end_is_not_waited_for);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
