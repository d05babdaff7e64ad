#include "fakes.h"
#include "records.h"
#include "ingest/writer/steps.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { T = 1700000000 };

static struct writer *w;

static void setup(void)
{
	static struct writer writer;

	fakes_reset();
	w = &writer;
	*w = (struct writer){
		.o = { .batch_max = 8, .latest_age_ms = 60000 },
		.topic = "positions",
		.dead_topic = "positions.dead",
	};
	counters_open(&w->counters);
	w->mongodb = dependency_new("mongodb", "", DEPENDENCY_ALWAYS);
	ck_assert_int_eq(steps_open(w), 0);
}

static void teardown(void)
{
	steps_close(w);
	fakes_reset();
}

static void add(struct bus_record r)
{
	ck_assert_int_eq(batch_add(w->filling, &r, 0), 0);
}

static void add_fix(uint8_t device_n, int64_t time_ms, int32_t partition, int64_t offset)
{
	struct position p = fix(device_n, time_ms);

	add(record_of(&p, partition, offset));
}

/* The date at @path of @doc. */
static int64_t date_at(const bson_t *doc, const char *path)
{
	bson_iter_t i, found;

	ck_assert(bson_iter_init(&i, doc));
	ck_assert(bson_iter_find_descendant(&i, path, &found));
	ck_assert(BSON_ITER_HOLDS_DATE_TIME(&found));
	return bson_iter_date_time(&found);
}

/* The fix that the @i-th update of `latest` brings. */
static int64_t latest_time(size_t i)
{
	return date_at(fake_latest.docs[i], "0.$replaceWith.$mergeObjects.0.$cond.2.$literal.time");
}

static int64_t latest_contact(size_t i)
{
	return date_at(fake_latest.docs[i], "0.$replaceWith.$mergeObjects.1.$cond.2.$literal.contact");
}

START_TEST(a_batch_is_stored_and_then_committed)
{
	add_fix(1, T, 0, 10);
	add_fix(2, T, 1, 20);
	add_fix(1, T + 5, 0, 11);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 3);
	ck_assert_int_eq(fake_positions.runs, 1);
	ck_assert_int_eq(date_at(fake_positions.docs[2], "_id.t"), T + 5);
	ck_assert_uint_eq(fake_latest.n, 2); /* one for each device */
	ck_assert_int_eq(latest_time(0), T + 5);
	ck_assert_int_eq(latest_contact(0), T + 1005);
	ck_assert_int_eq(latest_time(1), T);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
	ck_assert_int_eq(fake_kafka.committed[1], 20);
	ck_assert_int_eq(fake_kafka.committed[2], -1);
	ck_assert_uint_eq(fake_kafka.freed, 3);
	ck_assert(series_value(w->counters.positions) == 3);
}
END_TEST

START_TEST(nothing_to_do_is_done)
{
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_positions.runs, 0);
	ck_assert_int_eq(fake_kafka.commits, 0);
}
END_TEST

START_TEST(a_duplicate_is_done)
{
	add_fix(1, T, 0, 10);
	add_fix(1, T + 1, 0, 11);
	fake_positions.duplicate = 0;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 1);
	ck_assert_uint_eq(fake_kafka.dead_n, 0);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
	ck_assert(series_value(w->counters.positions) == 1);
	ck_assert(series_value(w->counters.duplicates) == 1);
}
END_TEST

START_TEST(a_contact_moves_only_latest)
{
	struct position p = contact(1, T);

	add(record_of(&p, 0, 10));
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 0);
	ck_assert_uint_eq(fake_latest.n, 1);
	ck_assert_int_eq(latest_contact(0), T);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
	ck_assert(series_value(w->counters.contacts) == 1);
}
END_TEST

START_TEST(an_insert_that_fails_for_now_is_sent_again)
{
	add_fix(1, T, 0, 10);
	add_fix(2, T, 0, 11);
	fake_positions.result = STORE_E_RETRY;
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_int_eq(fake_latest.runs, 0);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_uint_eq(steps_pending(w), 2);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 2);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
	ck_assert_uint_eq(steps_pending(w), 0);
}
END_TEST

START_TEST(no_commit_before_latest)
{
	add_fix(1, T, 0, 10);
	fake_latest.result = STORE_E_RETRY;
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_uint_eq(fake_positions.n, 1);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_positions.runs, 1); /* not again */
	ck_assert_uint_eq(fake_latest.n, 1);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
}
END_TEST

/* Whoever is erased meanwhile must be met when all is stored, and before it is committed. */
START_TEST(no_commit_before_the_erased_are_met)
{
	add_fix(1, T, 0, 10);
	add_fix(2, T, 0, 11);
	add_fix(1, T + 1, 0, 12);
	fake_erased.result = STORE_E_RETRY;
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_erased.asks, 2);
	ck_assert_uint_eq(fake_erased.devices, 2);
	ck_assert_uint_eq(fake_erased.stored_then, 3);
	ck_assert_uint_gt(fake_erased.latest_then, 0);
	ck_assert_int_eq(fake_erased.commits_then, 0);
	ck_assert_int_eq(fake_kafka.committed[0], 12);
	ck_assert_uint_eq(fake_positions.n, 3);
}
END_TEST

START_TEST(a_collision_in_latest_is_tried_again)
{
	add_fix(1, T, 0, 10);
	fake_latest.duplicate = 0;
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_latest.n, 1);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
}
END_TEST

START_TEST(a_refused_update_of_latest_holds_nobody_up)
{
	add_fix(1, T, 0, 10);
	add_fix(2, T, 0, 11);
	fake_latest.poison = 0;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_latest.n, 1);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
}
END_TEST

START_TEST(a_failed_commit_is_covered_by_the_next)
{
	add_fix(1, T, 0, 10);
	fake_kafka.commit_result = BUS_E_RETRY;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_kafka.committed[0], -1);
	add_fix(1, T + 1, 1, 20);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
	ck_assert_int_eq(fake_kafka.committed[1], 20);
}
END_TEST

START_TEST(what_is_fatal_ends_it)
{
	add_fix(1, T, 0, 10);
	fake_positions.result = -EACCES;
	ck_assert_int_eq(steps_settle(w), -EACCES);
	ck_assert_int_eq(fake_kafka.commits, 0);
}
END_TEST

START_TEST(poison_goes_to_the_dead_and_is_done)
{
	struct position p = fix(1, T);
	struct bus_record foreign = record_of(&p, 0, 13);

	add_fix(1, T, 0, 10);
	add(record_with(1, "\xff\xff", 2, 0, 11));
	add(record_with(1, NULL, 0, 0, 12));
	((uint8_t *)foreign.impl)[0] ^= 1; /* somebody else's key */
	add(foreign);
	add_fix(2, T, 0, 14);
	fake_positions.poison = 1; /* the last one, as MongoDB counts */
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 1);
	ck_assert_uint_eq(fake_kafka.dead_n, 4);
	ck_assert_str_eq(fake_kafka.dead[0].error, "malformed");
	ck_assert_int_eq(fake_kafka.dead[0].offset, 11);
	ck_assert_str_eq(fake_kafka.dead[1].error, "empty");
	ck_assert_str_eq(fake_kafka.dead[2].error, "key");
	ck_assert_str_eq(fake_kafka.dead[3].error, "refused");
	ck_assert_int_eq(fake_kafka.dead[3].offset, 14);
	ck_assert_uint_eq(fake_latest.n, 1); /* a refused fix moves no device */
	ck_assert_int_eq(fake_kafka.committed[0], 14);
}
END_TEST

START_TEST(poison_alone_is_committed_too)
{
	add(record_with(1, "\xff\xff", 2, 3, 7));
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_kafka.dead_n, 1);
	ck_assert_int_eq(fake_kafka.committed[3], 7);
}
END_TEST

START_TEST(no_commit_before_the_dead_are_confirmed)
{
	add_fix(1, T, 0, 10);
	add(record_with(1, "\xff\xff", 2, 0, 11));
	fake_kafka.delivery = BUS_E_RETRY;
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_int_eq(fake_positions.runs, 1);
	ck_assert_uint_eq(fake_kafka.dead_n, 2); /* once more: none may be missing */
	ck_assert_int_eq(fake_kafka.committed[0], 11);
}
END_TEST

/* While there is more to read, the answer to one batch is waited for when the next is full. */
START_TEST(in_a_hurry_latest_follows_several_batches)
{
	w->hurried = true;
	for (int64_t i = 0; i < 3; i++) {
		add_fix(1, T + i, 0, 10 + i);
		ck_assert_int_eq(steps_settle(w), 0);
		ck_assert_int_eq(fake_kafka.commits, 0);
	}
	w->hurried = false;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 3);
	ck_assert_int_eq(fake_positions.runs, 3);
	ck_assert_uint_eq(fake_latest.n, 1);
	ck_assert_int_eq(latest_time(0), T + 2);
	ck_assert_int_eq(fake_kafka.committed[0], 12);
	ck_assert_uint_eq(fake_kafka.freed, 3);
}
END_TEST

START_TEST(in_a_hurry_latest_does_not_wait_for_ever)
{
	w->hurried = true;
	w->o.latest_age_ms = 0;
	add_fix(1, T, 0, 10);
	for (int i = 0; i < 5000 && fake_kafka.commits == 0; i++) {
		ck_assert_int_eq(steps_settle(w), 0);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* the lane's thread has its own pace */
	}
	ck_assert_int_gt(fake_kafka.commits, 0);
	ck_assert_int_ge(fake_kafka.committed[0], 10);
}
END_TEST

START_TEST(in_a_hurry_a_failure_keeps_both_batches)
{
	w->hurried = true;
	add_fix(1, T, 0, 10);
	fake_positions.result = STORE_E_RETRY;
	ck_assert_int_eq(steps_settle(w), 0); /* sent, not answered */
	add_fix(1, T + 1, 0, 11);
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	ck_assert_uint_eq(steps_pending(w), 2);
	w->final = true;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 2);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
}
END_TEST

START_TEST(a_partition_given_away_is_forgotten)
{
	w->hurried = true;
	add_fix(1, T, 0, 10);
	add_fix(2, T, 1, 20);
	fake_positions.result = STORE_E_RETRY;
	ck_assert_int_eq(steps_settle(w), 0);
	add_fix(1, T + 1, 0, 11);
	ck_assert_uint_eq(steps_forget(w, (const int32_t[]){ 0 }, 1), 2);
	ck_assert_uint_eq(steps_pending(w), 1);
	ck_assert_int_eq(steps_settle(w), STEP_E_RETRY);
	w->final = true;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 1);
	ck_assert_int_eq(fake_kafka.committed[0], -1);
	ck_assert_int_eq(fake_kafka.committed[1], 20);
	ck_assert_uint_eq(fake_kafka.freed, 3);
}
END_TEST

START_TEST(a_partition_given_away_after_its_insert_is_not_committed)
{
	w->hurried = true;
	add_fix(1, T, 0, 10);
	add_fix(2, T, 1, 20);
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(steps_forget(w, (const int32_t[]){ 1 }, 1), 1);
	w->final = true;
	ck_assert_int_eq(steps_settle(w), 0);
	ck_assert_uint_eq(fake_positions.n, 2);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
	ck_assert_int_eq(fake_kafka.committed[1], -1);
}
END_TEST

START_TEST(answers_are_sorted)
{
	static const struct {
		int r, want;
	} rows[] = {
		{ 0, 0 },
		{ STORE_E_RETRY, STEP_E_RETRY },
		{ STORE_E_MISSING, STEP_E_RETRY },
		{ -EPERM, -EPERM },
		{ -EPROTO, -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_int_eq(steps_answer(w, "insert", rows[i].r, "why"), rows[i].want);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer steps");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_batch_is_stored_and_then_committed);
	tcase_add_test(t, nothing_to_do_is_done);
	tcase_add_test(t, a_duplicate_is_done);
	tcase_add_test(t, a_contact_moves_only_latest);
	tcase_add_test(t, an_insert_that_fails_for_now_is_sent_again);
	tcase_add_test(t, no_commit_before_latest);
	tcase_add_test(t, no_commit_before_the_erased_are_met);
	tcase_add_test(t, a_collision_in_latest_is_tried_again);
	tcase_add_test(t, a_refused_update_of_latest_holds_nobody_up);
	tcase_add_test(t, a_failed_commit_is_covered_by_the_next);
	tcase_add_test(t, what_is_fatal_ends_it);
	tcase_add_test(t, poison_goes_to_the_dead_and_is_done);
	tcase_add_test(t, poison_alone_is_committed_too);
	tcase_add_test(t, no_commit_before_the_dead_are_confirmed);
	tcase_add_test(t, in_a_hurry_latest_follows_several_batches);
	tcase_add_test(t, in_a_hurry_latest_does_not_wait_for_ever);
	tcase_add_test(t, in_a_hurry_a_failure_keeps_both_batches);
	tcase_add_test(t, a_partition_given_away_is_forgotten);
	tcase_add_test(t, a_partition_given_away_after_its_insert_is_not_committed);
	tcase_add_test(t, answers_are_sorted);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
