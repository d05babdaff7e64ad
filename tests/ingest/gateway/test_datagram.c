/*
 * Source: ingest/gateway/datagram.c, lane.c, intake.c. Real sockets. That nothing is answered is seen once the refusal, or the drop,
 * has been counted.
 */
#include "base/clock.h"
#include "tests/ingest/gateway/around.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { UDP, LOUD };
enum { HEADER = 23, RECORD = 30, RECORDS_MAX = 200, DATAGRAM_MAX = HEADER + RECORD * RECORDS_MAX + 3 };
enum { DAY_MS = 86400000 };

#define IMEI "356307042441013"
#define OTHER "356307042441014"
#define STRANGER "990000000000001"

static const int64_t at_ms = 1767323045000;

extern const struct protocol protocol_teltonika_udp;

/* Answers more than it was told. */
static int loud_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	(void)session, (void)frame, (void)len, (void)scratch;
	*ret = (struct protocol_result){ 0 };
	return 0;
}

static struct protocol_answer loud_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	(void)session, (void)note, (void)refused, (void)now_ms;
	memset(out, '!', 10);
	return (struct protocol_answer){ .len = 10 };
}

static const struct protocol loud = {
	.name = "loud", .transport = PROTOCOL_UDP, .decode = loud_decode, .answer = loud_answer
};

static void setup(void)
{
	around_open((const struct protocol *const[]){ &protocol_teltonika_udp, &loud, NULL });
}

/* ---- trackers ---- */

static int tracker_at(const char *address, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(around.ports[port].number) };
	const struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(inet_pton(AF_INET, address, &own.sin_addr), 1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static int tracker(void)
{
	return tracker_at("127.0.0.1", UDP);
}

static void say(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, 0), (ssize_t)n);
}

static size_t put(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	return n;
}

/* A datagram of @imei with @number, and @records of codec 8 from @time_ms on, a second apart. Its length. */
static size_t packet(uint8_t *out, const char *imei, int number, int records, int64_t time_ms)
{
	static const uint8_t place[RECORD - 8] = { 0, 0xF5, 0xC9, 0xF0, 0x72, 0x1D, 0xE6, 0x4E, 0xF0, 0, 0x0F, 0, 0x5A,
		9, 0, 0x12 };
	uint8_t *at = out + 2;

	at += put(at, 0xCA00u | (unsigned)number, 2);
	at += put(at, 1, 1);
	at += put(at, (uint64_t)number, 1);
	at += put(at, 15, 2);
	memcpy(at, imei, 15);
	at += 15;
	at += put(at, 8, 1);
	at += put(at, (uint64_t)records, 1);
	for (int i = 0; i < records; i++) {
		at += put(at, (uint64_t)(time_ms + (time_ms ? i * 1000 : 0)), 8);
		memcpy(at, place, sizeof place);
		at += sizeof place;
	}
	at += put(at, (uint64_t)records, 1);
	put(out, (uint64_t)(at - out - 2), 2);
	return (size_t)(at - out);
}

static void report(int fd, const char *imei, int number, int records)
{
	uint8_t bytes[DATAGRAM_MAX];

	say(fd, bytes, packet(bytes, imei, number, records, at_ms));
}

static void expect_answer(int fd, int number, int records)
{
	const uint8_t wanted[] = { 0, 5, 0xCA, (uint8_t)number, 1, (uint8_t)number, (uint8_t)records };
	uint8_t got[64];

	ck_assert_int_eq(recv(fd, got, sizeof got, 0), sizeof wanted);
	ck_assert_mem_eq(got, wanted, sizeof wanted);
}

static void expect_silence(int fd)
{
	uint8_t got[64];

	ck_assert_int_eq(recv(fd, got, sizeof got, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

static void await(struct series *s, double value)
{
	for (int i = 0; i < 1000 && series_value(s) < value; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	ck_assert_double_eq(series_value(s), value);
}

static struct stats *stats(void)
{
	return &around.ports[UDP].stats;
}

/* ---- accepted ---- */

START_TEST(a_datagram_is_stored_and_answered)
{
	uint8_t bytes[DATAGRAM_MAX];
	size_t n = packet(bytes, IMEI, 7, 3, at_ms);

	around_start();
	int fd = tracker();
	say(fd, bytes, n);
	expect_answer(fd, 7, 3);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 3);
	ck_assert_mem_eq(s.last.device.b, IMEI, 16);
	ck_assert_str_eq(s.last.protocol, "teltonika-udp");
	ck_assert_int_eq(s.first_ms, at_ms);
	ck_assert_int_eq(s.last.time_ms, at_ms + 2000);
	await(stats()->frames, 1);
	ck_assert_double_eq(series_value(stats()->positions), 3);
	ck_assert_double_eq(series_value(stats()->bytes_in), (double)n);
	ck_assert_double_eq(series_value(stats()->bytes_out), 7);
	ck_assert_uint_eq(around_stop(), 0);
	close(fd);
}
END_TEST

START_TEST(an_answer_waits_for_kafka)
{
	around_start();
	int fd = tracker();
	report(fd, IMEI, 1, 1);
	expect_answer(fd, 1, 1);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 400);
	int64_t began_ms = clock_mono_ms();
	report(fd, IMEI, 2, 1);
	expect_answer(fd, 2, 1);
	ck_assert_int_ge(clock_mono_ms() - began_ms, 400);
	around_stop();
	close(fd);
}
END_TEST

/* Its answer was lost, or it is slower than the tracker likes: what is sent again is answered again. */
START_TEST(the_same_datagram_again)
{
	around_start();
	int fd = tracker();
	for (int i = 0; i < 3; i++)
		report(fd, IMEI, 9, 2);
	for (int i = 0; i < 3; i++)
		expect_answer(fd, 9, 2);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 6); /* told apart by nobody before the store, which has each once */
	ck_assert_int_eq(s.first_ms, at_ms);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(each_stands_alone)
{
	around_start();
	int a = tracker(), b = tracker();
	report(a, IMEI, 1, 0); /* nothing in it, but from one who is known */
	report(b, OTHER, 2, 1);
	report(a, OTHER, 3, 1); /* another device, from the same place */
	expect_answer(b, 2, 1);
	for (int heard = 0; heard < 2; heard++) {
		uint8_t got[64];
		ck_assert_int_eq(recv(a, got, sizeof got, 0), 7);
		ck_assert_uint_eq(got[3], got[6] ? 3 : 1);
	}
	ck_assert_uint_eq(around_stored().n, 2);
	around_stop();
	close(a);
	close(b);
}
END_TEST

/* Device and time are what a position is known by: those without a date must not pass for each other. */
START_TEST(several_without_a_date)
{
	enum { DATAGRAMS = 20 };
	uint8_t bytes[DATAGRAM_MAX];

	around_start();
	int fd = tracker();
	for (int i = 0; i < DATAGRAMS; i++)
		say(fd, bytes, packet(bytes, IMEI, i, 2, 0));
	await(stats()->frames, DATAGRAMS);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 2 * DATAGRAMS);
	ck_assert_uint_eq(s.not_later, 0);
	ck_assert_int_lt(s.last.time_ms - s.last.received_ms, DAY_MS);
	around_stop();
	close(fd);
}
END_TEST

/* ---- refused ---- */

START_TEST(an_unknown_device_is_not_answered)
{
	around_start();
	int fd = tracker();
	report(fd, STRANGER, 1, 1);
	await(stats()->refused[REASON_UNKNOWN_DEVICE], 1);
	report(fd, STRANGER, 2, 0);
	await(stats()->refused[REASON_UNKNOWN_DEVICE], 2);
	expect_silence(fd);
	report(fd, IMEI, 3, 1);
	expect_answer(fd, 3, 1);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(garbage_is_not_answered)
{
	uint8_t bytes[9000] = { 0 };
	size_t n = packet(bytes, IMEI, 1, 1, at_ms);

	around_start();
	int fd = tracker();
	say(fd, "", 0);
	say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	say(fd, bytes, n - 1);
	bytes[n - 1]++; /* another count behind the records than before them */
	say(fd, bytes, n);
	await(stats()->refused[REASON_BAD_FRAME], 4);
	say(fd, bytes, sizeof bytes);
	await(stats()->refused[REASON_TOO_LARGE], 1);
	report(fd, IMEI, 2, 1);
	expect_answer(fd, 2, 1);
	ck_assert_uint_eq(around_stored().n, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(an_answer_is_not_larger_than_what_is_answered)
{
	uint8_t got[64];

	around_start();
	int fd = tracker_at("127.0.0.1", LOUD);
	say(fd, "nine chrs", 9);
	await(around.ports[LOUD].stats.dropped[DATAGRAM_DROP_ANSWER], 1);
	expect_silence(fd);
	say(fd, "ten chars.", 10);
	ck_assert_int_eq(recv(fd, got, sizeof got, 0), 10);
	around_stop();
	close(fd);
}
END_TEST

/* ---- when others are away ---- */

START_TEST(without_kafka_nothing_is_acknowledged)
{
	around_start();
	int fd = tracker();
	rd_kafka_mock_broker_set_down(around.cluster->mock, BROKER);
	report(fd, IMEI, 1, 2);
	await(stats()->refused[REASON_UNAVAILABLE], 1);
	expect_silence(fd);
	rd_kafka_mock_broker_set_up(around.cluster->mock, BROKER);
	int heard = 0;
	for (int i = 0; i < 20 && !heard; i++) { /* as a tracker does */
		report(fd, IMEI, 2, 2);
		heard = poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 1000);
	}
	expect_answer(fd, 2, 2);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(before_the_topics_are_there_nothing_is_taken)
{
	around.options.topics_there = false;
	around_start();
	int fd = tracker();
	report(fd, IMEI, 1, 1);
	await(stats()->refused[REASON_UNAVAILABLE], 1);
	expect_silence(fd);
	around.options.topics_there = true;
	report(fd, IMEI, 2, 1);
	expect_answer(fd, 2, 1);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(while_auth_is_away_the_known_are_served)
{
	around_start();
	int fd = tracker();
	report(fd, IMEI, 1, 1);
	expect_answer(fd, 1, 1);
	around.auth_away = true;
	report(fd, OTHER, 2, 1);
	await(stats()->refused[REASON_UNAVAILABLE], 1);
	expect_silence(fd);
	report(fd, IMEI, 3, 1);
	expect_answer(fd, 3, 1);
	around_stop();
	close(fd);
}
END_TEST

/* ---- what waits, and how much of it ---- */

START_TEST(what_waits_for_auth_is_kept)
{
	enum { DATAGRAMS = 10 };

	around.auth_slow = true;
	around_start();
	int fd = tracker(), other = tracker();
	for (int i = 0; i < DATAGRAMS; i++)
		report(fd, IMEI, i, 2);
	report(other, OTHER, 50, 1);
	report(other, STRANGER, 51, 1);
	await(stats()->bytes_in, DATAGRAMS * (HEADER + 2 * RECORD + 3) + 2 * (HEADER + RECORD + 3));
	expect_silence(fd);
	around.auth_slow = false;
	for (int i = 0; i < DATAGRAMS; i++)
		expect_answer(fd, i, 2);
	expect_answer(other, 50, 1);
	await(stats()->refused[REASON_UNKNOWN_DEVICE], 1);
	ck_assert_uint_eq(around_stored().n, 2 * DATAGRAMS + 1);
	around_stop();
	close(fd);
	close(other);
}
END_TEST

START_TEST(a_full_queue_holds_back_and_loses_nothing)
{
	enum { DATAGRAMS = 40, RECORDS = 30 };
	bool heard[DATAGRAMS] = { false };

	around.options.queue_max = 50; /* a datagram and a half */
	around.options.delivery_timeout_ms = 30000;
	around_start();
	int fd = tracker();
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 20);
	for (int i = 0; i < DATAGRAMS; i++)
		report(fd, IMEI, i, RECORDS);
	for (int i = 0; i < DATAGRAMS; i++) {
		uint8_t got[64];
		ck_assert_int_eq(recv(fd, got, sizeof got, 0), 7);
		ck_assert(got[3] < DATAGRAMS && !heard[got[3]]);
		heard[got[3]] = true;
	}
	ck_assert_uint_eq(around_stored().n, DATAGRAMS * RECORDS);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(beyond_the_bound_datagrams_are_dropped)
{
	enum { MAX = 3 };

	around.options.datagrams_max = MAX;
	around.auth_slow = true;
	around_start();
	int fd = tracker();
	for (int i = 0; i < MAX + 2; i++)
		report(fd, IMEI, i, 1);
	await(stats()->dropped[DATAGRAM_DROP_FULL], 2);
	around.auth_slow = false;
	for (int i = 0; i < MAX; i++)
		expect_answer(fd, i, 1);
	await(stats()->frames, MAX);
	expect_silence(fd);
	report(fd, IMEI, 9, 1); /* there is room again */
	expect_answer(fd, 9, 1);
	ck_assert_double_eq(series_value(stats()->dropped[DATAGRAM_DROP_ADDRESS]), 0);
	around_stop();
	close(fd);
}
END_TEST

START_TEST(one_address_does_not_take_all_the_room)
{
	enum { MAX = 2, FLOOD = 30 };

	around.options.datagrams_per_address = MAX;
	around.auth_slow = true;
	around_start();
	int flood = tracker(), good = tracker_at("127.0.0.2", UDP);
	for (int i = 0; i < FLOOD; i++)
		report(flood, IMEI, i, 1);
	await(stats()->dropped[DATAGRAM_DROP_ADDRESS], FLOOD - MAX);
	report(good, OTHER, 1, 1);
	around.auth_slow = false;
	expect_answer(good, 1, 1);
	for (int i = 0; i < MAX; i++)
		expect_answer(flood, i, 1);
	await(stats()->frames, MAX + 1);
	report(flood, IMEI, 99, 1); /* there is room again */
	expect_answer(flood, 99, 1);
	ck_assert_double_eq(series_value(stats()->dropped[DATAGRAM_DROP_FULL]), 0);
	around_stop();
	close(flood);
	close(good);
}
END_TEST

/* ---- the end ---- */

START_TEST(the_end_answers_what_is_in_flight)
{
	around_start();
	int fd = tracker(), waiting = tracker();
	report(fd, IMEI, 1, 1);
	expect_answer(fd, 1, 1);
	rd_kafka_mock_broker_set_rtt(around.cluster->mock, BROKER, 500);
	around.auth_slow = true;
	report(fd, IMEI, 2, 3);
	report(waiting, OTHER, 3, 1);
	await(stats()->bytes_in, 3 * (HEADER + RECORD + 3) + 2 * RECORD);
	lane_drain(around.lane);
	expect_answer(fd, 2, 3);
	ck_assert_uint_eq(around_end(), 0);
	expect_silence(waiting); /* it is sent again */
	close(fd);
	close(waiting);
}
END_TEST

START_TEST(the_end_does_not_wait_for_ever)
{
	around.options.drain_ms = 300;
	around.options.delivery_timeout_ms = 60000;
	around_start();
	int fd = tracker();
	rd_kafka_mock_broker_set_down(around.cluster->mock, BROKER);
	report(fd, IMEI, 1, 1);
	await(stats()->bytes_in, HEADER + RECORD + 3);
	ck_assert_uint_le(around_stop(), 1);
	expect_silence(fd);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("datagram");
	TCase *t = tcase_create("datagram");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, around_close);
	tcase_add_test(t, a_datagram_is_stored_and_answered);
	tcase_add_test(t, an_answer_waits_for_kafka);
	tcase_add_test(t, the_same_datagram_again);
	tcase_add_test(t, each_stands_alone);
	tcase_add_test(t, several_without_a_date);
	tcase_add_test(t, an_unknown_device_is_not_answered);
	tcase_add_test(t, garbage_is_not_answered);
	tcase_add_test(t, an_answer_is_not_larger_than_what_is_answered);
	tcase_add_test(t, without_kafka_nothing_is_acknowledged);
	tcase_add_test(t, before_the_topics_are_there_nothing_is_taken);
	tcase_add_test(t, while_auth_is_away_the_known_are_served);
	tcase_add_test(t, what_waits_for_auth_is_kept);
	tcase_add_test(t, a_full_queue_holds_back_and_loses_nothing);
	tcase_add_test(t, beyond_the_bound_datagrams_are_dropped);
	tcase_add_test(t, one_address_does_not_take_all_the_room);
	tcase_add_test(t, the_end_answers_what_is_in_flight);
	tcase_add_test(t, the_end_does_not_wait_for_ever);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
