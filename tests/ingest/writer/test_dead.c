#include "ingest/writer/dead.h"
#include "tests/lib/bus/cluster.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

enum { SOON_MS = 10000 };

static struct cluster *cluster;
static struct dead *dead;

static const struct bus_record poison = {
	.topic = "positions",
	.partition = 3,
	.offset = 12345678901,
	.key = "0123456789abcdef",
	.key_len = 16,
	.value = "not a position",
	.value_len = 14,
};

static void setup(void)
{
	cluster = cluster_open(1);
	ck_assert_int_eq(dead_open(&dead, &cluster->config, "t"), 0);
}

static void teardown(void)
{
	dead_close(dead, SOON_MS);
	cluster_close(cluster);
}

static void expect_header(const struct bus_record *r, const char *name, const char *want)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t len;

	ck_assert_int_eq(rd_kafka_message_headers(r->impl, &headers), 0);
	ck_assert_int_eq(rd_kafka_header_get_last(headers, name, &value, &len), 0);
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_mem_eq(value, want, len);
}

START_TEST(the_record_is_kept_with_its_story)
{
	struct bus_reader *reader;
	struct bus_record r;

	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &poison, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_open(&reader, &cluster->config, "t", BUS_START_OLDEST, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_poll(reader, SOON_MS, &r), 0);
	ck_assert_uint_eq(r.key_len, 16);
	ck_assert_mem_eq(r.key, poison.key, 16);
	ck_assert_uint_eq(r.value_len, 14);
	ck_assert_mem_eq(r.value, poison.value, 14);
	expect_header(&r, "error", "malformed");
	expect_header(&r, "topic", "positions");
	expect_header(&r, "partition", "3");
	expect_header(&r, "offset", "12345678901");
	bus_record_free(&r);
	bus_reader_close(reader);
}
END_TEST

START_TEST(a_round_of_none_is_confirmed)
{
	dead_begin(dead);
	ck_assert_int_eq(dead_confirm(dead, 0), 0);
}
END_TEST

START_TEST(an_unconfirmed_round_is_begun_again)
{
	ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster->mock, 1), 0);
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &poison, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, 200), DEAD_E_RETRY);
	ck_assert_int_eq(rd_kafka_mock_broker_set_up(cluster->mock, 1), 0);
	/* What the first round sent arrives during the second, and does not count for it. */
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &poison, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_add(dead, &poison, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), 0);
}
END_TEST

START_TEST(a_refused_record_fails_the_round)
{
	rd_kafka_mock_push_request_errors(cluster->mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &poison, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), -EACCES);
}
END_TEST

START_TEST(a_record_past_the_limit_leaves_its_story)
{
	static const char large[999950]; /* fits a record, but not with headers */
	struct bus_record r = poison;

	r.value = large;
	r.value_len = sizeof(large);
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &r, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), 0);
	/* The broker may be stricter than the client. */
	rd_kafka_mock_push_request_errors(cluster->mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	r.value_len = 500000;
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &r, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), DEAD_E_RETRY);
	dead_begin(dead);
	ck_assert_int_eq(dead_add(dead, &r, "malformed", SOON_MS), 0);
	ck_assert_int_eq(dead_confirm(dead, SOON_MS), 0);
	struct bus_reader *reader;
	ck_assert_int_eq(bus_reader_open(&reader, &cluster->config, "t", 1, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_poll(reader, SOON_MS, &r), 0);
	ck_assert_ptr_null(r.value);
	expect_header(&r, "offset", "12345678901");
	bus_record_free(&r);
	bus_reader_close(reader);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct dead *d = NULL;

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = dead_open(&d, &cluster->config, "t");
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
	}
	dead_close(d, 0);
	dead_close(NULL, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer dead");
	TCase *t = tcase_create("dead");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_record_is_kept_with_its_story);
	tcase_add_test(t, a_round_of_none_is_confirmed);
	tcase_add_test(t, an_unconfirmed_round_is_begun_again);
	tcase_add_test(t, a_refused_record_fails_the_round);
	tcase_add_test(t, a_record_past_the_limit_leaves_its_story);
	tcase_add_test(t, no_memory_is_reported);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
