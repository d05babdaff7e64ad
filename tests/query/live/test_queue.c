/* Source: query/live/queue.c */
#include "query/live/queue.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

static struct queue q;
static struct queue_slot slots[2000];
static struct queue_limits limits = { 8, 1 << 20 };
static int64_t next_offset;

static void put(uint32_t n, int64_t time_ms)
{
	struct update *u = make_update(n, time_ms, 0, 0, next_offset++);
	ck_assert_int_eq(queue_put(&q, &limits, u, &slots[n], 0), 0);
	update_unref(u);
}

/* The next that waits: device * 1000 + time; -1: none. */
static int64_t take(void)
{
	struct queue_entry *e = queue_first(&q);
	if (!e)
		return -1;
	int64_t got = (int64_t)(e->update->device.b[15] | e->update->device.b[14] << 8) * 1000 + e->update->time_ms;
	queue_drop_first(&q);
	return got;
}

#define EXPECT(...)                                                                                                    \
	do {                                                                                                           \
		const int64_t expected[] = { __VA_ARGS__, -1 };                                                        \
		for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)                                        \
			ck_assert_int_eq(take(), expected[i]);                                                         \
	} while (0)

START_TEST(in_order)
{
	for (int round = 0; round < 5; round++) {
		put(1, 10);
		put(2, 11);
		put(1, 12);
		ck_assert_uint_eq(q.n, 3);
		EXPECT(1010, 2011, 1012);
		ck_assert_uint_eq(q.bytes, 0);
	}
	ck_assert_uint_eq(queue_take_skipped(&q), 0);
	queue_clear(&q);
}
END_TEST

START_TEST(past_the_bound_the_newest_of_each)
{
	for (int i = 0; i < 8; i++)
		put(1 + (uint32_t)i % 2, i);
	ck_assert(!q.conflating);
	put(3, 8);
	ck_assert(q.conflating);
	ck_assert_uint_eq(q.n, 3);
	put(1, 9);
	put(2, 10);
	put(1, 11);
	EXPECT(3008, 2010, 1011);
	ck_assert(!q.conflating);
	ck_assert_uint_eq(queue_take_skipped(&q), 6 + 3);
	ck_assert_uint_eq(queue_take_skipped(&q), 0);
	put(1, 12); /* as before */
	put(1, 13);
	EXPECT(1012, 1013);
	queue_clear(&q);
}
END_TEST

START_TEST(newest_is_by_fix_time)
{
	for (int i = 0; i < 7; i++)
		put(2, i);
	put(1, 100);
	put(1, 50); /* late: gives way when it comes to that */
	ck_assert(q.conflating);
	EXPECT(2006, 1100);
	ck_assert_uint_eq(queue_take_skipped(&q), 7);

	for (int i = 0; i < 9; i++)
		put(1, 200 - i); /* each later than the one before */
	put(1, 5);
	put(1, 200); /* as new as what waits: the one that came last */
	ck_assert_uint_eq(q.n, 1);
	ck_assert_int_eq(queue_first(&q)->update->offset, next_offset - 1);
	EXPECT(1200);
	queue_clear(&q);
}
END_TEST

START_TEST(bytes_are_a_bound_too)
{
	struct update *u = make_update(1, 1, 0, 0, 0);

	limits = (struct queue_limits){ 1000, 3 * (size_t)u->len };
	for (int i = 0; i < 3; i++)
		put(1, i + 1);
	ck_assert(!q.conflating);
	put(1, 4);
	ck_assert(q.conflating);
	EXPECT(1004);
	limits.bytes_max = 1; /* one is always taken */
	put(1, 5);
	EXPECT(1005);
	update_unref(u);
	queue_clear(&q);
}
END_TEST

START_TEST(however_long_one_is_stuck)
{
	for (int i = 0; i < 100000; i++)
		put(1 + (uint32_t)i % 100, i % 100000);
	ck_assert_uint_eq(q.n, 100);
	ck_assert_uint_le(q.size, 256);
	int n = 0;
	while (take() >= 0)
		n++;
	ck_assert_int_eq(n, 100);
	ck_assert_uint_eq(queue_take_skipped(&q), 99900);
	queue_clear(&q);
}
END_TEST

static void prepend(int n)
{
	struct update *missed[16];
	struct queue_slot *at[16];
	unsigned flags[16];

	for (int i = 0; i < n; i++) {
		missed[i] = make_update(1, 900 + i, 0, 0, i);
		at[i] = &slots[1];
		flags[i] = i ? 0 : QUEUE_LATE;
	}
	ck_assert_int_eq(queue_prepend(&q, missed, at, flags, (size_t)n), 0);
}

START_TEST(what_was_missed_comes_first)
{
	put(1, 1);
	put(2, 2);
	prepend(2);
	ck_assert_uint_eq(queue_first(&q)->flags, QUEUE_LATE | QUEUE_KEEP);
	EXPECT(1900, 1901, 1001, 2002);
	prepend(0);
	ck_assert_int_eq(take(), -1);
	queue_clear(&q);
}
END_TEST

START_TEST(what_was_promised_is_kept)
{
	for (int i = 0; i < 9; i++)
		put(1, i); /* conflates already */
	prepend(5);
	for (int i = 0; i < 100; i++)
		put(1, 10 + i);
	EXPECT(1900, 1901, 1902, 1903, 1904, 1109);
	ck_assert_uint_eq(queue_take_skipped(&q), 108);

	prepend(6); /* conflates later */
	for (int i = 0; i < 100; i++)
		put(1, 10 + i);
	EXPECT(1900, 1901, 1902, 1903, 1904, 1905, 1109);
	queue_clear(&q);
}
END_TEST

static bool not_two(void *arg, struct queue_entry *e)
{
	(*(int *)arg)++;
	e->flags |= QUEUE_LATE;
	return e->slot != &slots[2];
}

START_TEST(filtered)
{
	int seen = 0;

	put(1, 1);
	put(2, 2);
	put(1, 3);
	put(2, 4);
	queue_filter(&q, not_two, &seen);
	ck_assert_int_eq(seen, 4);
	ck_assert_uint_eq(queue_first(&q)->flags, QUEUE_LATE);
	EXPECT(1001, 1003);
	ck_assert_uint_eq(queue_take_skipped(&q), 0);

	for (int i = 0; i < 20; i++) /* while it conflates */
		put(1 + (uint32_t)i % 2, i);
	queue_filter(&q, not_two, &seen);
	put(2, 30);
	put(2, 31);
	put(1, 32);
	EXPECT(2031, 1032);
	queue_clear(&q);
}
END_TEST

/* Against a model: whatever is put and taken, each device's newest arrives, in order, and all is counted. */
START_TEST(at_random)
{
	uint32_t seed = (uint32_t)_i * 2654435761u + 1;
	int64_t newest[5], put_n = 0, got_n = 0, last = -1;

	for (int d = 0; d < 5; d++)
		newest[d] = -1;
	for (int i = 0; i < 3000; i++) {
		seed = seed * 1664525 + 1013904223;
		uint32_t d = seed >> 24 & 3;
		if (seed >> 16 & 1) {
			put(d, i);
			newest[d] = i;
			put_n++;
		} else if (i % 300 < 150) {
			struct queue_entry *e = queue_first(&q);
			if (!e)
				continue;
			ASSERT_IN_LOOP(e->update->offset > last);
			last = e->update->offset;
			got_n++;
			queue_drop_first(&q);
		}
		ASSERT_IN_LOOP(q.n <= limits.updates_max);
	}
	int64_t final[5] = { -1, -1, -1, -1, -1 };
	for (struct queue_entry *e; (e = queue_first(&q)); queue_drop_first(&q), got_n++)
		final[e->update->device.b[15]] = e->update->time_ms;
	for (int d = 0; d < 4; d++)
		ck_assert(final[d] == -1 || final[d] == newest[d]);
	ck_assert_int_eq(got_n + (int64_t)q.skipped, put_n);
	queue_clear(&q);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("queue");

	tcase_add_test(t, in_order);
	tcase_add_test(t, past_the_bound_the_newest_of_each);
	tcase_add_test(t, newest_is_by_fix_time);
	tcase_add_test(t, bytes_are_a_bound_too);
	tcase_add_test(t, however_long_one_is_stuck);
	tcase_add_test(t, what_was_missed_comes_first);
	tcase_add_test(t, what_was_promised_is_kept);
	tcase_add_test(t, filtered);
	tcase_add_loop_test(t, at_random, 0, 50);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
