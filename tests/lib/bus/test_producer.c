#include "tests/lib/bus/cluster.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SOON_MS = 10000, RECORDS = 200 };

/* What was reported, in order. */
struct reports {
	size_t n;
	struct {
		uintptr_t opaque;
		int r;
	} list[2 * RECORDS];
};

static struct cluster *cluster;
static struct reports reports;

static void setup(void)
{
	cluster = cluster_open(12);
}

static void teardown(void)
{
	cluster_close(cluster);
}

static void on_delivered(void *owner, void *opaque, int r)
{
	struct reports *s = owner;

	ck_assert_uint_lt(s->n, sizeof(s->list) / sizeof(*s->list));
	s->list[s->n].opaque = (uintptr_t)opaque;
	s->list[s->n++].r = r;
}

static struct bus_producer *open_producer(int64_t queue_max, int64_t delivery_timeout_ms)
{
	struct bus_producer *p;
	struct bus_producer_options o = {
		.linger_ms = 1,
		.queue_max = queue_max,
		.delivery_timeout_ms = delivery_timeout_ms,
		.delivered = on_delivered,
		.owner = &reports,
	};

	ck_assert_int_eq(bus_producer_open(&p, &cluster->config, &o), 0);
	return p;
}

static int send_one(struct bus_producer *p, const char *key, uintptr_t opaque)
{
	return bus_send(p, "t", key, strlen(key), "value", 5, NULL, (void *)opaque);
}

static void wait_reports(struct bus_producer *p, size_t n)
{
	int64_t deadline_ms = clock_mono_ms() + SOON_MS;

	while (reports.n < n && clock_mono_ms() < deadline_ms)
		bus_producer_poll(p, 100);
	ck_assert_uint_eq(reports.n, n);
}

static void broker_down(void)
{
	ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster->mock, 1), 0);
}

static void broker_up(void)
{
	ck_assert_int_eq(rd_kafka_mock_broker_set_up(cluster->mock, 1), 0);
}

START_TEST(each_record_is_reported_once)
{
	struct bus_producer *p = open_producer(1000, 0);
	bool seen[RECORDS] = { false };

	for (uintptr_t i = 0; i < RECORDS; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	ck_assert_uint_eq(bus_producer_pending(p), RECORDS);
	wait_reports(p, RECORDS);
	ck_assert_uint_eq(bus_producer_pending(p), 0);
	ck_assert(bus_producer_up(p));
	for (size_t i = 0; i < RECORDS; i++) {
		ck_assert_int_eq(reports.list[i].r, 0);
		ck_assert(!seen[reports.list[i].opaque]);
		seen[reports.list[i].opaque] = true;
	}
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
	ck_assert_uint_eq(reports.n, RECORDS);
}
END_TEST

START_TEST(poll_counts_what_it_served)
{
	struct bus_producer *p = open_producer(1000, 0);
	int served = 0;

	for (uintptr_t i = 0; i < 10; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	for (int64_t end_ms = clock_mono_ms() + SOON_MS; served < 10 && clock_mono_ms() < end_ms;)
		served += bus_producer_poll(p, 100);
	ck_assert_int_eq(served, 10);
	ck_assert_uint_eq(reports.n, 10);
	ck_assert_int_eq(bus_producer_poll(p, 0), 0);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

START_TEST(a_full_queue_is_told_and_recovers)
{
	struct bus_producer *p = open_producer(10, 0);

	broker_down();
	for (uintptr_t i = 0; i < 10; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	ck_assert_int_eq(send_one(p, "key", 10), BUS_E_FULL);
	ck_assert_uint_eq(bus_producer_pending(p), 10);
	broker_up();
	wait_reports(p, 10);
	ck_assert_int_eq(send_one(p, "key", 10), 0);
	wait_reports(p, 11);
	ck_assert_int_eq(reports.list[10].r, 0);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

START_TEST(what_is_not_delivered_in_time_is_reported_lost)
{
	struct bus_producer *p = open_producer(100, 300);

	broker_down();
	ck_assert_int_eq(send_one(p, "key", 7), 0);
	wait_reports(p, 1);
	ck_assert_int_eq(reports.list[0].r, BUS_E_RETRY);
	ck_assert_uint_eq(reports.list[0].opaque, 7);
	ck_assert_uint_eq(bus_producer_close(p, 0), 0);
}
END_TEST

START_TEST(what_the_broker_refuses_is_reported)
{
	static const struct {
		rd_kafka_resp_err_t refused;
		int r;
	} rows[] = {
		{ RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, BUS_E_TOO_LARGE },
		{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, -EACCES },
	};
	struct bus_producer *p = open_producer(100, 0);

	rd_kafka_mock_push_request_errors(cluster->mock, API_PRODUCE, 1, rows[_i].refused);
	ck_assert_int_eq(send_one(p, "key", 0), 0);
	wait_reports(p, 1);
	ck_assert_int_eq(reports.list[0].r, rows[_i].r);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

/* How many records the topic holds. */
static int64_t count_records(void)
{
	struct bus_reader *r;
	int64_t n = 0;

	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 0, SOON_MS), 0);
	for (int32_t i = 0; i < bus_reader_partitions(r); i++)
		n += bus_reader_end_at_start(r, i);
	bus_reader_close(r);
	return n;
}

START_TEST(transient_faults_are_tried_again_and_stored_once)
{
	struct bus_producer *p = open_producer(100, 0);

	rd_kafka_mock_push_request_errors(cluster->mock, API_PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
		RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
	for (uintptr_t i = 0; i < 20; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	wait_reports(p, 20);
	for (size_t i = 0; i < 20; i++)
		ck_assert_int_eq(reports.list[i].r, 0);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
	ck_assert_int_eq(count_records(), 20);
}
END_TEST

START_TEST(closing_reports_what_is_lost)
{
	struct bus_producer *p = open_producer(100, 0);

	broker_down();
	for (uintptr_t i = 0; i < 5; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	ck_assert_uint_eq(bus_producer_close(p, 100), 5);
	ck_assert_uint_eq(reports.n, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(reports.list[i].r, BUS_E_RETRY);
}
END_TEST

START_TEST(closing_waits_for_what_is_queued)
{
	struct bus_producer *p = open_producer(1000, 0);

	for (uintptr_t i = 0; i < RECORDS; i++)
		ck_assert_int_eq(send_one(p, "key", i), 0);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
	ck_assert_uint_eq(reports.n, RECORDS);
	ck_assert_int_eq(count_records(), RECORDS);
}
END_TEST

START_TEST(the_fd_tells_of_every_report)
{
	struct bus_producer *p = open_producer(1000, 0);

	ck_assert_int_eq(send_one(p, "key", 0), 0); /* before there is an fd: told all the same */
	struct pollfd fd = { .fd = bus_producer_fd(p), .events = POLLIN };
	ck_assert_int_ge(fd.fd, 0);
	ck_assert_int_eq(bus_producer_fd(p), fd.fd);
	for (size_t i = 0; i < 50; i++) {
		while (reports.n <= i) {
			ck_assert_int_eq(poll(&fd, 1, SOON_MS), 1);
			bus_producer_poll(p, 0);
		}
		ck_assert_int_eq(send_one(p, "key", i + 1), 0);
	}
	wait_reports(p, 51);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

START_TEST(the_fd_rests_when_nothing_waits)
{
	struct bus_producer *p = open_producer(1000, 0);
	struct pollfd fd = { .fd = bus_producer_fd(p), .events = POLLIN };
	int quiet = 0;

	for (int i = 0; i < 100 && !quiet; i++) {
		bus_producer_poll(p, 0);
		quiet = poll(&fd, 1, 10) == 0;
	}
	ck_assert(quiet);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

/* murmur2 of Java's client, from librdkafka's own test. */
START_TEST(keys_go_where_the_java_client_sends_them)
{
	static const struct {
		const char *key;
		uint32_t hash;
	} rows[] = {
		{ "kafka", 0xd067cf64 },
		{ "giberish123456789", 0x8f552b0c },
		{ "1234", 0x9fc97b14 },
		{ "234", 0xe7c009ca },
		{ "34", 0x873930da },
		{ "4", 0x5a4b5ca1 },
	};
	struct bus_reader *r;
	struct bus_record record;

	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 0, SOON_MS), 0);
	cluster_fill(cluster, rows[_i].key, 1);
	int result;
	do
		result = bus_reader_poll(r, SOON_MS, &record);
	while (result == BUS_E_RETRY);
	ck_assert_int_eq(result, 0);
	ck_assert_int_eq(record.partition, (int32_t)((rows[_i].hash & 0x7fffffff) % 12));
	bus_record_free(&record);
	bus_reader_close(r);
}
END_TEST

START_TEST(the_order_of_a_key_is_kept)
{
	enum { KEYS = 7 };
	struct bus_producer *p = cluster_producer(cluster);
	struct bus_reader *r;
	struct bus_record record;
	long next[KEYS] = { 0 };
	char key[8], value[16];

	rd_kafka_mock_push_request_errors(
		cluster->mock, API_PRODUCE, 2, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	for (int i = 0; i < KEYS * 50; i++) {
		snprintf(key, sizeof(key), "k%d", i % KEYS);
		snprintf(value, sizeof(value), "%d", i / KEYS);
		ck_assert_int_eq(bus_send(p, "t", key, 2, value, strlen(value), NULL, NULL), 0);
	}
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", BUS_START_OLDEST, SOON_MS), 0);
	for (int n = 0; n < KEYS * 50;) {
		int result = bus_reader_poll(r, SOON_MS, &record);
		if (result == BUS_E_RETRY)
			continue;
		ck_assert_int_eq(result, 0);
		int k = ((const char *)record.key)[1] - '0';
		ck_assert_int_eq(record_number(&record), next[k]++);
		bus_record_free(&record);
		n++;
	}
	bus_reader_close(r);
}
END_TEST

START_TEST(headers_travel_with_the_record)
{
	const struct bus_header headers[] = { { "error", "bad", 3 }, { "offset", "12", 2 }, { 0 } };
	struct bus_producer *p = open_producer(100, 0);
	struct bus_reader *r;
	struct bus_record record;
	rd_kafka_headers_t *list;
	const void *value;
	size_t len;

	ck_assert_int_eq(bus_send(p, "t", "key", 3, "value", 5, headers, (void *)5), 0);
	wait_reports(p, 1);
	ck_assert_int_eq(reports.list[0].r, 0);
	ck_assert_uint_eq(reports.list[0].opaque, 5);
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);

	ck_assert_int_eq(bus_reader_open(&r, &cluster->config, "t", 1, SOON_MS), 0);
	ck_assert_int_eq(bus_reader_poll(r, SOON_MS, &record), 0);
	ck_assert_int_eq(rd_kafka_message_headers(record.impl, &list), 0);
	ck_assert_int_eq(rd_kafka_header_get_last(list, "error", &value, &len), 0);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(value, "bad", 3);
	ck_assert_int_eq(rd_kafka_header_get_last(list, "offset", &value, &len), 0);
	ck_assert_mem_eq(value, "12", 2);
	bus_record_free(&record);
	bus_reader_close(r);
}
END_TEST

START_TEST(a_record_beyond_the_limit_is_refused)
{
	static const char large[2 << 20];
	const struct bus_header headers[] = { { "h", "v", 1 }, { 0 } };
	struct bus_producer *p = open_producer(100, 0);

	ck_assert_int_eq(bus_send(p, "t", NULL, 0, large, sizeof(large), NULL, NULL), BUS_E_TOO_LARGE);
	ck_assert_int_eq(bus_send(p, "t", NULL, 0, large, sizeof(large), headers, NULL), BUS_E_TOO_LARGE);
	ck_assert_uint_eq(bus_producer_pending(p), 0);
	ck_assert_uint_eq(bus_producer_close(p, 0), 0);
}
END_TEST

START_TEST(a_wrong_setting_is_refused)
{
	struct bus_producer *p = NULL;
	struct bus_producer_options o = { .linger_ms = 1, .queue_max = 10 };

	ck_assert_int_eq(
		bus_producer_open(&p, &(struct bus_config){ .brokers = "x:1", .security = "none" }, &o), -EINVAL);
	o.queue_max = -1;
	ck_assert_int_eq(bus_producer_open(&p, &cluster->config, &o), -EINVAL);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(bus_producer_close(NULL, 0), 0);
}
END_TEST

START_TEST(a_lost_cluster_shows_and_so_does_its_return)
{
	struct bus_producer *p = open_producer(100, 0);
	int64_t deadline_ms = clock_mono_ms() + SOON_MS;

	ck_assert_int_eq(send_one(p, "key", 0), 0);
	wait_reports(p, 1);
	ck_assert(bus_producer_up(p));
	broker_down();
	while (bus_producer_up(p) && clock_mono_ms() < deadline_ms)
		bus_producer_poll(p, 50);
	ck_assert(!bus_producer_up(p));
	ck_assert_msg(strstr(bus_last_error(), "127.0.0.1:"), "said: %s", bus_last_error());
	broker_up();
	while (!bus_producer_up(p) && clock_mono_ms() < deadline_ms)
		bus_producer_poll(p, 50);
	ck_assert(bus_producer_up(p));
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

/* As machines that are stopped, or a network that swallows packets: connections stay, answers do not come. */
START_TEST(a_silent_cluster_shows_and_so_does_its_voice)
{
	struct bus_producer *p = open_producer(100, 0);
	int64_t deadline_ms = clock_mono_ms() + 2 * SOON_MS;

	ck_assert_int_eq(send_one(p, "key", 0), 0);
	wait_reports(p, 1);
	ck_assert_int_eq(rd_kafka_mock_broker_set_rtt(cluster->mock, 1, 12000), 0);
	ck_assert_int_eq(send_one(p, "key", 1), 0);
	while (bus_producer_up(p) && clock_mono_ms() < deadline_ms)
		bus_producer_poll(p, 50);
	ck_assert(!bus_producer_up(p));
	ck_assert_str_eq(bus_last_error(), "connected, but no answer comes");
	ck_assert_int_eq(rd_kafka_mock_broker_set_rtt(cluster->mock, 1, 0), 0);
	while (!bus_producer_up(p) && clock_mono_ms() < deadline_ms)
		bus_producer_poll(p, 50);
	ck_assert(bus_producer_up(p));
	ck_assert_uint_eq(bus_producer_close(p, SOON_MS), 0);
}
END_TEST

/* A port of 127.0.0.1 where calls are not even refused: its queue is full, and nobody takes them off. */
static uint16_t deaf_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	for (int i = 0; i < 4; i++) {
		int caller = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ck_assert(connect(caller, (struct sockaddr *)&at, len) == 0 || errno == EINPROGRESS);
	}
	return ntohs(at.sin_port);
}

/* As one of a broker that was moved: the name is looked up again only after the call has been given up. */
START_TEST(an_address_where_nobody_answers_is_given_up)
{
	char brokers[32];
	struct bus_producer *p;
	struct bus_producer_options o = { .queue_max = 10 };
	int64_t deadline_ms = clock_mono_ms() + 2 * SOON_MS;
	bool given_up = false;

	snprintf(brokers, sizeof(brokers), "127.0.0.1:%u", (unsigned)deaf_port());
	ck_assert_int_eq(bus_producer_open(&p, &(struct bus_config){ .brokers = brokers }, &o), 0);
	while (!given_up && clock_mono_ms() < deadline_ms) {
		bus_producer_poll(p, 50);
		given_up = !bus_producer_up(p) && strstr(bus_last_error(), "setup timed out");
	}
	ck_assert_msg(given_up, "said: %s", bus_last_error());
	ck_assert_uint_eq(bus_producer_close(p, 0), 0);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct bus_producer *p = NULL;
	struct bus_producer_options o = { .queue_max = 10 };

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = bus_producer_open(&p, &cluster->config, &o);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
	}
	ck_assert_uint_eq(bus_producer_close(p, 0), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus producer");
	TCase *t = tcase_create("producer");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_record_is_reported_once);
	tcase_add_test(t, poll_counts_what_it_served);
	tcase_add_test(t, a_full_queue_is_told_and_recovers);
	tcase_add_test(t, what_is_not_delivered_in_time_is_reported_lost);
	tcase_add_loop_test(t, what_the_broker_refuses_is_reported, 0, 2);
	tcase_add_test(t, transient_faults_are_tried_again_and_stored_once);
	tcase_add_test(t, closing_reports_what_is_lost);
	tcase_add_test(t, closing_waits_for_what_is_queued);
	tcase_add_test(t, the_fd_tells_of_every_report);
	tcase_add_test(t, the_fd_rests_when_nothing_waits);
	tcase_add_loop_test(t, keys_go_where_the_java_client_sends_them, 0, 6);
	tcase_add_test(t, the_order_of_a_key_is_kept);
	tcase_add_test(t, headers_travel_with_the_record);
	tcase_add_test(t, a_record_beyond_the_limit_is_refused);
	tcase_add_test(t, a_wrong_setting_is_refused);
	tcase_add_test(t, a_lost_cluster_shows_and_so_does_its_return);
	tcase_add_test(t, a_silent_cluster_shows_and_so_does_its_voice);
	tcase_add_test(t, an_address_where_nobody_answers_is_given_up);
	tcase_add_test(t, no_memory_is_reported);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
