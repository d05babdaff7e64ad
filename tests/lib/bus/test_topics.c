/* Sources: lib/bus/admin.c, setting.c. */
#include "bus/setting.h"
#include "tests/lib/bus/cluster.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

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

static int ensure(bool create, int timeout_ms)
{
	const struct bus_topics how = { .prefix = "", .partitions = 3, .replication = 1, .create = create };

	return bus_topics_ensure(&cluster->config, &how, (const char *const[]){ "t", NULL }, timeout_ms);
}

START_TEST(topics_that_exist_are_left_alone)
{
	ck_assert_int_eq(ensure(true, SOON_MS), 0);
	struct bus_reader *r;
	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 0, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_partitions(r), 1);
	bus_reader_close(r);
}
END_TEST

/* The mock cluster makes no topics on request and does not answer either. */
START_TEST(topics_that_do_not_exist_are_asked_for)
{
	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ck_assert_int_eq(ensure(true, 500), BUS_E_RETRY);
	ck_assert_msg(!strncmp(bus_last_error(), "topic t: ", 9), "said: %s", bus_last_error());
}
END_TEST

START_TEST(topics_that_may_not_be_made_are_waited_for)
{
	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ck_assert_int_eq(ensure(false, SOON_MS), BUS_E_MISSING);
	ck_assert_str_eq(bus_last_error(), "topic t: is missing, and KAFKA_CREATE_TOPICS is false");
	rd_kafka_mock_topic_set_error(cluster->mock, "t", RD_KAFKA_RESP_ERR_NO_ERROR);
	ck_assert_int_eq(ensure(false, SOON_MS), 0);
}
END_TEST

START_TEST(topics_wait_for_a_cluster)
{
	ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster->mock, 1), 0);
	ck_assert_int_eq(ensure(true, 300), BUS_E_RETRY);
	ck_assert_msg(strstr(bus_last_error(), "127.0.0.1:"), "said: %s", bus_last_error());
}
END_TEST

/* The library's own text, which main logs. */
START_TEST(settings_that_the_library_refuses_are_said)
{
	const struct bus_config bad = { .brokers = "127.0.0.1:1", .security = "soap" };
	const struct bus_topics how = { .create = true };
	const char *const names[] = { "t", NULL };
	struct bus_producer *p;

	ck_assert_int_eq(bus_topics_ensure(&bad, &how, names, 300), -EINVAL);
	ck_assert_msg(strstr(bus_last_error(), "security.protocol"), "said: %s", bus_last_error());
	ck_assert_int_eq(bus_producer_open(&p, &bad, &(struct bus_producer_options){ .queue_max = 1 }), -EINVAL);
	ck_assert_msg(strstr(bus_last_error(), "security.protocol"), "said: %s", bus_last_error());
}
END_TEST

START_TEST(names_have_a_prefix)
{
	char name[BUS_TOPIC_SIZE];

	bus_topic_name(name, &(struct bus_topics){ .prefix = "eu." }, BUS_TOPIC_DEAD);
	ck_assert_str_eq(name, "eu.positions.dead");
	bus_topic_name(name, &(struct bus_topics){ 0 }, BUS_TOPIC_ACCESS);
	ck_assert_str_eq(name, "access");
}
END_TEST

START_TEST(prefixes_that_kafka_would_refuse)
{
	static const struct {
		const char *text;
		bool good;
	} prefixes[] = { { "", true }, { "eu-1_a.B.", true }, { "a b", false }, { "a/", false },
		{ "\xc3\xa9.", false } };
	char longest[202];
	const char *v = NULL;

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		ck_assert_int_eq(bus_prefix_setting(prefixes[i].text, &v, 0, 0) == NULL, prefixes[i].good);
	memset(longest, 'x', 201);
	longest[201] = '\0';
	ck_assert_ptr_nonnull(bus_prefix_setting(longest, &v, 0, 0));
	ck_assert_ptr_null(bus_prefix_setting(longest + 1, &v, 0, 0));
	ck_assert_ptr_eq(v, longest + 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus topics");
	TCase *t = tcase_create("topics");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, topics_that_exist_are_left_alone);
	tcase_add_test(t, topics_that_do_not_exist_are_asked_for);
	tcase_add_test(t, topics_that_may_not_be_made_are_waited_for);
	tcase_add_test(t, topics_wait_for_a_cluster);
	tcase_add_test(t, settings_that_the_library_refuses_are_said);
	tcase_add_test(t, names_have_a_prefix);
	tcase_add_test(t, prefixes_that_kafka_would_refuse);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
