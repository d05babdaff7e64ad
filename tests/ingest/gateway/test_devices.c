/* Source: ingest/gateway/devices.c, and changes_apply() of changes.c. Time is given, never waited for. */
#include "ingest/gateway/changes.h"
#include "ingest/gateway/devices.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KNOWN_MS = 1000, UNKNOWN_MS = 100, UNAVAILABLE_MS = 10, KNOWN_MAX = 3, OTHERS_MAX = 4 };

static struct devices *d;
static const struct device collar = { .id = { { 1, 2, 3 } }, .secret = { 4, 5, 6 } };
static const struct device renewed = { .id = { { 1, 2, 3 } }, .secret = { 7, 8, 9 } };

static void setup(void)
{
	const struct devices_options o = { KNOWN_MAX, OTHERS_MAX, KNOWN_MS, UNKNOWN_MS, UNAVAILABLE_MS };

	ck_assert_int_eq(devices_open(&d, &o), 0);
}

static void teardown(void)
{
	devices_close(d);
}

static int find(const char *identifier, int64_t now_ms)
{
	struct device got;
	uint64_t ticket;
	int r = devices_find(d, identifier, now_ms, &got, &ticket);

	if (r == 0)
		ck_assert_mem_eq(&got.id, &collar.id, sizeof got.id);
	return r;
}

static uint64_t wait_ticket(const char *identifier, int64_t now_ms)
{
	struct device got;
	uint64_t ticket = 0;

	ck_assert_int_eq(devices_find(d, identifier, now_ms, &got, &ticket), DEVICES_E_WAIT);
	ck_assert_uint_gt(ticket, 0);
	return ticket;
}

/* Takes what is wanted; @expected is "a b c", "" for nothing. */
static void take(const char *expected)
{
	devices_identifier out[16];
	char got[16 * (PROTOCOL_IDENTIFIER_MAX + 2)] = "";
	size_t n = devices_take(d, out, 16, 0);

	for (size_t i = 0; i < n; i++) {
		strcat(got, i ? " " : "");
		strcat(got, out[i]);
	}
	ck_assert_str_eq(got, expected);
}

/* Asks for @identifier and has it answered. */
static void settle(const char *identifier, const struct device *device, int64_t now_ms)
{
	wait_ticket(identifier, now_ms);
	take(identifier);
	devices_settle(d, identifier, device, now_ms);
	devices_batch_done(d);
}

START_TEST(is_asked_once_and_then_known)
{
	uint64_t ticket = wait_ticket("cat", 0);

	ck_assert_uint_eq(wait_ticket("cat", 0), ticket);
	take("cat");
	take("");
	ck_assert_uint_eq(wait_ticket("cat", 0), ticket);
	ck_assert_uint_lt(devices_settled(d), ticket);
	devices_settle(d, "cat", &collar, 0);
	devices_batch_done(d);
	ck_assert_uint_ge(devices_settled(d), ticket);
	ck_assert_int_eq(find("cat", 0), 0);
	take("");
}
END_TEST

START_TEST(tickets_are_settled_batch_by_batch)
{
	devices_identifier out[2];
	uint64_t a = wait_ticket("a", 0), b = wait_ticket("b", 0), c = wait_ticket("c", 0);

	ck_assert(a < b && b < c);
	ck_assert_uint_eq(devices_take(d, out, 2, 0), 2);
	devices_settle(d, "a", NULL, 0);
	devices_settle(d, "b", NULL, 0);
	devices_batch_done(d);
	ck_assert(devices_settled(d) >= b && devices_settled(d) < c);
}
END_TEST

START_TEST(known_is_served_while_it_is_asked_again)
{
	settle("cat", &collar, 0);
	ck_assert_int_eq(find("cat", KNOWN_MS - 1), 0);
	take("");
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	take("cat");
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	devices_settle(d, "cat", &collar, KNOWN_MS);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	take("");
}
END_TEST

START_TEST(known_is_served_while_auth_is_away)
{
	settle("cat", &collar, 0);
	for (int64_t now = KNOWN_MS; now < 10 * KNOWN_MS; now += UNAVAILABLE_MS) {
		ck_assert_int_eq(find("cat", now), 0);
		take("cat");
		devices_settle_unavailable(d, "cat", now);
		ck_assert_int_eq(find("cat", now), 0);
		take(""); /* not again at once */
	}
}
END_TEST

START_TEST(unknown_holds_for_a_while)
{
	settle("dog", NULL, 0);
	ck_assert_int_eq(find("dog", UNKNOWN_MS - 1), DEVICES_E_UNKNOWN);
	take("");
	settle("dog", &collar, UNKNOWN_MS);
	ck_assert_int_eq(find("dog", UNKNOWN_MS), 0);
}
END_TEST

START_TEST(never_known_is_unavailable_while_auth_is_away)
{
	wait_ticket("cat", 0);
	take("cat");
	devices_settle_unavailable(d, "cat", 0);
	ck_assert_int_eq(find("cat", UNAVAILABLE_MS - 1), DEVICES_E_UNAVAILABLE);
	take("");
	wait_ticket("cat", UNAVAILABLE_MS);
	take("cat");
}
END_TEST

START_TEST(a_known_one_that_auth_no_longer_knows_is_unknown)
{
	settle("cat", &collar, 0);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	take("cat");
	devices_settle(d, "cat", NULL, KNOWN_MS);
	ck_assert_int_eq(find("cat", KNOWN_MS), DEVICES_E_UNKNOWN);
}
END_TEST

START_TEST(what_cannot_be_an_identifier_is_not_asked)
{
	char longest[PROTOCOL_IDENTIFIER_MAX + 2];

	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(find("", 0), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(find("a b", 0), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(find("{\"$ne\":1}", 0), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(find(longest, 0), DEVICES_E_UNKNOWN);
	take("");
	longest[PROTOCOL_IDENTIFIER_MAX] = '\0';
	wait_ticket(longest, 0);
	take(longest);
}
END_TEST

START_TEST(settling_what_nobody_asked_changes_nothing)
{
	devices_settle(d, "cat", &collar, 0);
	devices_settle_unavailable(d, "cat", 0);
	wait_ticket("cat", 0);
	devices_settle(d, "cat", &collar, 0); /* wanted, but not taken */
	wait_ticket("cat", 0);
	take("cat");
	settle("dog", &collar, 0);
	devices_settle(d, "dog", NULL, 0); /* settled already */
	ck_assert_int_eq(find("dog", 0), 0);
}
END_TEST

START_TEST(what_auth_says_of_it)
{
	struct device said = collar, got;

	said.owner = (struct uuid){ { 9, 8, 7 } };
	said.rules.clock_offset_s = 3600;
	said.rules.networks_n = 1;
	settle("cat", &said, 0);
	ck_assert_int_eq(devices_find(d, "cat", 0, &got, &(uint64_t){ 0 }), 0);
	ck_assert(uuid_same(&got.owner, &said.owner));
	ck_assert_mem_eq(got.secret, said.secret, sizeof got.secret);
	ck_assert_mem_eq(&got.rules, &said.rules, sizeof got.rules);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	take("cat");
	devices_settle(d, "cat", &collar, KNOWN_MS); /* it has none any more */
	ck_assert_int_eq(devices_find(d, "cat", KNOWN_MS, &got, &(uint64_t){ 0 }), 0);
	ck_assert(rules_none(&got.rules));
}
END_TEST

static int64_t last_ms(const char *identifier, int64_t now_ms)
{
	struct device got;

	ck_assert_int_eq(devices_find(d, identifier, now_ms, &got, &(uint64_t){ 0 }), 0);
	return got.last.time_ms;
}

START_TEST(the_last_fix_of_each)
{
	settle("cat", &collar, 0);
	settle("dog", &collar, 0);
	ck_assert_int_eq(last_ms("cat", 0), 0);
	devices_follow(d, "cat", &(struct fix){ .time_ms = 5000, .lat_e7 = 1 });
	devices_follow(d, "cat", &(struct fix){ .time_ms = 4000, .lat_e7 = 2 });
	devices_follow(d, "nobody", &(struct fix){ .time_ms = 9000 });
	ck_assert_int_eq(last_ms("cat", 0), 5000);
	ck_assert_int_eq(last_ms("dog", 0), 0);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	take("cat");
	devices_settle(d, "cat", &renewed, KNOWN_MS); /* which does not change where it was */
	ck_assert_int_eq(last_ms("cat", KNOWN_MS), 5000);
}
END_TEST

START_TEST(a_change_leaves_the_last_fix_but_another_device_has_none)
{
	struct device other = collar;

	settle("cat", &collar, 0);
	devices_follow(d, "cat", &(struct fix){ .time_ms = 5000 });
	devices_forget(d, "cat");
	devices_forget(d, "cat");
	ck_assert_uint_eq(devices_count(d).known, 0);
	settle("cat", &renewed, 0);
	ck_assert_int_eq(last_ms("cat", 0), 5000);
	devices_forget(d, "cat");
	other.id.b[0]++; /* removed, and added by somebody else */
	settle("cat", &other, 0);
	ck_assert_int_eq(last_ms("cat", 0), 0);
}
END_TEST

/* As when it comes between a frame's look-up and its first fix. */
START_TEST(a_change_before_the_first_fix_is_noted)
{
	settle("cat", &collar, 0);
	devices_forget(d, "cat");
	devices_follow(d, "cat", &(struct fix){ .time_ms = 5000 });
	settle("cat", &renewed, 0);
	ck_assert_int_eq(last_ms("cat", 0), 5000);
}
END_TEST

START_TEST(a_flood_of_changes_stays_within_the_bounds)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "cat-%d", i);
		settle(name, &collar, 0);
		devices_follow(d, name, &(struct fix){ .time_ms = 5000 });
		devices_forget(d, name);
	}
	ck_assert_uint_eq(devices_count(d).known, 0);
	ck_assert_uint_le(devices_count(d).others, OTHERS_MAX);
	ck_assert_int_eq(find("cat-0", 0), DEVICES_E_WAIT);
}
END_TEST

/* ---- changes ---- */

START_TEST(forgotten_is_asked_anew)
{
	settle("cat", &collar, 0);
	settle("dog", NULL, 0);
	devices_forget(d, "cat");
	devices_forget(d, "dog");
	devices_forget(d, "nobody");
	wait_ticket("cat", 0);
	wait_ticket("dog", 0);
	take("cat dog");
}
END_TEST

START_TEST(an_answer_from_before_the_change_does_not_count)
{
	struct device got;
	uint64_t first = wait_ticket("cat", 0), second;

	take("cat");
	devices_forget(d, "cat"); /* its secret was renewed while auth was answering */
	devices_settle(d, "cat", &collar, 0);
	devices_settle(d, "cat", NULL, 0); /* the rest of the batch */
	devices_batch_done(d);
	ck_assert_uint_ge(devices_settled(d), first);
	second = wait_ticket("cat", 0); /* those who waited wait once more */
	ck_assert_uint_gt(second, devices_settled(d));
	take("cat");
	devices_settle(d, "cat", &renewed, 0);
	ck_assert_int_eq(devices_find(d, "cat", 0, &got, &second), 0);
	ck_assert_mem_eq(got.secret, renewed.secret, sizeof got.secret);
}
END_TEST

START_TEST(a_change_while_a_known_one_is_asked_again)
{
	settle("cat", &collar, 0);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
	devices_forget(d, "cat"); /* wanted, not taken yet */
	wait_ticket("cat", KNOWN_MS);
	take("cat");
	devices_settle(d, "cat", &renewed, KNOWN_MS);
	ck_assert_int_eq(find("cat", KNOWN_MS), 0);
}
END_TEST

START_TEST(doubt_asks_again_without_refusing)
{
	settle("cat", &collar, 0);
	devices_doubt_all(d);
	ck_assert_int_eq(find("cat", 1), 0);
	take("cat");
}
END_TEST

START_TEST(events)
{
	static const char changed[] = "{\"event\":\"changed\",\"id\":\"0\",\"identifier\":\"cat\"}";

	settle("cat", &collar, 0);
	ck_assert(!changes_apply(d, "nonsense", 8));
	ck_assert(!changes_apply(d, "{\"event\":\"changed\"}", 19));
	ck_assert_int_eq(find("cat", 0), 0);
	ck_assert(changes_apply(d, changed, sizeof changed - 1));
	wait_ticket("cat", 0);
}
END_TEST

/* ---- bounds ---- */

START_TEST(the_least_recently_used_known_goes)
{
	settle("a", &collar, 0);
	settle("b", &collar, 0);
	settle("c", &collar, 0);
	ck_assert_int_eq(find("a", 0), 0);
	settle("d", &collar, 0);
	ck_assert_uint_eq(devices_count(d).known, KNOWN_MAX);
	ck_assert_int_eq(find("a", 0), 0);
	ck_assert_int_eq(find("c", 0), 0);
	ck_assert_int_eq(find("d", 0), 0);
	wait_ticket("b", 0);
}
END_TEST

START_TEST(a_flood_of_the_unknown_leaves_the_known)
{
	char name[16];

	settle("cat", &collar, 0);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "made-up-%d", i);
		settle(name, NULL, 0);
	}
	ck_assert_uint_eq(devices_count(d).others, OTHERS_MAX);
	ck_assert_int_eq(find("cat", 0), 0);
}
END_TEST

START_TEST(more_questions_than_may_wait)
{
	for (int i = 0; i < OTHERS_MAX; i++)
		wait_ticket((const char[]){ (char)('a' + i), '\0' }, 0);
	ck_assert_int_eq(find("z", 0), DEVICES_E_UNAVAILABLE);
	take("a b c d");
	ck_assert_int_eq(find("z", 0), DEVICES_E_UNAVAILABLE);
	devices_settle(d, "a", NULL, 0);
	wait_ticket("z", 0);
	ck_assert_uint_eq(devices_count(d).others, OTHERS_MAX);
	ck_assert_uint_eq(devices_count(d).wanted, 1);
}
END_TEST

/* ---- threads ---- */

static void *want_soon(void *arg)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	wait_ticket(arg, 0);
	return NULL;
}

START_TEST(taking_waits_for_a_want)
{
	static char name[] = "cat";
	devices_identifier out[1];
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, want_soon, name), 0);
	ck_assert_uint_eq(devices_take(d, out, 1, 10000), 1);
	pthread_join(t, NULL);
	ck_assert_uint_eq(devices_take(d, out, 1, 10), 0);
}
END_TEST

START_TEST(without_memory)
{
	const struct devices_options o = { KNOWN_MAX, OTHERS_MAX, KNOWN_MS, UNKNOWN_MS, UNAVAILABLE_MS };
	struct device got;
	uint64_t ticket;

	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct devices *other = NULL;
		int r = devices_open(&other, &o), found = 0;
		if (r == 0)
			found = devices_find(other, "cat", 0, &got, &ticket);
		bool happened = failing_alloc_happened();
		ck_assert_int_eq(r == 0 ? found : r, !happened ? DEVICES_E_WAIT
						     : r == 0  ? DEVICES_E_UNAVAILABLE
							       : -ENOMEM);
		devices_close(other);
	}
}
END_TEST

START_TEST(rules_without_memory)
{
	struct device said = collar;

	said.rules.networks_n = 1;
	wait_ticket("cat", 0);
	take("cat");
	failing_alloc_at(1);
	devices_settle(d, "cat", &said, 0);
	bool happened = failing_alloc_happened();
	failing_alloc_at(0);
	ck_assert(happened);
	ck_assert_int_eq(find("cat", 0), DEVICES_E_UNAVAILABLE);
	settle("cat", &said, UNAVAILABLE_MS);
	ck_assert_int_eq(find("cat", UNAVAILABLE_MS), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("devices");
	TCase *t = tcase_create("devices");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_asked_once_and_then_known);
	tcase_add_test(t, tickets_are_settled_batch_by_batch);
	tcase_add_test(t, known_is_served_while_it_is_asked_again);
	tcase_add_test(t, known_is_served_while_auth_is_away);
	tcase_add_test(t, unknown_holds_for_a_while);
	tcase_add_test(t, never_known_is_unavailable_while_auth_is_away);
	tcase_add_test(t, a_known_one_that_auth_no_longer_knows_is_unknown);
	tcase_add_test(t, what_cannot_be_an_identifier_is_not_asked);
	tcase_add_test(t, settling_what_nobody_asked_changes_nothing);
	tcase_add_test(t, what_auth_says_of_it);
	tcase_add_test(t, the_last_fix_of_each);
	tcase_add_test(t, a_change_leaves_the_last_fix_but_another_device_has_none);
	tcase_add_test(t, a_change_before_the_first_fix_is_noted);
	tcase_add_test(t, a_flood_of_changes_stays_within_the_bounds);
	tcase_add_test(t, forgotten_is_asked_anew);
	tcase_add_test(t, an_answer_from_before_the_change_does_not_count);
	tcase_add_test(t, a_change_while_a_known_one_is_asked_again);
	tcase_add_test(t, doubt_asks_again_without_refusing);
	tcase_add_test(t, events);
	tcase_add_test(t, the_least_recently_used_known_goes);
	tcase_add_test(t, a_flood_of_the_unknown_leaves_the_known);
	tcase_add_test(t, more_questions_than_may_wait);
	tcase_add_test(t, taking_waits_for_a_want);
	tcase_add_test(t, without_memory);
	tcase_add_test(t, rules_without_memory);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
