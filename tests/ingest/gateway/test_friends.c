/* Source: ingest/gateway/friends.c */
#include "ingest/gateway/friends.h"

#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { MAX = 20, FRESH_MS = 100, STALE_MS = 1000 };

static struct friends *friends;

static void setup(void)
{
	ck_assert_int_eq(friends_open(&friends, &(struct friends_options){ MAX, FRESH_MS, STALE_MS }), 0);
}

static void teardown(void)
{
	friends_close(friends);
}

static struct uuid id(int i)
{
	return (struct uuid){ { 1, (uint8_t)(i >> 8), (uint8_t)i } };
}

static struct friend_set *set_of(size_t n)
{
	struct protocol_member members[MAX];
	char names[MAX][16];

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "pet %zu", n - i);
		members[i] = (struct protocol_member){ names[i], { .device = id((int)(n - i)) } };
	}
	struct friend_set *s = friend_set_new(members, n);
	ck_assert_ptr_nonnull(s);
	return s;
}

/* How many pets are known of an owner; -1: nothing is. */
static int known(int owner, int64_t now_ms)
{
	struct uuid o = id(owner);
	struct friend_set *s = friends_find(friends, &o, now_ms);
	int n = s ? (int)s->n : -1;

	friend_set_unref(s);
	return n;
}

/* The owner who is wanted; -1: nobody. */
static int take(void)
{
	struct uuid o;

	return friends_take(friends, &o, 0) ? o.b[1] << 8 | o.b[2] : -1;
}

static void settle(int owner, size_t n, int64_t now_ms)
{
	struct uuid o = id(owner);

	friends_settle(friends, &o, set_of(n), now_ms);
}

static void put_off(int owner, int64_t now_ms)
{
	struct uuid o = id(owner);

	friends_put_off(friends, &o, now_ms);
}

START_TEST(a_set_is_in_the_order_of_ids)
{
	struct friend_set *s = set_of(12);
	char name[16];

	for (int i = 0; i < 12; i++) {
		struct uuid want = id(i + 1);
		snprintf(name, sizeof name, "pet %d", i + 1);
		ck_assert(uuid_same(&s->members[i].position.device, &want));
		ck_assert_str_eq(s->members[i].name, name);
	}
	friend_set_unref(s);
	friend_set_unref(set_of(0));
	friend_set_unref(NULL);
}
END_TEST

START_TEST(not_known_then_known)
{
	ck_assert_int_eq(take(), -1);
	ck_assert_int_eq(known(1, 0), -1);
	ck_assert_int_eq(known(1, 0), -1);
	ck_assert_int_eq(take(), 1);
	ck_assert_int_eq(take(), -1); /* wanted once */
	ck_assert_int_eq(known(1, 0), -1);
	ck_assert_int_eq(take(), -1); /* being asked about */
	settle(1, 3, 5);
	ck_assert_int_eq(known(1, 5 + FRESH_MS - 1), 3);
	ck_assert_int_eq(take(), -1);
}
END_TEST

START_TEST(wanted_before_they_are_asked_for)
{
	struct uuid o = id(1);

	friends_want(friends, &o, 0);
	ck_assert_int_eq(take(), 1);
	settle(1, 3, 0);
	friends_want(friends, &o, FRESH_MS - 1);
	ck_assert_int_eq(take(), -1);
	friends_want(friends, &o, FRESH_MS);
	ck_assert_int_eq(take(), 1);
	ck_assert_int_eq(known(1, FRESH_MS), 3);
}
END_TEST

START_TEST(old_ones_serve_while_they_are_wanted)
{
	known(1, 0);
	take();
	settle(1, 3, 0);
	ck_assert_int_eq(known(1, FRESH_MS), 3);
	ck_assert_int_eq(take(), 1);
	put_off(1, FRESH_MS);
	ck_assert_int_eq(known(1, STALE_MS - 1), 3);
	ck_assert_int_eq(take(), 1);
	put_off(1, STALE_MS);
	ck_assert_int_eq(known(1, STALE_MS), -1); /* too old now */
	ck_assert_int_eq(take(), 1);
	settle(1, 2, STALE_MS);
	ck_assert_int_eq(known(1, STALE_MS), 2);
}
END_TEST

START_TEST(nobody_is_asked_about_for_ever)
{
	known(1, 0);
	known(2, 0);
	ck_assert_int_eq(take(), 1);
	put_off(1, STALE_MS);
	ck_assert_int_eq(take(), 2); /* the others first */
	ck_assert_int_eq(take(), 1);
	put_off(1, STALE_MS + 1);
	put_off(2, STALE_MS + 1);
	ck_assert_int_eq(take(), -1);
	ck_assert_int_eq(known(2, STALE_MS + 1), -1);
	ck_assert_int_eq(take(), 2);
}
END_TEST

START_TEST(the_least_recently_used_go_first)
{
	for (int i = 0; i < 4; i++) {
		known(i, 0);
		ck_assert_int_eq(take(), i);
		settle(i, 4, 0);
	}
	struct friends_counts n = friends_count(friends);
	ck_assert_uint_eq(n.owners, 4);
	ck_assert_uint_eq(n.pets, 16);
	ck_assert_int_eq(known(0, 0), 4); /* used */
	ck_assert_int_eq(known(4, 0), -1);
	ck_assert_int_eq(known(1, 0), -1); /* gone, and so is 2 for it */
	ck_assert_int_eq(known(0, 0), 4);
	n = friends_count(friends);
	ck_assert_uint_le(n.owners + n.pets, MAX);
	ck_assert_uint_eq(n.wanted, 2);
}
END_TEST

START_TEST(however_many_ask)
{
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(known(i, 0), -1);
	struct friends_counts n = friends_count(friends);
	ck_assert_uint_eq(n.owners, MAX);
	ck_assert_uint_eq(n.wanted, MAX);
	ck_assert_int_eq(take(), 1000 - MAX);
	settle(1, 3, 0); /* who is gone meanwhile */
	ck_assert_uint_eq(friends_count(friends).pets, 0);
}
END_TEST

START_TEST(what_is_in_use_outlives_what_replaces_it)
{
	struct uuid o = id(1);

	known(1, 0);
	take();
	settle(1, 3, 0);
	struct friend_set *s = friends_find(friends, &o, 0);
	settle(1, 2, 0);
	friends_close(friends);
	friends = NULL;
	ck_assert_uint_eq(s->n, 3);
	ck_assert_str_eq(s->members[2].name, "pet 3");
	friend_set_unref(s);
}
END_TEST

static void *want_one(void *arg)
{
	(void)arg;
	known(7, 0);
	return NULL;
}

START_TEST(a_want_wakes_who_waits)
{
	pthread_t thread;
	struct uuid o, want = id(7);

	ck_assert_int_eq(pthread_create(&thread, NULL, want_one, NULL), 0);
	ck_assert(friends_take(friends, &o, 60000));
	ck_assert(uuid_same(&o, &want));
	pthread_join(thread, NULL);
	ck_assert(!friends_take(friends, &o, 10));
}
END_TEST

START_TEST(no_memory)
{
	struct protocol_member m = { "pet", { .device = id(1) } };
	struct friends *f = NULL;

	failing_alloc_at(1);
	struct friend_set *s = friend_set_new(&m, 1);
	failing_alloc_at(1);
	int n = known(1, 0);
	failing_alloc_at(0);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(n, -1);
	ck_assert_uint_eq(friends_count(friends).owners, 0);
	for (size_t k = 1; k <= 2; k++) { /* metrics, which end the program, are made after these */
		failing_alloc_at(k);
		int r = friends_open(&f, &(struct friends_options){ MAX, FRESH_MS, STALE_MS });
		bool happened = failing_alloc_happened();
		failing_alloc_at(0);
		ck_assert(happened);
		ck_assert_int_eq(r, -ENOMEM);
	}
	friends_close(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("friends");
	TCase *t = tcase_create("friends");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_set_is_in_the_order_of_ids);
	tcase_add_test(t, not_known_then_known);
	tcase_add_test(t, wanted_before_they_are_asked_for);
	tcase_add_test(t, old_ones_serve_while_they_are_wanted);
	tcase_add_test(t, nobody_is_asked_about_for_ever);
	tcase_add_test(t, the_least_recently_used_go_first);
	tcase_add_test(t, however_many_ask);
	tcase_add_test(t, what_is_in_use_outlives_what_replaces_it);
	tcase_add_test(t, a_want_wakes_who_waits);
	tcase_add_test(t, no_memory);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
