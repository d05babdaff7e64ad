#include "bus/stats.h"
#include "tests/lib/unit.h"

/* Cut down from what librdkafka 2.0.2 writes. */
#define CONNECTION(source, state, waiting, answers)                                                                    \
	"\"h:1\":{\"name\":\"h:1\",\"source\":\"" source "\",\"state\":\"" state "\",\"stateage\":4,\"outbuf_cnt\":9," \
	"\"waitresp_cnt\":" #waiting ",\"waitresp_msg_cnt\":9,\"tx\":99,\"txidle\":5,\"rx\":" #answers                 \
	",\"rxbytes\":99}"
#define BROKERS(connections) "\"brokers\":{" connections "}"
#define BROKER(state) BROKERS(CONNECTION("learned", state, 0, 0))
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
	{ "{}", { .partitions = 0, .lag = 0 } },
	{ "{" BROKER("INIT") "," CGRP "}", { .partitions = 0, .lag = 0 } },
	{ "{" BROKER("UP") "," TOPIC(NONE) "}", { .connected = true, .partitions = 0, .lag = 0 } },
	{ "{" BROKER("DOWN") "," TOPIC(PARTITION(0, "active", 3, 0, 10)) "}", { .partitions = 1, .lag = 7 } },
	/* All brokers count, but for the coordinator, whose connection is a second one to one of them. */
	{ "{" BROKERS(CONNECTION("learned", "UP", 1, 40) "," CONNECTION("configured", "DOWN", 2, 2) "," CONNECTION(
		  "logical", "UP", 4, 8)) "}",
		{ .connected = true, .waiting = 3, .answers = 42 } },
	{ "{" BROKERS(CONNECTION("logical", "UP", 1, 1)) "}", { .connected = false } },
	{ "{\"brokers\":{\"h:1\":{\"source\":\"learned\",\"state\":\"UP\"", { .connected = true } },
	/* Foreign partitions do not count. */
	{ "{" BROKER("UP") "," TOPIC(PARTITION(0, "active", 3, 0, 10) "," PARTITION(1, "none", 3, 0, 10) "," PARTITION(
		  2, "active", 8, 0, 10) "," NONE) "}",
		{ .connected = true, .partitions = 3, .lag = 9 } },
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

	ck_assert_int_eq(s.connected, rows[_i].want.connected);
	ck_assert_int_eq(s.waiting, rows[_i].want.waiting);
	ck_assert_int_eq(s.answers, rows[_i].want.answers);
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
