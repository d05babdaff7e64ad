#include "tests/lib/bus/cluster.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

enum { SOON_MS = 50000, PARTITIONS = 4 };

/* A member, and what it was told about its partitions. */
struct member {
	struct bus_consumer *consumer;
	bool mine[PARTITIONS];
	int lost; /* partitions taken away as lost */
	bool commits_on_revoke;
	int commit_result;
};

static struct cluster *cluster;

static void setup(void)
{
	cluster = cluster_open(PARTITIONS);
}

static void teardown(void)
{
	cluster_close(cluster);
}

static void on_assigned(void *owner, const char *topic, const int32_t *partitions, size_t n)
{
	struct member *m = owner;

	ck_assert_str_eq(topic, "t");
	for (size_t i = 0; i < n; i++) {
		ck_assert(!m->mine[partitions[i]]);
		m->mine[partitions[i]] = true;
	}
}

static void on_revoked(void *owner, const char *topic, const int32_t *partitions, size_t n, bool lost)
{
	struct member *m = owner;

	ck_assert_str_eq(topic, "t");
	for (size_t i = 0; i < n; i++) {
		ck_assert(m->mine[partitions[i]]);
		m->mine[partitions[i]] = false;
		m->lost += lost;
	}
	/* One that was refused is not undone by a later one, which may be of nothing. */
	if (m->commits_on_revoke && !lost && m->commit_result != BUS_E_RETRY)
		m->commit_result = bus_commit(m->consumer);
}

static size_t owned(const struct member *m)
{
	size_t n = 0;

	for (size_t i = 0; i < PARTITIONS; i++)
		n += m->mine[i];
	return n;
}

static int open_member(struct member *m, bool from_start)
{
	return bus_consumer_open(&m->consumer, &cluster->config,
		&(struct bus_consumer_options){
			.group = "g",
			.topics = (const char *const[]){ "t", NULL },
			.assigned = on_assigned,
			.revoked = on_revoked,
			.owner = m,
			.from_start = from_start,
		});
}

static void join(struct member *m)
{
	*m = (struct member){ .commit_result = -1 };
	ck_assert_int_eq(open_member(m, true), 0);
}

static void leave(struct member *m)
{
	bus_consumer_close(m->consumer);
	ck_assert_uint_eq(owned(m), 0);
}

static void next(struct member *m, struct bus_record *ret)
{
	int64_t deadline_ms = clock_mono_ms() + SOON_MS;
	int r;

	do
		r = bus_poll(m->consumer, 100, ret);
	while ((r == BUS_E_NONE || r == BUS_E_RETRY) && clock_mono_ms() < deadline_ms);
	ck_assert_int_eq(r, 0);
}

static void own_all(struct member *m)
{
	struct bus_record record;

	for (int64_t end_ms = clock_mono_ms() + SOON_MS; owned(m) < PARTITIONS && clock_mono_ms() < end_ms;)
		ck_assert_int_eq(bus_poll(m->consumer, 50, &record), BUS_E_NONE);
	ck_assert_uint_eq(owned(m), PARTITIONS);
}

static void nothing_for(struct member *m, int64_t ms)
{
	struct bus_record record;

	for (int64_t end_ms = clock_mono_ms() + ms; clock_mono_ms() < end_ms;)
		ck_assert_int_eq(bus_poll(m->consumer, 50, &record), BUS_E_NONE);
}

/* Reads the records @from to @to - 1 of cluster_fill(), and stores each offset. */
static void read_and_store(struct member *m, long from, long to)
{
	struct bus_record record;

	for (long i = from; i < to; i++) {
		next(m, &record);
		ck_assert_int_eq(record_number(&record), i);
		ck_assert_int_eq(bus_store_offset(m->consumer, record.topic, record.partition, record.offset), 0);
		bus_record_free(&record);
	}
}

START_TEST(a_record_comes_whole)
{
	struct member m;
	struct bus_record record;
	int64_t now_ms = clock_real_ms();

	cluster_fill(cluster, "key", 1);
	join(&m);
	next(&m, &record);
	ck_assert_str_eq(record.topic, "t");
	ck_assert_int_eq(record.offset, 0);
	ck_assert_uint_eq(record.key_len, 3);
	ck_assert_mem_eq(record.key, "key", 3);
	ck_assert_uint_eq(record.value_len, 1);
	ck_assert_mem_eq(record.value, "0", 1);
	ck_assert_int_ge(record.time_ms, now_ms - 1000);
	bus_record_free(&record);
	ck_assert_uint_eq(owned(&m), PARTITIONS);
	ck_assert(bus_consumer_up(m.consumer));
	leave(&m);
}
END_TEST

/* What the group has committed of the partition of "key", asked by somebody else; -1: nothing. */
static int64_t committed(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	ck_assert_int_eq(rd_kafka_conf_set(conf, "group.id", "g", why, sizeof(why)), RD_KAFKA_CONF_OK);
	ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", cluster->config.brokers, why, sizeof(why)),
		RD_KAFKA_CONF_OK);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	ck_assert_ptr_nonnull(rk);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
	rd_kafka_topic_partition_list_add_range(list, "t", 0, PARTITIONS - 1);
	ck_assert_int_eq(rd_kafka_committed(rk, list, SOON_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
	int64_t offset = -1;
	for (int i = 0; i < list->cnt; i++)
		if (list->elems[i].offset > offset)
			offset = list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return offset;
}

START_TEST(reading_resumes_after_what_was_committed)
{
	struct member m;

	cluster_fill(cluster, "key", 10);
	join(&m);
	read_and_store(&m, 0, 6);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	read_and_store(&m, 6, 8); /* stored, and never committed by itself */
	leave(&m);
	join(&m);
	read_and_store(&m, 6, 10);
	leave(&m);
}
END_TEST

START_TEST(only_what_was_stored_is_committed)
{
	struct member m;
	struct bus_record record;

	cluster_fill(cluster, "key", 10);
	join(&m);
	next(&m, &record);
	bus_record_free(&record);
	ck_assert_int_eq(bus_commit(m.consumer), 0); /* of nothing */
	ck_assert_int_eq(committed(), -1);
	read_and_store(&m, 1, 4);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	ck_assert_int_eq(committed(), 4);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	next(&m, &record);
	bus_record_free(&record);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	leave(&m);
	ck_assert_int_eq(committed(), 4);
}
END_TEST

START_TEST(a_refused_commit_is_tried_again)
{
	struct member m;

	cluster_fill(cluster, "key", 4);
	join(&m);
	read_and_store(&m, 0, 4);
	rd_kafka_mock_push_request_errors(cluster->mock, API_OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
	ck_assert_int_eq(bus_commit(m.consumer), BUS_E_RETRY);
	ck_assert_int_eq(committed(), -1);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	ck_assert_int_eq(committed(), 4);
	leave(&m);
}
END_TEST

START_TEST(offsets_of_foreign_partitions_are_refused)
{
	struct member m;
	struct bus_record record;

	cluster_fill(cluster, "key", 1);
	join(&m);
	next(&m, &record);
	bus_record_free(&record);
	ck_assert_int_eq(bus_store_offset(m.consumer, "t", PARTITIONS, 0), BUS_E_MISSING);
	leave(&m);
}
END_TEST

START_TEST(a_new_group_may_start_at_the_end)
{
	struct member m = { 0 };

	cluster_fill(cluster, "key", 3);
	ck_assert_int_eq(open_member(&m, false), 0);
	own_all(&m);
	nothing_for(&m, 500);
	cluster_fill(cluster, "key", 1);
	read_and_store(&m, 0, 1);
	leave(&m);
}
END_TEST

START_TEST(paused_partitions_rest_and_go_on_where_they_were)
{
	struct member m;

	cluster_fill(cluster, "key", 10);
	join(&m);
	read_and_store(&m, 0, 4);
	ck_assert_int_eq(bus_pause(m.consumer), 0);
	nothing_for(&m, 500);
	ck_assert_int_eq(bus_resume(m.consumer), 0);
	read_and_store(&m, 4, 10);
	leave(&m);
}
END_TEST

START_TEST(partitions_that_come_during_a_pause_rest_too)
{
	struct member m;

	cluster_fill(cluster, "key", 2);
	join(&m);
	ck_assert_int_eq(bus_pause(m.consumer), 0);
	own_all(&m);
	nothing_for(&m, 500);
	ck_assert_int_eq(bus_resume(m.consumer), 0);
	read_and_store(&m, 0, 2);
	leave(&m);
}
END_TEST

/* Turns both until they own all partitions between them, the second at least one. */
static void settle(struct member *a, struct member *b)
{
	struct bus_record record;

	for (int64_t end_ms = clock_mono_ms() + SOON_MS; clock_mono_ms() < end_ms;) {
		ck_assert_int_eq(bus_poll(a->consumer, 20, &record), BUS_E_NONE);
		ck_assert_int_eq(bus_poll(b->consumer, 20, &record), BUS_E_NONE);
		for (size_t i = 0; i < PARTITIONS; i++)
			ck_assert(!(a->mine[i] && b->mine[i]));
		if (owned(a) + owned(b) == PARTITIONS && owned(b) > 0)
			return;
	}
	ck_abort_msg("the group did not settle");
}

/* What was committed from inside the revoke is not read again. The group may refuse such a commit when it has moved on
 * without this member, as it does on a machine with much to do; then the next owner reads those records again. */
START_TEST(a_second_member_takes_over_without_loss)
{
	struct member a, b;

	cluster_fill(cluster, "key", 5);
	join(&a);
	a.commits_on_revoke = true;
	read_and_store(&a, 0, 5);
	join(&b);
	ck_assert_int_eq(bus_pause(b.consumer), 0);
	settle(&a, &b);
	ck_assert(a.commit_result == 0 || a.commit_result == BUS_E_RETRY);
	leave(&a);
	own_all(&b);
	int64_t from = committed();
	ck_assert(from == 5 || a.commit_result == BUS_E_RETRY);
	ck_assert_int_eq(bus_resume(b.consumer), 0);
	read_and_store(&b, from > 0 ? from : 0, 5);
	nothing_for(&b, 500);
	leave(&b);
}
END_TEST

/* Given away in a pause, taken back after it: the library keeps the pause of a partition that was away. */
START_TEST(partitions_that_come_back_after_a_pause_go_on)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	enum { KEYS = sizeof keys / sizeof *keys };
	struct member a, b;
	struct bus_record record;
	int seen = 0;

	join(&a);
	own_all(&a);
	ck_assert_int_eq(bus_pause(a.consumer), 0);
	join(&b);
	settle(&a, &b);
	ck_assert_int_eq(bus_resume(a.consumer), 0);
	leave(&b);
	own_all(&a);
	for (size_t i = 0; i < KEYS; i++)
		cluster_fill(cluster, keys[i], 1);
	for (int64_t end_ms = clock_mono_ms() + SOON_MS; seen < KEYS && clock_mono_ms() < end_ms;)
		if (bus_poll(a.consumer, 50, &record) == 0) {
			bus_record_free(&record);
			seen++;
		}
	ck_assert_int_eq(seen, KEYS);
	leave(&a);
}
END_TEST

START_TEST(lost_partitions_are_told_as_lost)
{
	struct member m;
	struct bus_record record;

	cluster_fill(cluster, "key", 1);
	join(&m);
	next(&m, &record);
	bus_record_free(&record);
	rd_kafka_mock_push_request_errors(cluster->mock, API_HEARTBEAT, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
	for (int64_t end_ms = clock_mono_ms() + SOON_MS; m.lost == 0 && clock_mono_ms() < end_ms;)
		if (bus_poll(m.consumer, 50, &record) == 0)
			bus_record_free(&record);
	ck_assert_int_eq(m.lost, PARTITIONS);
	leave(&m);
}
END_TEST

/* The library would abort: see bus_consumer_close(). */
START_TEST(one_that_is_not_in_the_group_yet_can_leave)
{
	const rd_kafka_resp_err_t none = RD_KAFKA_RESP_ERR_NO_ERROR;
	struct member m;
	size_t to_come = 1;

	ck_assert_int_eq(
		rd_kafka_mock_broker_push_request_error_rtts(cluster->mock, 1, API_SYNC_GROUP, 1, none, SOON_MS / 10),
		none);
	join(&m);
	for (int64_t end_ms = clock_mono_ms() + SOON_MS; to_come > 0 && clock_mono_ms() < end_ms;) {
		nothing_for(&m, 20);
		ck_assert_int_eq(
			rd_kafka_mock_broker_error_stack_cnt(cluster->mock, 1, API_SYNC_GROUP, &to_come), none);
	}
	ck_assert_uint_eq(to_come, 0); /* let in, and its answer is on the way */
	leave(&m);
}
END_TEST

START_TEST(a_removed_topic_is_told)
{
	struct member m;
	struct bus_record record;
	int r = BUS_E_NONE;

	join(&m);
	own_all(&m);
	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	for (int64_t end_ms = clock_mono_ms() + SOON_MS; r != BUS_E_GONE && clock_mono_ms() < end_ms;)
		r = bus_poll(m.consumer, 50, &record);
	ck_assert_int_eq(r, BUS_E_GONE);
	leave(&m);
}
END_TEST

static void wait_lag(struct member *m, int64_t lag)
{
	int64_t deadline_ms = clock_mono_ms() + SOON_MS;
	struct bus_record record;

	while (bus_lag(m->consumer) != lag && clock_mono_ms() < deadline_ms)
		if (bus_poll(m->consumer, 50, &record) == 0)
			bus_record_free(&record);
	ck_assert_int_eq(bus_lag(m->consumer), lag);
}

START_TEST(the_lag_is_what_is_not_committed)
{
	struct member m;

	cluster_fill(cluster, "key", 10);
	join(&m);
	read_and_store(&m, 0, 4);
	wait_lag(&m, 10);
	ck_assert_int_eq(bus_commit(m.consumer), 0);
	wait_lag(&m, 6);
	leave(&m);
	join(&m);
	wait_lag(&m, 6);
	leave(&m);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct member m = { 0 };

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = open_member(&m, true);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
	}
	leave(&m);
	bus_consumer_close(NULL);
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	return t;
}

/* A mock group takes 3 s to form and 10 s to notice who left: meson runs the cases side by side, by CK_RUN_CASE. */
static Suite *suite(void)
{
	Suite *s = suite_create("bus consumer");
	TCase *offsets = add_case(s, "offsets"), *flow = add_case(s, "flow"), *lag = add_case(s, "lag"),
	      *takeover = add_case(s, "takeover"), *comeback = add_case(s, "comeback");

	tcase_add_test(offsets, only_what_was_stored_is_committed);
	tcase_add_test(offsets, a_refused_commit_is_tried_again);
	tcase_add_test(offsets, offsets_of_foreign_partitions_are_refused);
	tcase_add_test(offsets, reading_resumes_after_what_was_committed);
	tcase_add_test(flow, a_record_comes_whole);
	tcase_add_test(flow, a_new_group_may_start_at_the_end);
	tcase_add_test(flow, paused_partitions_rest_and_go_on_where_they_were);
	tcase_add_test(flow, partitions_that_come_during_a_pause_rest_too);
	tcase_add_test(flow, lost_partitions_are_told_as_lost);
	tcase_add_test(flow, no_memory_is_reported);
	tcase_add_test(lag, the_lag_is_what_is_not_committed);
	tcase_add_test(lag, a_removed_topic_is_told);
	tcase_add_test(lag, one_that_is_not_in_the_group_yet_can_leave);
	tcase_add_test(takeover, a_second_member_takes_over_without_loss);
	tcase_add_test(comeback, partitions_that_come_back_after_a_pause_go_on);
	return s;
}

UNIT_MAIN(suite)
