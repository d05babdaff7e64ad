#include "bus/progress.h"
#include "tests/lib/bus/cluster.h"
#include "tests/lib/unit.h"
#include "base/clock.h"

enum { SOON_MS = 50000, ANSWER_MS = 10000, PARTITIONS = 3 };

/* ---- offsets ---- */

static const struct {
	int64_t done[3], until[3];
	int32_t done_n, until_n;
	bool passed;
} rows[] = {
	{ { 5, 5, 5 }, { 5, 5, 5 }, 3, 3, true },
	{ { 9, 9, 9 }, { 5, 5, 5 }, 3, 3, true },
	{ { 5, 4, 5 }, { 5, 5, 5 }, 3, 3, false },
	{ { 5, 0, 5 }, { 5, 0, 5 }, 3, 3, true }, /* nothing was ever there */
	{ { 5, 5, 0 }, { 5, 5, 0 }, 2, 3, true },
	{ { 5, 5, 0 }, { 5, 5, 1 }, 2, 3, false }, /* it does not know a partition that has something */
	{ { 5, 5, 0 }, { 5, 5, 0 }, 3, 2, true }, /* one that was added later has no say */
	{ { 0, 0, 0 }, { 0, 0, 0 }, 0, 3, true },
	{ { 0, 0, 0 }, { 1, 0, 0 }, 0, 3, false },
	{ { 0, 0, 0 }, { 0, 0, 0 }, 0, 0, true },
};

static struct bus_offsets offsets_of(const int64_t *at, int32_t n)
{
	struct bus_offsets o = { 0 };

	for (int32_t i = 0; i < n; i++)
		ck_assert_int_eq(bus_offsets_add(&o, at[i]), 0);
	return o;
}

START_TEST(passed)
{
	struct bus_offsets done = offsets_of(rows[_i].done, rows[_i].done_n);
	struct bus_offsets until = offsets_of(rows[_i].until, rows[_i].until_n);

	ck_assert_int_eq(bus_offsets_passed(&done, &until), rows[_i].passed);
	bus_offsets_free(&done);
	bus_offsets_free(&until);
	ck_assert_ptr_null(done.at);
	ck_assert_int_eq(done.n, 0);
}
END_TEST

/* ---- a group ---- */

static int64_t sum(const struct bus_offsets *o)
{
	int64_t n = 0;

	for (int32_t i = 0; i < o->n; i++)
		n += o->at[i];
	return n;
}

/* How far group "g" is, and how many records there are. */
static void ask(struct cluster *c, int64_t *ret_done, int64_t *ret_ends)
{
	struct bus_offsets done, ends;

	ck_assert_int_eq(bus_group_progress(&c->config, "g", "t", ANSWER_MS, &done, &ends), 0);
	ck_assert_int_eq(done.n, PARTITIONS);
	ck_assert_int_eq(ends.n, PARTITIONS);
	*ret_done = sum(&done);
	*ret_ends = sum(&ends);
	bus_offsets_free(&done);
	bus_offsets_free(&ends);
}

/* A member of "g" does @n records and commits them. */
static void read_some(struct cluster *c, int n)
{
	static const char *const topics[] = { "t", NULL };
	struct bus_consumer *consumer;
	int64_t deadline_ms = clock_mono_ms() + SOON_MS;

	ck_assert_int_eq(bus_consumer_open(&consumer, &c->config,
				 &(struct bus_consumer_options){ .group = "g", .topics = topics, .from_start = true }),
		0);
	while (n > 0 && clock_mono_ms() < deadline_ms) {
		struct bus_record r;
		if (bus_poll(consumer, 100, &r) != 0)
			continue;
		ck_assert_int_eq(bus_store_offset(consumer, "t", r.partition, r.offset), 0);
		bus_record_free(&r);
		n--;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(bus_commit(consumer), 0);
	bus_consumer_close(consumer);
}

START_TEST(what_a_group_has_done)
{
	struct cluster *c = cluster_open(PARTITIONS);
	int64_t done, ends;

	ask(c, &done, &ends);
	ck_assert_int_eq(done, 0);
	ck_assert_int_eq(ends, 0);
	cluster_fill(c, "key", 5);
	ask(c, &done, &ends);
	ck_assert_int_eq(done, 0);
	ck_assert_int_eq(ends, 5);
	read_some(c, 3);
	ask(c, &done, &ends);
	ck_assert_int_eq(done, 3);
	ck_assert_int_eq(ends, 5);
	cluster_close(c);
}
END_TEST

START_TEST(one_of_them_is_enough)
{
	struct cluster *c = cluster_open(PARTITIONS);
	struct bus_offsets only;

	cluster_fill(c, "key", 2);
	ck_assert_int_eq(bus_group_progress(&c->config, "g", "t", ANSWER_MS, NULL, &only), 0);
	ck_assert_int_eq(sum(&only), 2);
	bus_offsets_free(&only);
	ck_assert_int_eq(bus_group_progress(&c->config, "g", "t", ANSWER_MS, &only, NULL), 0);
	ck_assert_int_eq(sum(&only), 0);
	bus_offsets_free(&only);
	cluster_close(c);
}
END_TEST

START_TEST(nobody_answers)
{
	const struct bus_config nowhere = { .brokers = "127.0.0.1:1", .client = "test" };
	struct bus_offsets untouched = { .n = 7 };

	ck_assert_int_eq(bus_group_progress(&nowhere, "g", "t", 500, NULL, &untouched), BUS_E_RETRY);
	ck_assert_int_eq(untouched.n, 7);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus progress");
	TCase *t = tcase_create("progress");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, passed, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, what_a_group_has_done);
	tcase_add_test(t, one_of_them_is_enough);
	tcase_add_test(t, nobody_answers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
