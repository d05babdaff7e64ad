/* Source: query/live/past.c. What is stored is told by a function of the test's. */
#include "base/clock.h"
#include "query/live/partition.h"
#include "query/live/past.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PARTITIONS = 4, DEVICES = 6 };

/* ---- what is stored ---- */

static struct position_document stored[DEVICES];
static int stored_n, find_result, finds;

static int find(void *owner, const struct uuid *ids, size_t n, latest_take take, void *arg)
{
	ck_assert_ptr_eq(owner, stored);
	finds++;
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < stored_n; k++)
			if (uuid_same(&stored[k].position.device, &ids[i])) {
				int r = take(arg, &stored[k]);
				if (r)
					return r;
			}
	return find_result;
}

static void store(uint32_t n, int64_t time_ms, int64_t contact_ms)
{
	stored[stored_n++] = (struct position_document){
		.position = { .device = device(n),
			.time_ms = time_ms,
			.received_ms = contact_ms,
			.has = time_ms ? POSITION_LOCATION : 0 },
		.contact_ms = contact_ms,
	};
}

/* ---- the ring ---- */

static struct past_source *source;
static struct ring *ring;
static struct place until[PARTITIONS];
static struct cursor cursor;
static struct past past;

static void begin(int64_t first)
{
	const struct ring_options o = { 10, 1 << 20, 100 };

	ck_assert_int_eq(past_source_open(&source, find, stored), 0);
	ck_assert_int_eq(ring_open(&ring, PARTITIONS, &o), 0);
	for (int32_t i = 0; i < PARTITIONS; i++)
		ring_begin(ring, i, first);
}

static int32_t part(uint32_t n)
{
	struct uuid id = device(n);
	return partition_of(&id, PARTITIONS);
}

static void append(uint32_t n, int64_t time_ms)
{
	int32_t p = part(n);
	struct update *u = make_update(n, time_ms, time_ms, p, ring_end(ring, p).next);

	ring_append(ring, u);
	update_unref(u);
}

static void mark_until(void)
{
	for (int32_t i = 0; i < PARTITIONS; i++)
		until[i] = ring_end(ring, i);
}

static void end(void)
{
	past_clear(&past);
	device_set_unref(past.devices);
	ring_unref(ring);
	past_source_close(source);
}

/* Asks for devices 1 to @n. */
static void ask(uint32_t n, bool resume)
{
	struct uuid ids[DEVICES];

	for (uint32_t i = 0; i < n; i++)
		ids[i] = device(i + 1);
	past = (struct past){
		.ring = ring,
		.devices = device_set_new(ids, n),
		.until = until,
		.cursor = resume ? &cursor : NULL,
		.missed_max = 8,
	};
	ck_assert_int_eq(past_read(source, &past), 0);
}

static void again(void)
{
	past_clear(&past);
	ck_assert_int_eq(past_read(source, &past), 0);
}

static int64_t time_of(uint32_t n)
{
	struct uuid id = device(n);

	for (size_t i = 0; i < past.n; i++)
		if (uuid_same(&past.updates[i]->device, &id))
			return past.updates[i]->time_ms;
	return -1;
}

/* A cursor of devices 1 to @n at the ring's present end. */
static void take_cursor(uint32_t n)
{
	cursor = (struct cursor){ .partitions = PARTITIONS };
	for (uint32_t i = 1; i <= n; i++) {
		struct uuid id = device(i);
		bool there = false;
		cursor.devices ^= device_sum(&id);
		for (size_t k = 0; k < cursor.n; k++)
			there |= cursor.places[k].partition == part(i);
		if (!there)
			cursor.places[cursor.n++] = (struct cursor_place){ part(i), ring_end(ring, part(i)) };
	}
}

/* ---- anew ---- */

START_TEST(the_newer_of_both)
{
	begin(0);
	store(1, 100, 100); /* only stored */
	store(2, 100, 100);
	append(2, 200); /* the writer is behind */
	store(3, 300, 300);
	append(3, 200); /* a late one in the ring */
	append(4, 400); /* only in the ring */
	store(5, 0, 500); /* was heard of, never had a fix */
	mark_until();
	ask(6, false);
	ck_assert_int_eq(past.outcome, PAST_ANEW);
	ck_assert(past.complete);
	ck_assert_uint_eq(past.n, 4);
	ck_assert_int_eq(time_of(1), 100);
	ck_assert_int_eq(time_of(2), 200);
	ck_assert_int_eq(time_of(3), 300);
	ck_assert_int_eq(time_of(4), 400);
	ck_assert_uint_eq(past.stored_n, 3);
	end();
}
END_TEST

START_TEST(what_follows_is_left_out)
{
	begin(0);
	append(1, 100);
	mark_until();
	append(2, 200);
	append(1, 300);
	store(1, 100, 100);
	ask(2, false);
	ck_assert_uint_eq(past.n, 1);
	ck_assert_int_eq(time_of(1), 100);
	end();
}
END_TEST

/* The writer is quicker than this subscription: what is stored is from U on. */
START_TEST(what_is_stored_may_follow)
{
	begin(0);
	append(1, 100);
	append(1, 200);
	mark_until();
	append(1, 300);
	append(1, 400);
	append(2, 100); /* its first */
	store(1, 300, 300);
	store(2, 100, 100);
	ask(2, false);
	ck_assert_uint_eq(past.n, 1);
	ck_assert_int_eq(time_of(1), 200); /* and 300 and 400 follow */
	end();
}
END_TEST

/* The ring has one that is before U, though not the newest. */
START_TEST(the_newest_before)
{
	begin(0);
	append(1, 100);
	append(1, 300);
	append(1, 200);
	mark_until();
	append(1, 400);
	store(1, 100, 100);
	ask(1, false);
	ck_assert_int_eq(time_of(1), 300);
	end();
}
END_TEST

START_TEST(mongodb_is_away)
{
	begin(0);
	find_result = STORE_E_RETRY;
	append(1, 100);
	mark_until();
	ask(2, false);
	ck_assert_uint_eq(past.n, 1); /* what the ring has */
	ck_assert(!past.complete);
	ck_assert_int_eq(finds, 1);
	again();
	ck_assert_int_eq(finds, 1); /* left alone for a while */
	find_result = 0;
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 50000000 }, NULL);
	store(2, 50, 50);
	again();
	ck_assert(past.complete);
	ck_assert_int_eq(time_of(2), 50);
	end();
}
END_TEST

START_TEST(the_writer_is_behind_the_ring)
{
	begin(1000); /* there were records before */
	append(1, 100);
	append(3, 100);
	mark_until();
	ask(1, false);
	ck_assert_int_eq(time_of(1), 100);
	ck_assert(!past.complete); /* what is stored of device 1 may be from before 1000, or not yet stored at all */
	store(1, 90, 99);
	again();
	ck_assert(!past.complete);
	stored[0].contact_ms = 100; /* now its first record here is stored, and so is all before */
	again();
	ck_assert(past.complete);
	end();
}
END_TEST

/* Device 1 is silent; another of its partition shows that the writer has passed. */
START_TEST(another_device_tells_how_far_the_writer_is)
{
	uint32_t other = 2;

	while (part(other) != part(1))
		other++;
	begin(1000);
	append(other, 100);
	mark_until();
	store(1, 10, 10);
	stored[stored_n++] = (struct position_document){
		.position = { .device = device(other), .time_ms = 100, .has = POSITION_LOCATION }, .contact_ms = 100
	};
	ask(1, false);
	ck_assert(past.complete);
	ck_assert_int_eq(time_of(1), 10);
	ck_assert_int_eq(finds, 2);
	end();
}
END_TEST

START_TEST(nobody_watches_anything)
{
	begin(0);
	mark_until();
	ask(0, false);
	ck_assert_uint_eq(past.n, 0);
	ck_assert(past.complete);
	ck_assert_int_eq(finds, 0);
	end();
}
END_TEST

/* ---- resumed ---- */

START_TEST(all_that_was_missed_in_order)
{
	begin(0);
	for (uint32_t i = 1; i <= 3; i++)
		append(i, 100);
	take_cursor(3);
	append(1, 200);
	append(4, 200); /* of no interest */
	append(1, 150); /* late ones too */
	append(2, 200);
	append(1, 300);
	mark_until();
	append(1, 400); /* follows as an update */
	store(1, 400, 400);
	ask(3, true);
	ck_assert_int_eq(past.outcome, PAST_RECOVERED);
	ck_assert(past.complete);
	ck_assert_uint_eq(past.n, 4);
	int64_t of_one[3];
	size_t n = 0;
	struct uuid one = device(1);
	for (size_t i = 0; i < past.n; i++)
		if (uuid_same(&past.updates[i]->device, &one))
			of_one[n++] = past.updates[i]->time_ms;
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(of_one, ((int64_t[]){ 200, 150, 300 }), sizeof of_one);
	ck_assert_uint_eq(past.stored_n, 1);
	end();
}
END_TEST

START_TEST(resumed_without_mongodb)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	append(1, 200);
	mark_until();
	find_result = STORE_E_RETRY;
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_RECOVERED);
	ck_assert_uint_eq(past.n, 1);
	end();
}
END_TEST

START_TEST(nothing_was_missed)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_RECOVERED);
	ck_assert_uint_eq(past.n, 0);
	end();
}
END_TEST

START_TEST(from_the_very_begin)
{
	begin(0);
	take_cursor(2); /* of a topic that is empty */
	append(1, 100);
	append(2, 100);
	mark_until();
	ask(2, true);
	ck_assert_int_eq(past.outcome, PAST_RECOVERED);
	ck_assert_uint_eq(past.n, 2);
	end();
}
END_TEST

/* The cursor's own partitions were empty, but the proof is of a topic that is not this one. */
START_TEST(the_proof_is_checked)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	cursor.places[0].at = (struct place){ 0 };
	cursor.places[cursor.n++] = (struct cursor_place){ (part(1) + 1) % PARTITIONS, { 1, 12345 } };
	cursor.has_proof = true;
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_AHEAD);
	append(2, 1);
	append(3, 1);
	append(4, 1);
	append(5, 1);
	append(6, 1);
	again();
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	end();
}
END_TEST

START_TEST(too_old)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	for (int i = 0; i < 20; i++)
		append(1, 200 + i);
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_TOO_OLD);
	ck_assert_uint_eq(past.n, 1); /* a snapshot, not a part */
	ck_assert_int_eq(time_of(1), 219);
	end();
}
END_TEST

START_TEST(too_much)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	for (int i = 0; i < 9; i++)
		append(1, 200 + i);
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_TOO_MUCH);
	ck_assert_uint_eq(past.n, 1);
	end();
}
END_TEST

START_TEST(another_topic)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	cursor.places[0].at.check++;
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	ck_assert_uint_eq(past.n, 1);
	end();
}
END_TEST

START_TEST(not_the_same_devices)
{
	begin(0);
	append(1, 100);
	append(2, 100);
	take_cursor(1);
	mark_until();
	ask(2, true);
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	ck_assert_uint_eq(past.n, 2);
	end();
}
END_TEST

START_TEST(not_the_same_partitions)
{
	begin(0);
	append(1, 100);
	take_cursor(1);
	mark_until();
	cursor.partitions = PARTITIONS + 1;
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	cursor.partitions = PARTITIONS;
	cursor.places[0].partition = (part(1) + 1) % PARTITIONS; /* right sum, wrong place: not one of ours */
	again();
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	cursor.partitions = 0;
	again();
	ck_assert_int_eq(past.outcome, PAST_OTHER);
	end();
}
END_TEST

START_TEST(ahead_of_this_replica)
{
	begin(0);
	append(1, 100);
	mark_until();
	append(1, 200);
	take_cursor(1);
	ring_unref(ring);
	past_source_close(source);
	begin(0); /* another, which is behind */
	append(1, 100);
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_AHEAD);
	ck_assert_uint_eq(past.n, 0);
	append(1, 200); /* it comes; the hub is still where it was */
	again();
	ck_assert_int_eq(past.outcome, PAST_RECOVERED);
	ck_assert_uint_eq(past.n, 0);
	cursor.places[0].at.next += 5;
	past.last_try = true;
	again();
	ck_assert_int_eq(past.outcome, PAST_AHEAD);
	ck_assert_int_eq(time_of(1), 100); /* a snapshot: the one after it follows */
	ck_assert(past.complete);
	end();
}
END_TEST

/* A record of device 1 came in another partition. */
START_TEST(one_went_astray)
{
	begin(0);
	append(1, 1000);
	take_cursor(1);
	int32_t other = (part(1) + 1) % PARTITIONS;
	struct update *stray = make_update(1, 2000, 2000, other, ring_end(ring, other).next);
	ring_append(ring, stray);
	update_unref(stray);
	mark_until();
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_OTHER); /* the partition's own records would not be all */
	append(1, 3600000);
	take_cursor(1);
	append(1, 3600001);
	mark_until();
	past_clear(&past);
	device_set_unref(past.devices);
	ask(1, true);
	ck_assert_int_eq(past.outcome, PAST_RECOVERED); /* the cursor is long after it */
	ck_assert_uint_eq(past.n, 1);
	end();
}
END_TEST

/* The client is ahead of this replica, and begins to watch another device. */
START_TEST(what_is_before_the_client_comes_first)
{
	begin(0);
	append(1, 100);
	mark_until();
	until[part(1)].next += 1;
	store(1, 50, 50);
	ask(1, false);
	ck_assert_int_eq(past.outcome, PAST_AHEAD);
	ck_assert_uint_eq(past.n, 0);
	past.last_try = true;
	again();
	ck_assert(!past.complete);
	ck_assert_int_eq(time_of(1), 100);
	past.last_try = false;
	append(1, 200);
	again();
	ck_assert_int_eq(past.outcome, PAST_ANEW);
	ck_assert(past.complete);
	ck_assert_int_eq(time_of(1), 200);
	end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("past");
	TCase *anew = tcase_create("anew"), *resumed = tcase_create("resumed");

	tcase_set_timeout(anew, 30);
	tcase_add_test(anew, the_newer_of_both);
	tcase_add_test(anew, what_follows_is_left_out);
	tcase_add_test(anew, what_is_stored_may_follow);
	tcase_add_test(anew, the_newest_before);
	tcase_add_test(anew, mongodb_is_away);
	tcase_add_test(anew, the_writer_is_behind_the_ring);
	tcase_add_test(anew, another_device_tells_how_far_the_writer_is);
	tcase_add_test(anew, nobody_watches_anything);
	tcase_add_test(anew, what_is_before_the_client_comes_first);
	suite_add_tcase(s, anew);

	tcase_add_test(resumed, all_that_was_missed_in_order);
	tcase_add_test(resumed, resumed_without_mongodb);
	tcase_add_test(resumed, nothing_was_missed);
	tcase_add_test(resumed, from_the_very_begin);
	tcase_add_test(resumed, the_proof_is_checked);
	tcase_add_test(resumed, too_old);
	tcase_add_test(resumed, too_much);
	tcase_add_test(resumed, another_topic);
	tcase_add_test(resumed, not_the_same_devices);
	tcase_add_test(resumed, not_the_same_partitions);
	tcase_add_test(resumed, ahead_of_this_replica);
	tcase_add_test(resumed, one_went_astray);
	suite_add_tcase(s, resumed);
	return s;
}

UNIT_MAIN(suite)
