#include "bus/stats.h"
#include "tests/lib/unit.h"

/* Cut down from what librdkafka 2.0.2 writes. */
#define BROKER(state) "\"brokers\":{\"h:1/1\":{\"name\":\"h:1/1\",\"state\":\"" state "\",\"stateage\":4}}"
#define PARTITION(n, fetch, committed, low, end)                                                                       \
	"\"" #n "\":{\"partition\":" #n ",\"leader\":1,\"fetch_state\":\"" fetch "\",\"stored_offset\":2,"             \
	"\"commited_offset\":99,\"committed_offset\":" #committed ",\"eof_offset\":1,\"lo_offset\":" #low              \
	",\"hi_offset\":999,\"ls_offset\":" #end ",\"consumer_lag\":-1,\"consumer_lag_stored\":-1}"
#define TOPIC(partitions) "\"topics\":{\"t\":{\"topic\":\"t\",\"partitions\":{" partitions "}}}"
#define CGRP "\"cgrp\":{\"state\":\"up\",\"join_state\":\"steady\"}"
#define NONE PARTITION(-1, "none", -1001, -1001, -1001)

static const struct {
	const char *json;
	struct kafka_stats want;
} rows[] = {
	{ "{}", { .up = false, .partitions = 0, .lag = 0 } },
	{ "{" BROKER("INIT") "," CGRP "}", { .up = false, .partitions = 0, .lag = 0 } },
	{ "{" BROKER("UP") "," TOPIC(NONE) "}", { .up = true, .partitions = 0, .lag = 0 } },
	{ "{" BROKER("DOWN") "," TOPIC(PARTITION(0, "active", 3, 0, 10)) "}",
		{ .up = false, .partitions = 1, .lag = 7 } },
	/* Foreign partitions do not count. */
	{ "{" BROKER("UP") "," TOPIC(PARTITION(0, "active", 3, 0, 10) "," PARTITION(1, "none", 3, 0, 10) "," PARTITION(
		  2, "active", 8, 0, 10) "," NONE) "}",
		{ .up = true, .partitions = 3, .lag = 9 } },
	/* Nothing committed yet, or so long ago that it is gone. */
	{ "{" TOPIC(PARTITION(0, "active", -1001, 4, 10)) "}", { .partitions = 1, .lag = 6 } },
	{ "{" TOPIC(PARTITION(0, "active", 2, 4, 10)) "}", { .partitions = 1, .lag = 6 } },
	{ "{" TOPIC(PARTITION(0, "active", -1001, 0, 0)) "}", { .partitions = 1, .lag = 0 } },
	/* Committed past the end that is known. */
	{ "{" TOPIC(PARTITION(0, "active", 12, 0, 10)) "}", { .partitions = 1, .lag = 0 } },
	{ "{" TOPIC(PARTITION(0, "active", 3, 0, 10) "," PARTITION(1, "active", -1001, -1001, -1001)) "}",
		{ .partitions = 2, .lag = -1 } },
	{ "{\"topics\":{\"t\":{\"partitions\":{\"0\":{\"partition\":0,\"fetch_state\":\"active\"",
		{ .partitions = 1, .lag = -1 } },
};

START_TEST(reads_what_counts)
{
	struct kafka_stats s = kafka_stats_read(rows[_i].json);

	ck_assert_int_eq(s.up, rows[_i].want.up);
	ck_assert_int_eq(s.partitions, rows[_i].want.partitions);
	ck_assert_int_eq(s.lag, rows[_i].want.lag);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus stats");
	TCase *t = tcase_create("stats");

	tcase_add_loop_test(t, reads_what_counts, 0, (int)(sizeof(rows) / sizeof(*rows)));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
