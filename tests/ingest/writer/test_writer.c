#include "fakes.h"
#include "ingest/writer/writer.h"
#include "tests/lib/unit.h"

#include <errno.h>

static struct writer *writer;
static const struct bus_topics topics;

static void setup(void)
{
	static const struct bus_config kafka = { .brokers = "" };

	fakes_reset();
	ck_assert_int_eq(writer_open(&writer,
				 &(struct writer_options){
					 .kafka = &kafka,
					 .group = "g",
					 .topics = &topics,
					 .batch_max = 8,
					 .batch_age_ms = 20,
					 .latest_age_ms = 60000,
					 .drain_ms = 300,
				 }),
		0);
}

static void teardown(void)
{
	fakes_reset();
}

/* Runs the writer over @script, to the end. Returns what it ended with. */
static int run(const struct fake_event *script)
{
	fake_kafka.script = script;
	int r = writer_run(writer);
	writer_close(writer);
	return r;
}

START_TEST(what_comes_is_stored_and_committed)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_RECORD, 0, 11 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_RECORD, 0, 12 },
		{ FAKE_END, 0, 0 },
	};

	ck_assert_int_eq(run(script), 0);
	ck_assert_uint_eq(fake_positions.n, 3);
	ck_assert_int_eq(fake_kafka.committed[0], 12);
	ck_assert_int_eq(fake_kafka.pauses, 0);
	ck_assert_uint_eq(fake_kafka.freed, 3);
}
END_TEST

/* What was begun is stored before the partition goes; what comes after, in the same call, is not forgotten. */
START_TEST(a_revoke_in_the_middle_of_a_batch)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_ASSIGN, 1, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_RECORD, 1, 20 },
		{ FAKE_REVOKE, 1, 0 },
		{ FAKE_RECORD, 0, 11 },
		{ FAKE_RECORD, 0, 12 },
		{ FAKE_END, 0, 0 },
	};

	ck_assert_int_eq(run(script), 0);
	ck_assert_uint_eq(fake_positions.n, 4);
	ck_assert_int_eq(fake_kafka.committed[0], 12);
	ck_assert_int_eq(fake_kafka.committed[1], 20);
	ck_assert_uint_eq(fake_kafka.stored_at_commit, 4);
	ck_assert_uint_eq(fake_kafka.freed, 4);
}
END_TEST

START_TEST(a_revoke_while_batches_close_by_count)
{
	struct fake_event script[64] = { { FAKE_ASSIGN, 0, 0 }, { FAKE_ASSIGN, 1, 0 } };
	size_t n = 2;

	for (int64_t i = 0; i < 20; i++) {
		script[n++] = (struct fake_event){ FAKE_RECORD, 0, 10 + i };
		if (i == 11)
			script[n++] = (struct fake_event){ FAKE_REVOKE, 1, 0 };
	}
	ck_assert_int_eq(run(script), 0);
	ck_assert_uint_eq(fake_positions.n, 20);
	ck_assert_int_eq(fake_kafka.committed[0], 29);
	ck_assert_uint_eq(fake_kafka.stored_at_commit, 20);
}
END_TEST

START_TEST(lost_partitions_are_not_committed)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_ASSIGN, 1, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_RECORD, 1, 20 },
		{ FAKE_LOSE, 1, 0 },
		{ FAKE_END, 0, 0 },
	};

	ck_assert_int_eq(run(script), 0);
	ck_assert_int_eq(fake_kafka.committed[0], 10);
	ck_assert_int_eq(fake_kafka.committed[1], -1);
	ck_assert_uint_eq(fake_kafka.freed, 2);
}
END_TEST

START_TEST(a_fault_pauses_until_it_is_over)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_RECORD, 0, 11 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_END, 0, 0 },
	};

	fake_positions.result = STORE_E_RETRY;
	ck_assert_int_eq(run(script), 0);
	ck_assert_int_eq(fake_kafka.pauses, 1);
	ck_assert_uint_eq(fake_positions.n, 2);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
}
END_TEST

/* The partition goes during a pause: its records are tried once more, and then left to the next writer. */
START_TEST(a_revoke_during_a_pause)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_ASSIGN, 1, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_RECORD, 1, 20 },
		{ FAKE_NONE, 0, 0 },
		{ FAKE_REVOKE, 1, 0 },
		{ FAKE_RECORD, 0, 11 },
		{ FAKE_END, 0, 0 },
	};

	fake_positions.result = STORE_E_RETRY;
	ck_assert_int_eq(run(script), 0);
	ck_assert_uint_eq(fake_positions.n, 3);
	ck_assert_int_eq(fake_kafka.committed[0], 11);
	ck_assert_int_eq(fake_kafka.committed[1], 20);
}
END_TEST

START_TEST(a_topic_made_anew_is_joined_anew)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_GONE, 0, 0 },
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 0 },
		{ FAKE_END, 0, 0 },
	};

	ck_assert_int_eq(run(script), 0);
	ck_assert_int_eq(fake_kafka.joins, 2);
	ck_assert_uint_eq(fake_positions.n, 2);
	ck_assert_int_eq(fake_kafka.committed[0], 0);
}
END_TEST

START_TEST(what_is_fatal_ends_the_program)
{
	const struct fake_event script[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_FAIL, 0, 0 },
	};
	const struct fake_event refused[] = {
		{ FAKE_ASSIGN, 0, 0 },
		{ FAKE_RECORD, 0, 10 },
		{ FAKE_END, 0, 0 },
	};

	if (_i == 1)
		fake_positions.result = -EPERM;
	ck_assert_int_eq(run(_i == 1 ? refused : script), _i == 1 ? -EPERM : -EACCES);
	ck_assert_int_eq(fake_kafka.commits, 0);
	ck_assert_uint_eq(fake_kafka.freed, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer");
	TCase *t = tcase_create("writer");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_comes_is_stored_and_committed);
	tcase_add_test(t, a_revoke_in_the_middle_of_a_batch);
	tcase_add_test(t, a_revoke_while_batches_close_by_count);
	tcase_add_test(t, lost_partitions_are_not_committed);
	tcase_add_test(t, a_fault_pauses_until_it_is_over);
	tcase_add_test(t, a_revoke_during_a_pause);
	tcase_add_test(t, a_topic_made_anew_is_joined_anew);
	tcase_add_loop_test(t, what_is_fatal_ends_the_program, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
