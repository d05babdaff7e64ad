/* Source: ingest/gateway/strangers.c. */
#include "ingest/gateway/strangers.h"
#include "service/metrics.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 4, TAKEN_MAX = 16 };

static struct strangers *strangers;
static struct stranger taken[TAKEN_MAX];
static const struct address here = { { [10] = 0xFF, 0xFF, 192, 0, 2, 7 } },
			    there = { { 0x20, 1, 0xD, 0xB8, [15] = 1 } };

static void setup(void)
{
	ck_assert_int_eq(strangers_open(&strangers, MAX), 0);
}

static void teardown(void)
{
	strangers_close(strangers);
}

static int dropped(const char *reason)
{
	char line[128];
	char *all = metrics_render(&(size_t){ 0 });
	size_t n = (size_t)snprintf(
		line, sizeof line, "\npettrack_gateway_strangers_dropped_total{reason=\"%s\"} ", reason);

	ck_assert_ptr_nonnull(all);
	const char *at = strstr(all, line);
	ck_assert_ptr_nonnull(at);
	int value = atoi(at + n);
	free(all);
	return value;
}

static void note(const char *identifier)
{
	strangers_note(strangers, identifier, "gt06", &here);
}

START_TEST(contacts_are_counted_by_identifier)
{
	note("cat");
	note("dog");
	strangers_note(strangers, "cat", "h02", &there);
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 2);
	ck_assert_str_eq(taken[0].identifier, "cat");
	ck_assert_str_eq(taken[0].protocol, "h02");
	ck_assert_mem_eq(&taken[0].from, &there, sizeof there);
	ck_assert_int_eq(taken[0].contacts, 2);
	ck_assert_str_eq(taken[1].identifier, "dog");
	ck_assert_str_eq(taken[1].protocol, "gt06");
	ck_assert_mem_eq(&taken[1].from, &here, sizeof here);
	ck_assert_int_eq(taken[1].contacts, 1);
}
END_TEST

START_TEST(what_is_taken_is_gone)
{
	note("a");
	note("b");
	note("c");
	ck_assert_uint_eq(strangers_take(strangers, taken, 2), 2);
	note("a");
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 2);
	ck_assert_str_eq(taken[0].identifier, "c");
	ck_assert_str_eq(taken[1].identifier, "a");
	ck_assert_int_eq(taken[1].contacts, 1);
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 0);
}
END_TEST

START_TEST(what_can_be_no_identifier_is_none)
{
	char too_long[PROTOCOL_IDENTIFIER_MAX + 2];

	memset(too_long, 'x', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	note("");
	note("a b");
	note("{\"$ne\":1}");
	note(too_long);
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 0);
	ck_assert_str_eq(too_long + PROTOCOL_IDENTIFIER_MAX, "x");
	note(too_long + 1);
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 1);
	ck_assert_str_eq(taken[0].identifier, too_long + 1);
}
END_TEST

START_TEST(a_flood_is_counted_only)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "made-up-%d", i);
		note(name);
	}
	note("made-up-0"); /* there is room for those that are there */
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), MAX);
	ck_assert_int_eq(taken[0].contacts, 2);
	ck_assert_int_eq(dropped("no_room"), 100 - MAX);
	note("cat");
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 1);
	ck_assert_int_eq(dropped("no_room"), 100 - MAX);
}
END_TEST

START_TEST(what_auth_will_not_hear_of_is_counted)
{
	note("cat");
	note("cat");
	note("dog");
	size_t n = strangers_take(strangers, taken, TAKEN_MAX);
	strangers_forget(strangers, taken, n);
	ck_assert_int_eq(dropped("refused"), 3);
}
END_TEST

static void *note_many(void *arg)
{
	for (int i = 0; i < 1000; i++)
		note(i % 2 ? "cat" : "dog");
	return arg;
}

START_TEST(from_several_threads)
{
	pthread_t t[3];
	int64_t contacts = 0;

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, note_many, NULL), 0);
	for (int i = 0; i < 100; i++)
		for (size_t n = strangers_take(strangers, taken, 1); n > 0; n--)
			contacts += taken[n - 1].contacts;
	for (size_t i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	for (size_t n = strangers_take(strangers, taken, TAKEN_MAX); n > 0; n--)
		contacts += taken[n - 1].contacts;
	ck_assert_int_eq(contacts, 3000);
}
END_TEST

START_TEST(without_memory)
{
	struct strangers *other = NULL;

	failing_alloc_at(1);
	int r = strangers_open(&other, MAX);
	failing_alloc_at(0);
	ck_assert_int_eq(r, -ENOMEM);
	failing_alloc_at(1);
	note("cat");
	bool happened = failing_alloc_happened();
	failing_alloc_at(0);
	ck_assert(happened);
	ck_assert_int_eq(dropped("no_room"), 1);
	note("cat");
	ck_assert_uint_eq(strangers_take(strangers, taken, TAKEN_MAX), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("strangers");
	TCase *t = tcase_create("strangers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, contacts_are_counted_by_identifier);
	tcase_add_test(t, what_is_taken_is_gone);
	tcase_add_test(t, what_can_be_no_identifier_is_none);
	tcase_add_test(t, a_flood_is_counted_only);
	tcase_add_test(t, what_auth_will_not_hear_of_is_counted);
	tcase_add_test(t, from_several_threads);
	tcase_add_test(t, without_memory);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
