#include "tests/lib/bus/cluster.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"
#include "base/clock.h"

#include <errno.h>

enum { SOON_MS = 20000 };

static struct cluster *cluster;

static void setup(void)
{
	cluster = cluster_open(1);
}

static void teardown(void)
{
	cluster_close(cluster);
}

static struct bus_reader *open_reader(int64_t back)
{
	struct bus_reader *r;

	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", back, SOON_MS), 0);
	return r;
}

/* The next result that says something, within @ms. */
static int poll_for(struct bus_reader *r, int64_t ms, struct bus_record *ret)
{
	int64_t deadline_ms = clock_mono_ms() + ms;
	int result;

	do
		result = bus_reader_poll(r, 50, ret);
	while ((result == BUS_E_NONE || result == BUS_E_RETRY) && clock_mono_ms() < deadline_ms);
	return result;
}

static void read_from(struct bus_reader *r, long from, long to)
{
	struct bus_record record;

	for (long i = from; i < to; i++) {
		ck_assert_int_eq(poll_for(r, SOON_MS, &record), 0);
		ck_assert_int_eq(record_number(&record), i);
		bus_record_free(&record);
	}
}

START_TEST(starts_as_far_back_as_asked)
{
	static const struct {
		int64_t back, first;
	} rows[] = { { 3, 7 }, { 10, 0 }, { 1000, 0 }, { 0, 10 }, { BUS_START_NEWEST, 10 }, { BUS_START_OLDEST, 0 } };
	struct bus_record record;

	cluster_fill(cluster, "key", 10);
	struct bus_reader *r = open_reader(rows[_i].back);
	ck_assert_int_eq(bus_reader_partitions(r), 1);
	ck_assert_int_eq(bus_reader_first(r, 0), rows[_i].first);
	ck_assert_int_eq(bus_reader_end_at_start(r, 0), 10);
	ck_assert(bus_reader_up(r));
	read_from(r, (long)rows[_i].first, 10);
	ck_assert_int_eq(poll_for(r, 300, &record), BUS_E_NONE);
	cluster_fill(cluster, "key", 2);
	read_from(r, 0, 2);
	bus_reader_close(r);
}
END_TEST

START_TEST(reads_an_empty_topic_from_its_first_record)
{
	struct bus_reader *r = open_reader(100);

	ck_assert_int_eq(bus_reader_first(r, 0), 0);
	ck_assert_int_eq(bus_reader_end_at_start(r, 0), 0);
	cluster_fill(cluster, "key", 3);
	read_from(r, 0, 3);
	bus_reader_close(r);
}
END_TEST

START_TEST(two_readers_share_nothing)
{
	cluster_fill(cluster, "key", 5);
	struct bus_reader *a = open_reader(BUS_START_OLDEST), *b = open_reader(2);

	read_from(a, 0, 5);
	read_from(b, 3, 5);
	bus_reader_close(a);
	bus_reader_close(b);
}
END_TEST

START_TEST(offsets_that_are_no_longer_there_are_told)
{
	struct bus_record record;

	cluster_fill(cluster, "key", 5);
	struct bus_reader *r = open_reader(5);
	/* More than once: the answer to a fetch from before the reader was placed is not looked at. */
	rd_kafka_mock_push_request_errors(cluster->mock, API_FETCH, 3, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
		RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
	/* What was fetched before the fault may come first. */
	int result;
	while ((result = poll_for(r, SOON_MS, &record)) == 0)
		bus_record_free(&record);
	ck_assert_int_eq(result, BUS_E_GONE);
	bus_reader_close(r);
}
END_TEST

START_TEST(a_removed_topic_is_told)
{
	struct bus_record record;
	struct bus_reader *r = open_reader(0);

	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	/* A lost connection makes the library ask for the topics again; else it does so every 10 s. */
	rd_kafka_mock_push_request_errors(cluster->mock, API_FETCH, 1, RD_KAFKA_RESP_ERR__TRANSPORT);
	ck_assert_int_eq(poll_for(r, SOON_MS, &record), BUS_E_GONE);
	bus_reader_close(r);
}
END_TEST

START_TEST(a_lost_connection_is_mended)
{
	cluster_fill(cluster, "key", 2);
	struct bus_reader *r = open_reader(2);

	read_from(r, 0, 2);
	rd_kafka_mock_push_request_errors(
		cluster->mock, API_FETCH, 2, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
	cluster_fill(cluster, "key", 2);
	read_from(r, 0, 2);
	bus_reader_close(r);
}
END_TEST

START_TEST(no_cluster_is_no_reason_to_stop)
{
	struct bus_reader *r = NULL;

	ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster->mock, 1), 0);
	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 0, 300), BUS_E_RETRY);
	ck_assert_ptr_null(r);
	bus_reader_close(NULL);
}
END_TEST

START_TEST(no_topic_is_told)
{
	struct bus_reader *r = NULL;

	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 0, SOON_MS), BUS_E_MISSING);
	ck_assert_ptr_null(r);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct bus_reader *r = NULL;

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int result = bus_reader_open(&r, &cluster->config, "t", 0, SOON_MS);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(result, failed ? -ENOMEM : 0);
	}
	ck_assert_ptr_nonnull(r);
	bus_reader_close(r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus reader");
	TCase *t = tcase_create("reader");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, starts_as_far_back_as_asked, 0, 6);
	tcase_add_test(t, reads_an_empty_topic_from_its_first_record);
	tcase_add_test(t, two_readers_share_nothing);
	tcase_add_test(t, offsets_that_are_no_longer_there_are_told);
	tcase_add_test(t, a_removed_topic_is_told);
	tcase_add_test(t, a_lost_connection_is_mended);
	tcase_add_test(t, no_cluster_is_no_reason_to_stop);
	tcase_add_test(t, no_topic_is_told);
	tcase_add_test(t, no_memory_is_reported);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
