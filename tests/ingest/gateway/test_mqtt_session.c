/* Source: ingest/gateway/mqtt_session.c. The test is the broker: it says packets in hex, and compares what was heard. */
#include "base/text.h"
#include "ingest/gateway/mqtt_session.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW = 3, PATIENCE_MS = 10000, START_MS = 1000000 };

/* ---- the two ends ---- */

static struct mqtt_session *session;
static char heard[4096]; /* what the broker got, in hex, and what the subscriber was told */
static struct text record;
static enum mqtt_take take; /* what the subscriber says to the next message */
static bool broken; /* the connection is */
static int64_t now_ms;
static uint8_t unread[4096]; /* what the broker said and the subscriber has not consumed */
static size_t unread_n;

static int on_send(void *owner, const void *bytes, size_t n)
{
	char hex[2 * 256 + 1];

	(void)owner;
	ck_assert_uint_le(n, 256);
	text_hex(hex, bytes, n);
	text_printf(&record, "%s ", hex);
	return broken ? -EPIPE : 0;
}

static void on_subscribed(void *owner, uint8_t qos, bool kept)
{
	(void)owner;
	text_printf(&record, "subscribed(%u%s) ", qos, kept ? ",kept" : "");
}

static enum mqtt_take on_message(void *owner, const struct mqtt_publish *m, size_t slot)
{
	(void)owner;
	ck_assert_uint_lt(slot, WINDOW);
	text_printf(&record, "%zu:%.*s%s ", slot, (int)m->topic_len, m->topic, m->oversize ? "(large)" : "");
	return take;
}

static void open_session_alive(uint16_t keep_alive_s)
{
	const struct mqtt_session_options o = {
		.connect = { .client_id = "gw", .keep_alive_s = keep_alive_s },
		.filter = "a/#",
		.window = WINDOW,
		.packet_max = MQTT_HEAD_MAX,
		.patience_ms = PATIENCE_MS,
		.send = on_send,
		.subscribed = on_subscribed,
		.message = on_message,
	};

	record = text_in(heard, sizeof heard);
	take = MQTT_UNDER_WAY;
	broken = false;
	now_ms = START_MS;
	unread_n = 0;
	ck_assert_int_eq(mqtt_session_open(&session, &o), 0);
}

static void open_session(void)
{
	open_session_alive(60);
}

static void close_session(void)
{
	mqtt_session_close(session);
}

/* What was heard since the last time. */
static void assert_heard(const char *want)
{
	ck_assert(text_ok(&record));
	ck_assert_str_eq(heard, want);
	record = text_in(heard, sizeof heard);
}

static int again(void)
{
	size_t used;
	int r = mqtt_session_receive(session, unread, unread_n, now_ms, &used);

	ck_assert_uint_le(used, unread_n);
	unread_n -= used;
	memmove(unread, unread + used, unread_n);
	return r;
}

static int broker(const char *hex)
{
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, sizeof unread - unread_n);
	ck_assert_int_eq(text_unhex(unread + unread_n, n, hex, strlen(hex)), 0);
	unread_n += n;
	return again();
}

#define CONNECT "100e00044d5154540400003c00026777 "
#define SUBSCRIBE "820800010003612f2301 "
#define CONNACK "20020000"
#define SUBACK "9003000101"
/* QoS 1, "a/N", id N */
#define MESSAGE(n) "32070003612f3" #n "000" #n
#define PUBACK(n) "4002000" #n " "

static void subscribe(void)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(broker(CONNACK SUBACK), 0);
	assert_heard(CONNECT SUBSCRIBE "subscribed(1) ");
}

static void assert_over(int r, const char *why)
{
	ck_assert_int_eq(r, MQTT_SESSION_E_OVER);
	ck_assert_msg(strstr(mqtt_session_fault(session), why) != NULL, "%s", mqtt_session_fault(session));
}

/* ---- beginning ---- */

START_TEST(it_connects_and_subscribes)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	assert_heard(CONNECT);
	ck_assert_int_eq(broker("20020100"), 0);
	assert_heard(SUBSCRIBE);
	ck_assert_int_eq(broker(SUBACK), 0);
	assert_heard("subscribed(1,kept) ");
}
END_TEST

START_TEST(a_broker_may_give_less)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(broker(CONNACK "9003000100"), 0);
	assert_heard(CONNECT SUBSCRIBE "subscribed(0) ");
}
END_TEST

/* What the broker has kept comes before its answer to SUBSCRIBE. */
START_TEST(messages_may_come_before_the_subscription)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(broker("20020100" MESSAGE(1) SUBACK), 0);
	assert_heard(CONNECT SUBSCRIBE "0:a/1 subscribed(1,kept) ");
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
	static const char all[] = CONNACK SUBACK MESSAGE(1) "d000" MESSAGE(2);
	char one[3] = "";

	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	for (const char *at = all; *at; at += 2) {
		memcpy(one, at, 2);
		ck_assert_int_eq(broker(one), 0);
	}
	assert_heard(CONNECT SUBSCRIBE "subscribed(1) 0:a/1 1:a/2 ");
}
END_TEST

static const struct {
	const char *says, *why;
} refusals[] = {
	{ "20020004", "password" },
	{ "20020005", "not authorized" },
	{ "20020001", "3.1.1" },
	{ CONNACK CONNACK, "twice" },
	{ CONNACK "9003000180", "refuses the subscription" },
	{ CONNACK "9003000201", "was not asked" },
	{ CONNACK SUBACK SUBACK, "was not asked" },
	{ SUBACK, "not an MQTT broker" },
	{ MESSAGE(1), "not an MQTT broker" },
	{ "d000", "not an MQTT broker" },
	{ "485454502f312e3120343030", "not an MQTT broker" }, /* HTTP/1.1 400 */
	{ "15030100020246", "not an MQTT broker" }, /* an alert of TLS */
	{ CONNACK SUBACK "15030100020246", "is not MQTT" },
	{ CONNACK SUBACK "34070003612f310001", "another QoS" },
};

START_TEST(a_broker_that_does_otherwise_is_left)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	assert_over(broker(refusals[_i].says), refusals[_i].why);
	assert_over(again(), refusals[_i].why);
	assert_over(mqtt_session_tick(session, now_ms, true), refusals[_i].why);
}
END_TEST

START_TEST(words_that_are_too_long_are_not_sent)
{
	static char longest[MQTT_TEXT_MAX + 1];
	struct mqtt_session *s;
	const struct mqtt_session_options o = { .connect = { .client_id = longest }, .window = 1, .send = on_send };

	memset(longest, 'x', MQTT_TEXT_MAX);
	ck_assert_int_eq(mqtt_session_open(&s, &o), 0);
	ck_assert_int_eq(mqtt_session_begin(s, now_ms), MQTT_SESSION_E_OVER);
	ck_assert_ptr_nonnull(strstr(mqtt_session_fault(s), "too long"));
	assert_heard("");
	mqtt_session_close(s);
}
END_TEST

/* ---- acknowledging ---- */

START_TEST(a_message_is_acknowledged_when_it_is_done)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(7)), 0);
	assert_heard("0:a/7 ");
	ck_assert_uint_eq(mqtt_session_under_way(session), 1);
	ck_assert_int_eq(mqtt_session_done(session, 0), 0);
	assert_heard(PUBACK(7));
	ck_assert_uint_eq(mqtt_session_under_way(session), 0);
}
END_TEST

START_TEST(one_that_is_done_at_once_too)
{
	subscribe();
	take = MQTT_DONE;
	ck_assert_int_eq(broker(MESSAGE(1) MESSAGE(2)), 0);
	assert_heard("0:a/1 " PUBACK(1) "1:a/2 " PUBACK(2));
}
END_TEST

START_TEST(acknowledgements_keep_the_order_of_the_messages)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1) MESSAGE(2)), 0);
	take = MQTT_DONE;
	ck_assert_int_eq(broker(MESSAGE(3)), 0);
	assert_heard("0:a/1 1:a/2 2:a/3 ");
	ck_assert_int_eq(mqtt_session_done(session, 1), 0);
	assert_heard("");
	ck_assert_int_eq(mqtt_session_done(session, 0), 0);
	assert_heard(PUBACK(1) PUBACK(2) PUBACK(3));
}
END_TEST

/* "a/0" without an id */
#define QOS_0 "30050003612f30"

START_TEST(one_of_qos_0_is_not_acknowledged)
{
	subscribe();
	ck_assert_int_eq(broker(QOS_0 MESSAGE(1)), 0);
	ck_assert_uint_eq(mqtt_session_under_way(session), 2);
	ck_assert_int_eq(mqtt_session_done(session, 1), 0);
	ck_assert_int_eq(mqtt_session_done(session, 0), 0);
	assert_heard("0:a/0 1:a/1 " PUBACK(1));
}
END_TEST

START_TEST(a_full_window_waits)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1) MESSAGE(2) MESSAGE(3) MESSAGE(4) "d000"), MQTT_SESSION_E_WAIT);
	assert_heard("0:a/1 1:a/2 2:a/3 ");
	ck_assert_int_eq(again(), MQTT_SESSION_E_WAIT);
	assert_heard("");
	ck_assert_int_eq(mqtt_session_done(session, 0), 0);
	ck_assert_int_eq(again(), 0);
	assert_heard(PUBACK(1) "0:a/4 ");
	ck_assert_uint_eq(unread_n, 0);
}
END_TEST

START_TEST(a_message_that_waits_comes_again_in_the_same_slot)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1)), 0);
	take = MQTT_LATER;
	ck_assert_int_eq(broker(MESSAGE(2) MESSAGE(3)), MQTT_SESSION_E_WAIT);
	ck_assert_int_eq(mqtt_session_done(session, 0), 0);
	take = MQTT_UNDER_WAY;
	ck_assert_int_eq(again(), 0);
	assert_heard("0:a/1 1:a/2 " PUBACK(1) "1:a/2 2:a/3 ");
}
END_TEST

START_TEST(what_cannot_be_stored_is_not_acknowledged)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1)), 0);
	take = MQTT_GIVE_UP;
	assert_over(broker(MESSAGE(2)), "cannot be stored");
	assert_over(mqtt_session_done(session, 0), "cannot be stored");
	assert_heard("0:a/1 1:a/2 ");
}
END_TEST

START_TEST(a_message_beyond_all_bounds_is_skipped)
{
	static const char half_mib[] = "32808020"
				       "0003612f31"
				       "0001"; /* 512 KiB after the head */
	size_t left = 512 * 1024 - 7;

	subscribe();
	take = MQTT_DONE;
	ck_assert_int_eq(broker(half_mib), 0);
	assert_heard("0:a/1(large) " PUBACK(1));
	for (; left > 0; left -= unread_n < left ? unread_n : left) {
		unread_n = left < sizeof unread ? left : sizeof unread;
		size_t used, n = unread_n;
		memset(unread, 0xFF, n);
		ck_assert_int_eq(mqtt_session_receive(session, unread, n, now_ms, &used), 0);
		ck_assert_uint_eq(used, n);
	}
	unread_n = 0;
	ck_assert_int_eq(broker(MESSAGE(2)), 0);
	assert_heard("1:a/2 " PUBACK(2));
}
END_TEST

START_TEST(a_broken_connection_is_noticed)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1) MESSAGE(2)), 0);
	broken = true;
	assert_over(mqtt_session_done(session, 0), "closed");
	assert_over(mqtt_session_done(session, 1), "closed");
	assert_heard("0:a/1 1:a/2 " PUBACK(1));
}
END_TEST

/* ---- time ---- */

static int tick_at(int64_t ms)
{
	now_ms = START_MS + ms;
	return mqtt_session_tick(session, now_ms, true);
}

START_TEST(it_pings)
{
	subscribe();
	ck_assert_int_eq(tick_at(29999), 0);
	assert_heard("");
	ck_assert_int_eq(tick_at(30000), 0);
	ck_assert_int_eq(tick_at(30001), 0);
	assert_heard("c000 ");
	ck_assert_int_eq(broker("d000"), 0);
	ck_assert_int_eq(tick_at(59999), 0);
	assert_heard("");
	ck_assert_int_eq(tick_at(60000), 0);
	assert_heard("c000 ");
}
END_TEST

/* The same where pings are due more often than the broker's patience ends. */
START_TEST(pings_do_not_make_it_wait_longer)
{
	close_session();
	open_session_alive(5);
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(tick_at(2500), 0); /* it is not let in yet */
	assert_heard("100e00044d5154540400000500026777 ");
	ck_assert_int_eq(broker(CONNACK SUBACK), 0);
	assert_heard(SUBSCRIBE "subscribed(1) ");
	for (int64_t ms = 5000; ms <= 5000 + PATIENCE_MS; ms += 2500)
		ck_assert_int_eq(tick_at(ms), 0);
	assert_heard("c000 c000 c000 c000 c000 ");
	assert_over(tick_at(5001 + PATIENCE_MS), "does not answer");
}
END_TEST

START_TEST(without_keep_alive_it_does_not_ping)
{
	close_session();
	open_session_alive(0);
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(broker(CONNACK SUBACK), 0);
	ck_assert_int_eq(tick_at(1000000), 0);
	assert_heard("100e00044d5154540400000000026777 " SUBSCRIBE "subscribed(1) ");
}
END_TEST

START_TEST(a_silent_broker_is_left)
{
	subscribe();
	ck_assert_int_eq(tick_at(30000), 0);
	ck_assert_int_eq(tick_at(30000 + PATIENCE_MS), 0);
	assert_over(tick_at(30001 + PATIENCE_MS), "does not answer");
}
END_TEST

START_TEST(one_that_says_anything_is_not_silent)
{
	subscribe();
	ck_assert_int_eq(tick_at(30000), 0);
	now_ms += PATIENCE_MS;
	ck_assert_int_eq(broker(MESSAGE(1)), 0);
	ck_assert_int_eq(tick_at(30001 + PATIENCE_MS), 0);
	assert_over(tick_at(30001 + 2 * PATIENCE_MS), "does not answer");
}
END_TEST

START_TEST(one_that_we_do_not_read_is_not_silent)
{
	subscribe();
	ck_assert_int_eq(tick_at(30000), 0);
	ck_assert_int_eq(mqtt_session_tick(session, START_MS + 300000, false), 0);
	ck_assert_int_eq(tick_at(300000 + PATIENCE_MS), 0);
	assert_over(tick_at(300001 + PATIENCE_MS), "does not answer");
}
END_TEST

START_TEST(one_that_never_answers_is_left)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	ck_assert_int_eq(tick_at(PATIENCE_MS), 0);
	ck_assert_int_eq(broker(CONNACK), 0);
	ck_assert_int_eq(tick_at(2 * PATIENCE_MS), 0);
	ck_assert_int_eq(broker("d000"), 0);
	assert_over(tick_at(2 * PATIENCE_MS + 1), "does not answer");
}
END_TEST

/* ---- the end ---- */

START_TEST(it_says_goodbye)
{
	subscribe();
	ck_assert_int_eq(broker(MESSAGE(1)), 0);
	mqtt_session_end(session);
	mqtt_session_end(session);
	ck_assert_int_eq(mqtt_session_done(session, 0), MQTT_SESSION_E_OVER);
	assert_heard("0:a/1 e000 ");
}
END_TEST

START_TEST(not_before_it_is_let_in)
{
	ck_assert_int_eq(mqtt_session_begin(session, now_ms), 0);
	mqtt_session_end(session);
	assert_heard(CONNECT);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	const struct mqtt_session_options o = { .window = 1 };
	struct mqtt_session *s = NULL;

	failing_alloc_at(1);
	int r = mqtt_session_open(&s, &o);
	ck_assert(failing_alloc_happened());
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_null(s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mqtt_session");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, open_session, close_session);
	tcase_add_test(t, it_connects_and_subscribes);
	tcase_add_test(t, a_broker_may_give_less);
	tcase_add_test(t, messages_may_come_before_the_subscription);
	tcase_add_test(t, bytes_may_come_one_by_one);
	tcase_add_loop_test(t, a_broker_that_does_otherwise_is_left, 0, sizeof refusals / sizeof *refusals);
	tcase_add_test(t, words_that_are_too_long_are_not_sent);
	tcase_add_test(t, a_message_is_acknowledged_when_it_is_done);
	tcase_add_test(t, one_that_is_done_at_once_too);
	tcase_add_test(t, acknowledgements_keep_the_order_of_the_messages);
	tcase_add_test(t, one_of_qos_0_is_not_acknowledged);
	tcase_add_test(t, a_full_window_waits);
	tcase_add_test(t, a_message_that_waits_comes_again_in_the_same_slot);
	tcase_add_test(t, what_cannot_be_stored_is_not_acknowledged);
	tcase_add_test(t, a_message_beyond_all_bounds_is_skipped);
	tcase_add_test(t, a_broken_connection_is_noticed);
	tcase_add_test(t, it_pings);
	tcase_add_test(t, pings_do_not_make_it_wait_longer);
	tcase_add_test(t, without_keep_alive_it_does_not_ping);
	tcase_add_test(t, a_silent_broker_is_left);
	tcase_add_test(t, one_that_says_anything_is_not_silent);
	tcase_add_test(t, one_that_we_do_not_read_is_not_silent);
	tcase_add_test(t, one_that_never_answers_is_left);
	tcase_add_test(t, it_says_goodbye);
	tcase_add_test(t, not_before_it_is_let_in);
	tcase_add_test(t, without_memory_there_is_none);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
