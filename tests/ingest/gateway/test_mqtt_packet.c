/* Source: ingest/gateway/mqtt_packet.c. Packets: the figures of the MQTT 3.1.1 standard, and as mosquitto 2.0 sends them. */
#include "ingest/gateway/mqtt_packet.h"
#include "tests/ingest/protocols/bytes.h"
#include "tests/lib/unit.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MAX = MQTT_HEAD_MAX };

/* The bytes that @hex stands for, blanks left out. */
static const uint8_t *spaced_hex(const char *hex, size_t *ret_n)
{
	char dense[256];
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ')
			dense[n++] = *hex;
	dense[n] = '\0';
	return hex_at_guard(dense, ret_n);
}

static int read_hex(const char *hex, struct mqtt_packet *ret)
{
	size_t n;
	const uint8_t *bytes = spaced_hex(hex, &n);

	return mqtt_read(bytes, n, MAX, ret);
}

/* ---- reading ---- */

/* topic "a/b", id 10, payload "hi" */
#define PUBLISH_1 "3209 0003612f62 000a 6869"

static const struct {
	const char *why, *hex;
	enum mqtt_type type;
} good[] = {
	{ "accepted", "20020000", MQTT_CONNACK },
	{ "accepted, and the session was kept", "20020100", MQTT_CONNACK },
	{ "wrong password", "20020004", MQTT_CONNACK },
	{ "a code of a later standard", "20020086", MQTT_CONNACK },
	{ "subscribed", "9003000101", MQTT_SUBACK },
	{ "subscription refused", "9003000180", MQTT_SUBACK },
	{ "alive", "d000", MQTT_PINGRESP },
	{ "a message", PUBLISH_1, MQTT_PUBLISH },
	{ "a message without payload", "3207 0003612f62 000a", MQTT_PUBLISH },
	{ "a length in two bytes where one would do", "328900 0003612f62 000a 6869", MQTT_PUBLISH },
};

START_TEST(reads)
{
	struct mqtt_packet p;
	size_t n;

	spaced_hex(good[_i].hex, &n);
	ck_assert_msg(read_hex(good[_i].hex, &p) == 0, "%s", good[_i].why);
	ck_assert_int_eq(p.type, good[_i].type);
	ck_assert_uint_eq(p.size, n);
}
END_TEST

START_TEST(every_proper_prefix_is_incomplete)
{
	struct mqtt_packet p = { .size = 77 };
	uint8_t whole[64];
	size_t n;
	const uint8_t *bytes = spaced_hex(good[_i].hex, &n);

	memcpy(whole, bytes, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(mqtt_read(bytes_at_guard(whole, i), i, MAX, &p) == MQTT_E_MORE, "%s, %zu bytes",
			good[_i].why, i);
	ck_assert_uint_eq(p.size, 77);
}
END_TEST

START_TEST(what_follows_is_left_alone)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex(PUBLISH_1 "d000", &p), 0);
	ck_assert_uint_eq(p.size, 11);
	ck_assert_uint_eq(p.publish.payload_len, 2);
}
END_TEST

static const struct {
	const char *why, *hex;
} bad[] = {
	{ "no such type", "0000" },
	{ "what only a server gets: CONNECT", "100c 00044d515454 04 02 003c 0000" },
	{ "SUBSCRIBE", "8206 0001 0001 61 01" },
	{ "PUBACK, and we publish nothing", "4002000a" },
	{ "PUBREL", "6202000a" },
	{ "a length of five bytes", "30ffffffff01" },
	{ "CONNACK with flags in the head", "21020000" },
	{ "with a reserved flag", "20020200" },
	{ "with one byte more", "2003000000" },
	{ "with one byte less", "200100" },
	{ "SUBACK that grants QoS 3", "9003000103" },
	{ "without a grant", "90020001" },
	{ "with two grants, and we ask for one", "900400010101" },
	{ "PINGRESP with a body", "d00100" },
	{ "PINGRESP with flags", "d100" },
	{ "a message of QoS 3", "3609 0003612f62 000a 6869" },
	{ "whose id is 0", "3209 0003612f62 0000 6869" },
	{ "whose topic is longer than the message", "3209 0009612f62 000a 6869" },
	{ "that ends within the id", "3206 0003612f62 00" },
	{ "that ends within the topic's length", "300100" },
	{ "empty", "3000" },
};

START_TEST(refuses)
{
	struct mqtt_packet p = { .size = 77 };

	ck_assert_msg(read_hex(bad[_i].hex, &p) == MQTT_E_MALFORMED, "%s", bad[_i].why);
	ck_assert_uint_eq(p.size, 77);
}
END_TEST

START_TEST(connack)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex("20020100", &p), 0);
	ck_assert(p.connack.session_present);
	ck_assert_uint_eq(p.connack.code, 0);
	ck_assert_int_eq(read_hex("20020005", &p), 0);
	ck_assert(!p.connack.session_present);
	ck_assert_uint_eq(p.connack.code, 5);
}
END_TEST

START_TEST(a_refusal_has_words)
{
	ck_assert_ptr_nonnull(strstr(mqtt_refusal(4), "password"));
	ck_assert_ptr_nonnull(strstr(mqtt_refusal(5), "not authorized"));
	for (unsigned code = 0; code < 256; code++)
		ck_assert(*mqtt_refusal((uint8_t)code) != '\0');
}
END_TEST

START_TEST(suback)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex("9003123401", &p), 0);
	ck_assert_uint_eq(p.suback.id, 0x1234);
	ck_assert_uint_eq(p.suback.grant, 1);
	ck_assert_int_eq(read_hex("9003000180", &p), 0);
	ck_assert_uint_eq(p.suback.grant, MQTT_GRANT_REFUSED);
}
END_TEST

static void assert_publish(const struct mqtt_publish *m, const char *topic, const char *payload)
{
	ck_assert_uint_eq(m->topic_len, strlen(topic));
	ck_assert_mem_eq(m->topic, topic, m->topic_len);
	ck_assert_uint_eq(m->payload_len, strlen(payload));
	ck_assert_mem_eq(m->payload, payload, m->payload_len);
	ck_assert(!m->oversize);
}

START_TEST(publish)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex(PUBLISH_1, &p), 0);
	assert_publish(&p.publish, "a/b", "hi");
	ck_assert_uint_eq(p.publish.id, 10);
	ck_assert_uint_eq(p.publish.qos, 1);
	ck_assert(!p.publish.retained && !p.publish.duplicate);
	ck_assert_int_eq(read_hex("3b09 0003612f62 000a 6869", &p), 0);
	ck_assert(p.publish.retained && p.publish.duplicate);
	ck_assert_int_eq(read_hex("3007 0003612f62 6869", &p), 0);
	assert_publish(&p.publish, "a/b", "hi");
	ck_assert_uint_eq(p.publish.qos, 0);
	ck_assert_uint_eq(p.publish.id, 0);
	ck_assert_int_eq(read_hex("3402 0000", &p), MQTT_E_MALFORMED);
	ck_assert_int_eq(read_hex("3404 0000 0001", &p), 0);
	ck_assert_uint_eq(p.publish.qos, 2);
}
END_TEST

/* PUBLISH of a MiB to "a/b". */
#define LARGE "32 808040 0003612f62 000a"

START_TEST(a_large_message_is_read_without_its_payload)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex(LARGE, &p), 0);
	ck_assert(p.publish.oversize);
	ck_assert_uint_eq(p.size, 4 + (1 << 20));
	ck_assert_uint_eq(p.publish.payload_len, (1 << 20) - 7);
	ck_assert_ptr_null(p.publish.payload);
	ck_assert_uint_eq(p.publish.id, 10);
	ck_assert_int_eq(read_hex(LARGE "6869", &p), 0);
	ck_assert_uint_eq(p.publish.payload_len, (1 << 20) - 7);
}
END_TEST

START_TEST(a_large_message_needs_its_head)
{
	struct mqtt_packet p;
	uint8_t whole[64];
	size_t n;
	const uint8_t *bytes = spaced_hex(LARGE, &n);

	memcpy(whole, bytes, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(mqtt_read(bytes_at_guard(whole, i), i, MAX, &p), MQTT_E_MORE);
}
END_TEST

START_TEST(nothing_else_may_be_large)
{
	struct mqtt_packet p;

	ck_assert_int_eq(read_hex("90 808040 0001", &p), MQTT_E_MALFORMED);
	ck_assert_int_eq(read_hex("90 8040 0001", &p), MQTT_E_MORE);
	ck_assert_int_eq(read_hex("36 808040 0003612f62 000a", &p), MQTT_E_MALFORMED);
}
END_TEST

/* ---- writing ---- */

static void assert_written(const uint8_t *out, size_t n, const char *hex)
{
	size_t want_n;
	const uint8_t *want = spaced_hex(hex, &want_n);

	ck_assert_uint_eq(n, want_n);
	ck_assert_mem_eq(out, want, n);
}

START_TEST(connects)
{
	uint8_t out[128];
	struct mqtt_connect c = { .client_id = "gw", .keep_alive_s = 60 };

	assert_written(out, mqtt_write_connect(out, sizeof out, &c), "100e 00044d515454 04 00 003c 00026777");
	c.username = "u";
	assert_written(out, mqtt_write_connect(out, sizeof out, &c), "1011 00044d515454 04 80 003c 00026777 000175");
	c.password = "pw";
	assert_written(
		out, mqtt_write_connect(out, sizeof out, &c), "1015 00044d515454 04 c0 003c 00026777 000175 00027077");
}
END_TEST

START_TEST(a_length_takes_as_many_bytes_as_it_needs)
{
	static char id[200];
	uint8_t out[256];
	struct mqtt_connect c = { .client_id = id };

	memset(id, 'x', 115);
	ck_assert_uint_eq(mqtt_write_connect(out, sizeof out, &c), 2 + 127);
	ck_assert_uint_eq(out[1], 127);
	memset(id, 'x', 116);
	ck_assert_uint_eq(mqtt_write_connect(out, sizeof out, &c), 3 + 128);
	ck_assert_uint_eq(out[1], 0x80);
	ck_assert_uint_eq(out[2], 1);
}
END_TEST

START_TEST(subscribes)
{
	uint8_t out[64];

	assert_written(out, mqtt_write_subscribe(out, sizeof out, 1, "a/#", 1), "8208 0001 0003612f23 01");
}
END_TEST

START_TEST(acknowledges_pings_and_says_goodbye)
{
	uint8_t out[MQTT_SMALL];

	assert_written(out, mqtt_write_puback(out, 0x1234), "40021234");
	assert_written(out, mqtt_write_pingreq(out), "c000");
	assert_written(out, mqtt_write_disconnect(out), "e000");
}
END_TEST

START_TEST(what_does_not_fit_is_not_written)
{
	static char longest[MQTT_TEXT_MAX + 2];
	static uint8_t out[2 * MQTT_TEXT_MAX];
	struct mqtt_connect c = { .client_id = "gw", .username = "u", .password = "pw" };
	size_t n = mqtt_write_connect(out, sizeof out, &c);

	for (size_t size = 0; size < n; size++)
		ck_assert_uint_eq(mqtt_write_connect(out, size, &c), 0);
	ck_assert_uint_eq(mqtt_write_connect(out, n, &c), n);
	memset(longest, 'x', MQTT_TEXT_MAX);
	c.password = longest;
	ck_assert_uint_gt(mqtt_write_connect(out, sizeof out, &c), MQTT_TEXT_MAX);
	longest[MQTT_TEXT_MAX] = 'x';
	ck_assert_uint_eq(mqtt_write_connect(out, sizeof out, &c), 0);
	ck_assert_uint_eq(mqtt_write_subscribe(out, sizeof out, 1, longest, 1), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mqtt_packet");
	TCase *t = tcase_create("reading");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, every_proper_prefix_is_incomplete, 0, COUNT(good));
	tcase_add_test(t, what_follows_is_left_alone);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, connack);
	tcase_add_test(t, a_refusal_has_words);
	tcase_add_test(t, suback);
	tcase_add_test(t, publish);
	tcase_add_test(t, a_large_message_is_read_without_its_payload);
	tcase_add_test(t, a_large_message_needs_its_head);
	tcase_add_test(t, nothing_else_may_be_large);
	suite_add_tcase(s, t);
	t = tcase_create("writing");
	tcase_add_test(t, connects);
	tcase_add_test(t, a_length_takes_as_many_bytes_as_it_needs);
	tcase_add_test(t, subscribes);
	tcase_add_test(t, acknowledges_pings_and_says_goodbye);
	tcase_add_test(t, what_does_not_fit_is_not_written);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
