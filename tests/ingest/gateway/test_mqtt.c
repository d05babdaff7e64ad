/*
 * Source: ingest/gateway/mqtt.c, mqtt_line.c. The test is the broker, over a real socket; Kafka and auth as in around.h. What a real broker
 * does, and TLS, is tested in tests/system/test_mqtt.py.
 */
#include "base/text.h"
#include "ingest/gateway/mqtt.h"
#include "ingest/gateway/mqtt_packet.h"
#include "ingest/protocols/owntracks_mqtt.h"
#include "service/dependency.h"
#include "tests/ingest/gateway/around.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW = 3, TOPIC_MAX = 64, QUIET_MS = 150 };

#define HERE "{\"_type\":\"location\",\"lat\":50.1703,\"lon\":-5.1138,\"tst\":1779688904}"

/* ---- the broker ---- */

static struct mqtt_options broker = {
	.broker = { .host = "127.0.0.1" },
	.client_id = "gw",
	.topic = "owntracks/#",
	.keep_alive_ms = 60000,
	.window = WINDOW,
};
static int listener;

static void set_patience(int fd, int64_t ms)
{
	const struct timeval patience = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
}

static void broker_open(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t n = sizeof at;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	if (port == 0) /* else the gateway knows it, and may be reading it */
		broker.broker.port = ntohs(at.sin_port);
	set_patience(listener, 20000);
}

static int broker_accept(void)
{
	int fd = accept(listener, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	set_patience(fd, 20000);
	return fd;
}

static void say(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Whether exactly @n bytes came. */
static bool hear(int fd, void *out, size_t n)
{
	size_t got = 0;

	for (ssize_t r; got < n && (r = recv(fd, (char *)out + got, n - got, 0)) > 0; got += (size_t)r)
		;
	return got == n;
}

/* The next bytes are those of @hex. */
static void expect(int fd, const char *hex)
{
	uint8_t heard[256];
	char text[2 * sizeof heard + 1];
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, sizeof heard);
	ck_assert_msg(hear(fd, heard, n), "%s did not come", hex);
	text_hex(text, heard, n);
	ck_assert_str_eq(text, hex);
}

static void expect_puback(int fd, unsigned id)
{
	char hex[16];

	snprintf(hex, sizeof hex, "4002%04x", id);
	expect(fd, hex);
}

static void expect_end(int fd)
{
	char c;

	ck_assert(!hear(fd, &c, 1));
	close(fd);
}

/* Nothing comes, for as long as it would take. */
static void expect_nothing(int fd)
{
	char c;

	set_patience(fd, QUIET_MS);
	ck_assert(!hear(fd, &c, 1));
	set_patience(fd, 20000);
}

#define CONNECT(keep_alive) "100e00044d5154540400" keep_alive "00026777"
#define SUBSCRIBE "82100001000b6f776e747261636b732f2301"

static const char *hello = CONNECT("003c");

/* The gateway connects and subscribes. */
static int let_in(void)
{
	int fd = broker_accept();

	expect(fd, hello);
	say(fd, "\x20\x02\0\0", 4);
	expect(fd, SUBSCRIBE);
	say(fd, "\x90\x03\0\x01\x01", 5);
	return fd;
}

/* @id 0: QoS 0 */
static void publish_as(int fd, bool retained, unsigned id, const char *topic, const char *payload)
{
	uint8_t out[1024], *at = out;
	size_t topic_n = strlen(topic), n = 2 + topic_n + (id ? 2 : 0) + strlen(payload);

	*at++ = (uint8_t)((id ? 0x32 : 0x30) | retained);
	*at++ = (uint8_t)(n | 0x80);
	*at++ = (uint8_t)(n >> 7);
	*at++ = (uint8_t)(topic_n >> 8);
	*at++ = (uint8_t)topic_n;
	at = (uint8_t *)stpcpy((char *)at, topic);
	if (id) {
		*at++ = (uint8_t)(id >> 8);
		*at++ = (uint8_t)id;
	}
	at = (uint8_t *)stpcpy((char *)at, payload);
	say(fd, out, (size_t)(at - out));
}

static void publish(int fd, unsigned id, const char *topic, const char *payload)
{
	publish_as(fd, false, id, topic, payload);
}

static double refused(enum protocol_reason why)
{
	return series_value(stats_of(&protocol_owntracks_mqtt).refused[why]);
}

static void setup(void)
{
	static const struct protocol *const none[] = { NULL };

	signal(SIGPIPE, SIG_IGN); /* as service_start() does */
	broker_open(0);
	around_open(none);
	around.broker = &broker;
}

static void teardown(void)
{
	around_close();
	close(listener);
}

/* ---- messages ---- */

START_TEST(a_message_is_stored_and_acknowledged)
{
	around_start();
	int fd = let_in();
	publish(fd, 7, "owntracks/jane/cat", HERE);
	expect_puback(fd, 7);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 1);
	ck_assert_mem_eq(s.last.device.b, "cat", 4);
	ck_assert_str_eq(s.last.protocol, "owntracks-mqtt");
	ck_assert_int_eq(s.last.time_ms, 1779688904000);
	ck_assert_int_eq(s.last.lat_e7, 501703000);
	ck_assert_uint_eq(around_stop(), 0);
	expect(fd, "e000");
	expect_end(fd);
}
END_TEST

START_TEST(not_before_kafka_has_it)
{
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 1000);
	publish(fd, 2, "owntracks/jane/cat", HERE);
	expect_nothing(fd);
	expect_puback(fd, 2);
	around_stop();
	close(fd);
}
END_TEST

/* What is done with at once waits for what came before it. */
START_TEST(acknowledgements_keep_their_order)
{
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	publish(fd, 2, "owntracks/jane/cat", "");
	publish(fd, 3, "owntracks/jane/ferret", HERE);
	publish(fd, 4, "owntracks/jane/dog/event", HERE);
	publish(fd, 5, "owntracks/jane/cat", "{\"_type\":\"lwt\",\"tst\":1779688904}");
	for (unsigned id = 1; id <= 5; id++)
		expect_puback(fd, id);
	ck_assert_uint_eq(around_stored().n, 2);
	around_stop();
	close(fd);
}
END_TEST

static const struct {
	const char *topic, *payload;
	enum protocol_reason why;
} refusals[] = {
	{ "owntracks/jane/ferret", HERE, REASON_UNKNOWN_DEVICE },
	{ "owntracks/jane/ferret", "{\"_type\":\"lwt\"}", REASON_UNKNOWN_DEVICE },
	{ "owntracks/jane/no such", HERE, REASON_UNKNOWN_DEVICE },
	{ "owntracks/jane/0123456789012345678901234567890123456789012345678901234567890123x", HERE,
		REASON_UNKNOWN_DEVICE },
	{ "owntracks/jane", HERE, REASON_NO_DEVICE },
	{ "owntracks//cat", HERE, REASON_NO_DEVICE },
	{ "owntracks/jane/cat", "nothing", REASON_BAD_FRAME },
	{ "owntracks/jane/cat", "{\"_type\":\"location\",\"lat\":91,\"lon\":0,\"tst\":1}", REASON_BAD_VALUE },
};

START_TEST(what_is_refused_for_good_is_acknowledged)
{
	around_start();
	int fd = let_in();
	publish(fd, 1, refusals[_i].topic, refusals[_i].payload);
	expect_puback(fd, 1);
	ck_assert_double_eq(refused(refusals[_i].why), 1);
	publish(fd, 2, "owntracks/jane/cat", HERE);
	expect_puback(fd, 2);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(one_of_qos_0_is_stored)
{
	around_start();
	int fd = let_in();
	publish(fd, 0, "owntracks/jane/cat", HERE);
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	ck_assert_uint_eq(around_stored().n, 2);
	around_stop();
	close(fd);
}
END_TEST

/* Two reports without a time are two contacts: none passes for the other. */
START_TEST(messages_without_a_time_get_times_of_their_own)
{
	static const char waypoint[] = "{\"_type\":\"waypoint\"}";

	around_start();
	int fd = let_in();
	for (unsigned id = 1; id <= 9; id++)
		publish(fd, id, "owntracks/jane/cat", waypoint);
	for (unsigned id = 1; id <= 9; id++)
		expect_puback(fd, id);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 9);
	ck_assert_uint_eq(s.not_later, 0);
	around_stop();
	close(fd);
}
END_TEST

/* The broker sends it on every visit: it is not a new contact each time. */
START_TEST(what_was_retained_without_a_time_is_not_stored)
{
	around_start();
	int fd = let_in();
	publish_as(fd, true, 1, "owntracks/jane/cat", "{\"_type\":\"waypoint\"}");
	publish_as(fd, true, 2, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	expect_puback(fd, 2);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 1);
	ck_assert_int_eq(s.last.time_ms, 1779688904000);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(a_message_beyond_all_bounds_is_refused)
{
	static const uint8_t head[] = "\x32\x80\x80\x40\0\x12owntracks/jane/cat\0\x01";
	static char payload[(1 << 20) - 22];

	around_start();
	int fd = let_in();
	say(fd, head, sizeof head - 1);
	expect_puback(fd, 1);
	ck_assert_double_eq(refused(REASON_TOO_LARGE), 1);
	say(fd, payload, sizeof payload);
	publish(fd, 2, "owntracks/jane/cat", HERE);
	expect_puback(fd, 2);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(more_than_the_window_waits)
{
	around_start();
	int fd = let_in();
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 20);
	for (unsigned id = 1; id <= 10 * WINDOW; id++)
		publish(fd, id, id % 2 ? "owntracks/jane/cat" : "owntracks/jane/dog", HERE);
	for (unsigned id = 1; id <= 10 * WINDOW; id++)
		expect_puback(fd, id);
	ck_assert_uint_eq(around_stored().n, 10 * WINDOW);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
	static const uint8_t message[] = "\x32\x2A\0\x12owntracks/jane/cat\0\x01{\"_type\":\"waypoint\"}\xD0\0";

	around_start();
	int fd = let_in();
	for (size_t i = 0; i < sizeof message - 1; i++)
		say(fd, message + i, 1);
	expect_puback(fd, 1);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

/* ---- what is away ---- */

START_TEST(while_auth_is_away_nothing_is_acknowledged)
{
	around.auth_away = true;
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_end(fd);
	ck_assert_double_eq(refused(REASON_UNAVAILABLE), 1);
	around.auth_away = false;
	for (;;) { /* it may still remember that auth was away */
		fd = let_in();
		publish(fd, 1, "owntracks/jane/cat", HERE);
		uint8_t first;
		if (hear(fd, &first, 1))
			break;
		close(fd);
	}
	expect(fd, "020001");
	around_stop();
	close(fd);
}
END_TEST

START_TEST(while_kafka_is_away_nothing_is_acknowledged)
{
	around_start();
	int fd = let_in();
	rd_kafka_mock_broker_set_down(around.cluster->mock, BROKER);
	for (unsigned id = 1; id <= WINDOW + 1; id++)
		publish(fd, id, "owntracks/jane/cat", HERE);
	expect_end(fd);
	ck_assert_double_ge(refused(REASON_UNAVAILABLE), 1);
	rd_kafka_mock_broker_set_up(around.cluster->mock, BROKER);
	fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	ck_assert_uint_ge(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(a_topic_that_is_not_there_is_waited_for)
{
	around.options.topics_there = false;
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_end(fd);
	around.options.topics_there = true;
	fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	around_stop();
	close(fd);
}
END_TEST

/* ---- the broker ---- */

static char missing[256]; /* what dependency_missing() says of the broker */

static void note_missing(void *owner, const char *server, const char *why, bool needed)
{
	(void)owner;
	if (!strcmp(server, "mqtt"))
		snprintf(missing, sizeof missing, "%s%s", why, needed ? " (needed)" : "");
}

/* Until /readyz says @why; "": nothing. */
static void wait_missing(const char *why)
{
	for (int i = 0; i < 1000; i++) {
		*missing = '\0';
		dependency_missing(note_missing, NULL);
		if (*why ? strstr(missing, why) != NULL : !*missing)
			return;
		usleep(10000);
	}
	ck_abort_msg("it says: %s", missing);
}

START_TEST(a_connection_that_ends_is_made_again)
{
	around_start();
	int fd = let_in();
	wait_missing("");
	publish(fd, 1, "owntracks/jane/cat", HERE);
	close(fd);
	fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	close(fd);
	wait_missing("closed the connection");
	fd = let_in();
	wait_missing("");
	around_stop();
	close(fd);
}
END_TEST

/* The line is not read then: it is the pings that tell. */
START_TEST(a_connection_may_end_while_a_message_waits)
{
	broker.keep_alive_ms = 1000;
	hello = CONNECT("0001");
	around.auth_slow = true;
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect(fd, "c000");
	close(fd);
	fd = let_in();
	around.auth_slow = false;
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(a_wrong_password_is_said)
{
	broker.username = "u";
	broker.password = "pw";
	around_start();
	int fd = broker_accept();
	expect(fd, "1015"
		   "00044d515454"
		   "04c0"
		   "003c"
		   "00026777"
		   "000175"
		   "00027077");
	say(fd, "\x20\x02\0\x05", 4);
	expect_end(fd);
	wait_missing("not authorized");
	ck_assert_ptr_null(strstr(missing, "needed"));
	fd = broker_accept(); /* it tries again */
	close(fd);
	around_stop();
}
END_TEST

START_TEST(what_is_no_broker_is_left)
{
	around_start();
	int fd = broker_accept();
	say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	expect(fd, hello);
	expect_end(fd);
	wait_missing("not an MQTT broker");
	around_stop();
}
END_TEST

START_TEST(a_broker_that_is_not_there_is_waited_for)
{
	close(listener);
	around_start();
	wait_missing("refused");
	broker_open(broker.broker.port);
	close(let_in());
	around_stop();
}
END_TEST

START_TEST(a_host_without_an_address)
{
	strcpy(broker.broker.host, "no-such-host.invalid");
	around_start();
	wait_missing("no address");
	around_stop();
}
END_TEST

START_TEST(settings_that_cannot_be)
{
	struct lane *lane = NULL;

	broker.password = "pw";
	ck_assert_int_lt(lane_open_broker(&lane, &around.options, &broker), 0);
	broker.password = NULL;
	broker.broker.tls = true;
	broker.ca_file = "/nowhere/ca.pem";
	ck_assert_int_lt(lane_open_broker(&lane, &around.options, &broker), 0);
	ck_assert_ptr_null(lane);
}
END_TEST

START_TEST(the_client_id_is_the_hosts_unless_set)
{
	char host[65] = "", id[128], want[256];
	uint8_t heard[12];

	broker.client_id = NULL;
	around_start();
	int fd = broker_accept();
	ck_assert(hear(fd, heard, sizeof heard));
	gethostname(host, sizeof host - 1);
	int n = snprintf(id, sizeof id, "pettrack-gateway-%s", host);
	snprintf(want, sizeof want, "%04x", (unsigned)n);
	text_hex(want + 4, id, (size_t)n);
	expect(fd, want);
	close(fd);
	around_stop();
}
END_TEST

/* ---- the end ---- */

START_TEST(what_is_under_way_is_acknowledged_at_the_end)
{
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_puback(fd, 1);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 300);
	publish(fd, 2, "owntracks/jane/cat", HERE);
	expect_nothing(fd);
	ck_assert_uint_eq(around_stop(), 0);
	expect_puback(fd, 2);
	expect(fd, "e000");
	expect_end(fd);
}
END_TEST

START_TEST(what_waits_is_not)
{
	around.auth_slow = true;
	around_start();
	int fd = let_in();
	publish(fd, 1, "owntracks/jane/cat", HERE);
	expect_nothing(fd);
	lane_drain(around.lane);
	expect(fd, "e000");
	expect_end(fd);
	ck_assert_uint_eq(around_end(), 0);
	ck_assert_uint_eq(around_stored().n, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mqtt");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_message_is_stored_and_acknowledged);
	tcase_add_test(t, not_before_kafka_has_it);
	tcase_add_test(t, acknowledgements_keep_their_order);
	tcase_add_loop_test(t, what_is_refused_for_good_is_acknowledged, 0, sizeof refusals / sizeof *refusals);
	tcase_add_test(t, one_of_qos_0_is_stored);
	tcase_add_test(t, messages_without_a_time_get_times_of_their_own);
	tcase_add_test(t, what_was_retained_without_a_time_is_not_stored);
	tcase_add_test(t, a_message_beyond_all_bounds_is_refused);
	tcase_add_test(t, more_than_the_window_waits);
	tcase_add_test(t, bytes_may_come_one_by_one);
	tcase_add_test(t, while_auth_is_away_nothing_is_acknowledged);
	tcase_add_test(t, while_kafka_is_away_nothing_is_acknowledged);
	tcase_add_test(t, a_topic_that_is_not_there_is_waited_for);
	tcase_add_test(t, a_connection_that_ends_is_made_again);
	tcase_add_test(t, a_connection_may_end_while_a_message_waits);
	tcase_add_test(t, a_wrong_password_is_said);
	tcase_add_test(t, what_is_no_broker_is_left);
	tcase_add_test(t, a_broker_that_is_not_there_is_waited_for);
	tcase_add_test(t, a_host_without_an_address);
	tcase_add_test(t, settings_that_cannot_be);
	tcase_add_test(t, the_client_id_is_the_hosts_unless_set);
	tcase_add_test(t, what_is_under_way_is_acknowledged_at_the_end);
	tcase_add_test(t, what_waits_is_not);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
