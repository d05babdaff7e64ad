/* Source: ingest/gateway/lane.c, connection.c, intake.c, stats.c. Real sockets. */
#include "base/clock.h"
#include "tests/ingest/gateway/around.h"
#include "tests/ingest/gateway/trackers.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OSMAND, TELTONIKA, WATCH, PORTS };

#define CAT "id=cat&secret=" SECRET "&lat=50.1703&lon=-5.113851&timestamp=1767323045"

extern const struct protocol protocol_osmand, protocol_teltonika, protocol_watch;

static void setup(void)
{
	around_open((const struct protocol *const[]){ &protocol_osmand, &protocol_teltonika, &protocol_watch, NULL });
}

/* ---- trackers ---- */

/* A login, accepted. */
static int log_in(const char *imei)
{
	int fd = dial(TELTONIKA);
	char login[17] = "\0\017", accepted = 0;

	memcpy(login + 2, imei, 15);
	say(fd, login, sizeof login);
	ck_assert_uint_eq(hear(fd, &accepted, 1), 1);
	ck_assert_int_eq(accepted, 1);
	return fd;
}

static size_t packet(uint8_t *out, uint8_t records)
{
	static const uint8_t record[] = { 0, 0, 1, 0x97, 0x0B, 0x2E, 0xC8, 0, 0, 0xF5, 0xC9, 0xF0, 0x72, 0x1D, 0xE6,
		0x4E, 0xF0, 0, 0x0F, 0, 0x5A, 9, 0, 0x12, 0, 0, 0, 0, 0, 0 };
	uint8_t *at = out + 8;
	uint16_t crc = 0;

	*at++ = 8;
	*at++ = records;
	for (int i = 0; i < records; i++, at += sizeof record) {
		memcpy(at, record, sizeof record);
		at[6] = (uint8_t)i; /* a time of its own */
	}
	*at++ = records;
	for (const uint8_t *p = out + 8; p < at; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
	}
	memset(out, 0, 8);
	out[6] = (uint8_t)((at - out - 8) >> 8);
	out[7] = (uint8_t)(at - out - 8);
	*at++ = 0;
	*at++ = 0;
	*at++ = (uint8_t)(crc >> 8);
	*at++ = (uint8_t)crc;
	return (size_t)(at - out);
}

static void expect_count(int fd, unsigned n)
{
	uint8_t count[4];

	ck_assert_uint_eq(hear(fd, count, 4), 4);
	ck_assert_uint_eq((unsigned)count[2] << 8 | count[3], n);
}

/* ---- accepted ---- */

START_TEST(an_osmand_position)
{
	around_start();
	ck_assert_int_eq(get(GET(CAT "&speed=10")), 200);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 1);
	ck_assert_mem_eq(s.last.device.b, "cat", 4);
	ck_assert_int_eq(s.last.lat_e7, 501703000);
	ck_assert_int_eq(s.last.lon_e7, -51138510);
	ck_assert_int_eq(s.last.time_ms, 1767323045000);
	ck_assert(s.last.received_ms > 1767323045000);
	ck_assert_float_eq_tol(s.last.speed_mps, 5.144444f, 1e-5f);
	ck_assert_double_eq(series_value(around.ports[OSMAND].stats.positions), 1);
	ck_assert_double_eq(series_value(around.ports[OSMAND].stats.frames), 1);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(an_answer_waits_for_kafka)
{
	around_start();
	ck_assert_int_eq(get(GET(CAT)), 200);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 400);
	int64_t began_ms = clock_mono_ms();
	ck_assert_int_eq(get(GET(CAT)), 200);
	ck_assert_int_ge(clock_mono_ms() - began_ms, 400);
	around_stop();
}
END_TEST

START_TEST(a_teltonika_session)
{
	uint8_t bytes[1024];
	size_t n = packet(bytes, 3);

	around_start();
	int fd = log_in("356307042441013");
	for (size_t i = 0; i < n; i++)
		say(fd, bytes + i, 1);
	expect_count(fd, 3);
	for (int i = 0; i < 2; i++) /* two in one burst */
		memcpy(bytes + (size_t)i * n, bytes, n);
	say(fd, bytes, 2 * n);
	expect_count(fd, 3);
	expect_count(fd, 3);
	say(fd, "\xFF\xFF", 2);
	say(fd, bytes, packet(bytes, 0));
	expect_count(fd, 0);
	close(fd);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 9);
	ck_assert_mem_eq(s.last.device.b, "356307042441013", 16);
	ck_assert_str_eq(s.last.protocol, "teltonika");
	around_stop();
}
END_TEST

START_TEST(one_connection_many_devices_in_order)
{
	static const char burst[] = GET(CAT) GET("id=cat&secret=guess") GET("id=dog&secret=" SECRET "&lat=1&lon=2")
		GET("id=ferret&secret=" SECRET) GET("lat=1&lon=2") GET(CAT);
	static const int expected[] = { 200, 401, 200, 400, 400, 200 };

	around_start();
	int fd = dial(OSMAND);
	say_text(fd, burst);
	shutdown(fd, SHUT_WR); /* all are answered all the same */
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		ck_assert_int_eq(status(fd), expected[i]);
	expect_end(fd);
	ck_assert_uint_eq(around_stored().n, 3);
	around_stop();
}
END_TEST

START_TEST(go_on_is_said_once)
{
	static const char head[] = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 27\r\n\r\n";
	char hint[25];

	around_start();
	int fd = dial(OSMAND);
	say_text(fd, head);
	ck_assert_uint_eq(hear(fd, hint, 25), 25);
	ck_assert_mem_eq(hint, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	say_text(fd, "id=cat&lat=1&");
	say_text(fd, "secret=" SECRET "x");
	ck_assert_int_eq(status(fd), 400); /* lat without lon */
	close(fd);
	around_stop();
}
END_TEST

START_TEST(times_the_gateway_sets)
{
	char query[256];
	int64_t now_ms = clock_real_ms();

	around_start();
	ck_assert_int_eq(get(GET("id=cat&secret=" SECRET "&lat=1&lon=2")), 200);
	ck_assert_int_eq(around_stored().last.time_ms, around_stored().last.received_ms);
	ck_assert_double_eq(series_value(around.ports[OSMAND].stats.times[DEVICE_CLOCK_NONE]), 1);

	snprintf(query, sizeof query, GET("id=dog&secret=" SECRET "&lat=1&lon=2&timestamp=%lld"),
		(long long)now_ms + FUTURE_MS - 5000);
	ck_assert_int_eq(get(query), 200);
	ck_assert_double_eq(series_value(around.ports[OSMAND].stats.times[DEVICE_CLOCK_AHEAD]), 0);
	around_stop();
}
END_TEST

/* Device and time are what a position is known by: those without a date must not pass for each other. */
START_TEST(several_without_a_date_in_one_frame)
{
	static const char place[] = "{\"coords\":{\"latitude\":1,\"longitude\":2}}";
	char body[512], request[1024];

	snprintf(body, sizeof body, "{\"location\":[%s,%s,%s],\"device_id\":\"cat:" SECRET "\"}", place, place, place);
	snprintf(request, sizeof request,
		"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	around_start();
	ck_assert_int_eq(get(request), 200);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 3);
	ck_assert_int_eq(s.last.time_ms, s.last.received_ms);
	ck_assert_int_eq(s.first_ms, s.last.time_ms - 2);
	around_stop();
}
END_TEST

START_TEST(a_time_from_the_future)
{
	around_start();
	ck_assert_int_eq(get(GET("id=cat&secret=" SECRET "&lat=1&lon=2&hdop=1&timestamp=2099-01-02T03:04:05Z")), 200);
	struct stored s = around_stored();
	ck_assert_int_eq(s.last.time_ms, s.last.received_ms);
	ck_assert_str_eq(s.attributes, "hdop deviceTime ");
	ck_assert_str_eq(s.texts, "2099-01-02T03:04:05.000Z ");
	ck_assert_double_eq(series_value(around.ports[OSMAND].stats.times[DEVICE_CLOCK_AHEAD]), 1);
	around_stop();
}
END_TEST

/* ---- refused ---- */

START_TEST(who_is_refused)
{
	around_start();
	ck_assert_int_eq(get(GET("id=ferret&secret=" SECRET "&lat=1&lon=2")), 400);
	ck_assert_int_eq(get(GET("id=cat&secret=guess&lat=1&lon=2")), 401);
	ck_assert_int_eq(get(GET("id=cat&lat=1&lon=2")), 401);
	ck_assert_int_eq(get(GET("id=%24ne&secret=x&lat=1&lon=2")), 400);
	ck_assert_int_eq(get(GET("id=cat&secret=" SECRET "&lat=99&lon=2")), 400);
	ck_assert_double_eq(around_refused(OSMAND, REASON_UNKNOWN_DEVICE), 2);
	ck_assert_double_eq(around_refused(OSMAND, REASON_WRONG_SECRET), 2);
	ck_assert_double_eq(around_refused(OSMAND, REASON_BAD_VALUE), 1);

	int fd = dial(TELTONIKA);
	char accepted = 1;
	uint8_t bytes[256];
	say(fd, bytes, packet(bytes, 1)); /* no login */
	expect_count(fd, 0);
	expect_end(fd);
	ck_assert_double_eq(around_refused(TELTONIKA, REASON_NO_DEVICE), 1);
	fd = log_in("356307042441013");
	size_t n = packet(bytes, 1);
	bytes[n - 1] ^= 1;
	say(fd, bytes, n);
	expect_count(fd, 0);
	expect_end(fd);
	(void)accepted;
	ck_assert_uint_eq(around_stored().n, 0);
	around_stop();
}
END_TEST

START_TEST(a_stranger_among_those_who_share_a_connection)
{
	static const char known[] = "[3G*356307042441013*0002*LK]", stranger[] = "[3G*995307042441014*0002*LK]";
	char answer[sizeof known];

	around_start();
	int fd = dial(WATCH);
	say_text(fd, known);
	say_text(fd, stranger);
	say_text(fd, known);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(hear(fd, answer, sizeof known - 1), sizeof known - 1);
		ck_assert_mem_eq(answer, known, sizeof known - 1);
	}
	ck_assert_double_eq(around_refused(WATCH, REASON_UNKNOWN_DEVICE), 1);
	close(fd);
	fd = dial(WATCH); /* alone */
	say_text(fd, stranger);
	expect_end(fd);
	around_stop();
}
END_TEST

START_TEST(garbage)
{
	static const char *const openings[] = { "\x16\x03\x01\x02\x00", "SSH-2.0-x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
		"\xFF\xFE\xFD" };
	char c[512];

	around_start();
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
		for (int port = 0; port < PORTS; port++) {
			int fd = dial(port);
			say_text(fd, openings[i]);
			hear(fd, c, sizeof c); /* an error, in HTTP, and the end */
			expect_end(fd);
		}
	ck_assert_double_eq(around_refused(OSMAND, REASON_BAD_FRAME), 2 + 1);
	ck_assert_double_eq(around_refused(OSMAND, REASON_UNSUPPORTED), 1);
	ck_assert_int_eq(get(GET(CAT)), 200);
	around_stop();
}
END_TEST

START_TEST(more_connections_than_allowed)
{
	around.options.connections_max = 2;
	around_start();
	int a = dial(OSMAND), b = log_in("356307042441013"), c = dial(TELTONIKA);
	expect_end(c);
	say_text(a, GET(CAT));
	ck_assert_int_eq(status(a), 200);
	close(a);
	close(b);
	around_stop();
}
END_TEST

/* ---- when others are away ---- */

START_TEST(while_auth_is_away_the_known_are_served)
{
	around_start();
	ck_assert_int_eq(get(GET(CAT)), 200);
	around.auth_away = true;
	ck_assert_int_eq(get(GET(CAT)), 200);
	ck_assert_int_eq(get(GET("id=dog&secret=" SECRET)), 503);
	ck_assert_double_eq(around_refused(OSMAND, REASON_UNAVAILABLE), 1);
	int fd = dial(TELTONIKA);
	say(fd, "\0\017356307042441013", 17);
	expect_end(fd); /* neither yes nor no */
	around.auth_away = false;
	nanosleep(&(struct timespec){ .tv_nsec = 60000000 }, NULL);
	ck_assert_int_eq(get(GET("id=dog&secret=" SECRET)), 200);
	around_stop();
}
END_TEST

START_TEST(without_kafka_nothing_is_acknowledged)
{
	uint8_t bytes[256];

	around_start();
	int tracker = log_in("356307042441013"), app = dial(OSMAND);
	rd_kafka_mock_broker_set_down(around.cluster->mock, BROKER);
	say(tracker, bytes, packet(bytes, 2));
	say_text(app, GET(CAT));
	expect_end(tracker); /* not a byte */
	ck_assert_int_eq(status(app), 503);
	ck_assert_double_eq(
		around_refused(OSMAND, REASON_UNAVAILABLE) + around_refused(TELTONIKA, REASON_UNAVAILABLE), 2);

	rd_kafka_mock_broker_set_up(around.cluster->mock, BROKER);
	for (int i = 0; i < 20 && status(app) != 200; i++) /* the same connection goes on */
		say_text(app, GET(CAT));
	close(app);
	ck_assert_uint_ge(around_stored().n, 1);
	around_stop();
}
END_TEST

START_TEST(before_the_topics_are_there_nothing_is_taken)
{
	around.options.topics_there = false;
	around_start();
	ck_assert_int_eq(get(GET(CAT)), 503);
	around.options.topics_there = true;
	ck_assert_int_eq(get(GET(CAT)), 200);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
}
END_TEST

START_TEST(a_full_queue_holds_back_and_loses_nothing)
{
	enum { TRACKERS = 20, RECORDS = 30 };
	uint8_t bytes[8192];
	int fd[TRACKERS];
	size_t n = packet(bytes, RECORDS);

	around.options.queue_max = 50; /* a frame and a half */
	around.options.delivery_timeout_ms = 30000;
	around_start();
	for (int i = 0; i < TRACKERS; i++)
		fd[i] = log_in("356307042441013");
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 50);
	for (int i = 0; i < TRACKERS; i++)
		say(fd[i], bytes, n);
	for (int i = 0; i < TRACKERS; i++) {
		expect_count(fd[i], RECORDS);
		close(fd[i]);
	}
	ck_assert_uint_eq(around_stored().n, TRACKERS * RECORDS);
	around_stop();
}
END_TEST

START_TEST(trackers_that_leave_before_their_answer)
{
	uint8_t bytes[4096];
	size_t n = packet(bytes, 30);

	around.options.queue_max = 50;
	around_start();
	int away[3];
	for (int i = 0; i < 3; i++)
		away[i] = log_in("356307042441013");
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 200);
	for (int i = 0; i < 3; i++) { /* in flight, and stalled */
		say(away[i], bytes, n);
		close(away[i]);
	}
	ck_assert_int_eq(get(GET(CAT)), 200);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

/* ---- the end ---- */

static void *drain_soon(void *arg)
{
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	lane_drain(around.lane);
	return arg;
}

START_TEST(the_end_answers_what_is_in_flight)
{
	pthread_t t;

	around_start();
	ck_assert_int_eq(get(GET(CAT)), 200);
	int idle = log_in("356307042441013"), busy = dial(OSMAND), half = dial(OSMAND);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 500);
	say_text(half, "GET /?id=c");
	say_text(busy, GET(CAT) GET(CAT));
	pthread_create(&t, NULL, drain_soon, NULL);
	expect_end(idle);
	expect_end(half);
	ck_assert_int_eq(status(busy), 200);
	expect_end(busy); /* the second was not begun */
	pthread_join(t, NULL);
	ck_assert_uint_eq(around_end(), 0);
}
END_TEST

START_TEST(the_end_does_not_wait_for_ever)
{
	around.options.drain_ms = 300;
	around.options.delivery_timeout_ms = 60000;
	around_start();
	int fd = dial(OSMAND);
	rd_kafka_mock_broker_set_down(around.cluster->mock, BROKER);
	say_text(fd, GET(CAT));
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	int64_t began_ms = clock_mono_ms();
	ck_assert_uint_eq(around_stop(), 1);
	ck_assert_int_lt(clock_mono_ms() - began_ms, 9000);
	ck_assert_int_eq(status(fd), 503); /* it is told, and it is not in Kafka */
	expect_end(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lane");
	TCase *t = tcase_create("lane");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, around_close);
	tcase_add_test(t, an_osmand_position);
	tcase_add_test(t, an_answer_waits_for_kafka);
	tcase_add_test(t, a_teltonika_session);
	tcase_add_test(t, one_connection_many_devices_in_order);
	tcase_add_test(t, go_on_is_said_once);
	tcase_add_test(t, times_the_gateway_sets);
	tcase_add_test(t, several_without_a_date_in_one_frame);
	tcase_add_test(t, a_time_from_the_future);
	tcase_add_test(t, who_is_refused);
	tcase_add_test(t, a_stranger_among_those_who_share_a_connection);
	tcase_add_test(t, garbage);
	tcase_add_test(t, more_connections_than_allowed);
	tcase_add_test(t, while_auth_is_away_the_known_are_served);
	tcase_add_test(t, without_kafka_nothing_is_acknowledged);
	tcase_add_test(t, before_the_topics_are_there_nothing_is_taken);
	tcase_add_test(t, a_full_queue_holds_back_and_loses_nothing);
	tcase_add_test(t, trackers_that_leave_before_their_answer);
	tcase_add_test(t, the_end_answers_what_is_in_flight);
	tcase_add_test(t, the_end_does_not_wait_for_ever);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
