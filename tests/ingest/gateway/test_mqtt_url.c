/* Source: ingest/gateway/mqtt_url.c */
#include "ingest/gateway/mqtt_url.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
	const char *text, *host;
	uint16_t port;
	bool tls;
} good[] = {
	{ "mqtt://broker", "broker", 1883, false },
	{ "mqtts://broker.example", "broker.example", 8883, true },
	{ "mqtt://broker.example:1", "broker.example", 1, false },
	{ "mqtts://192.0.2.7:65535", "192.0.2.7", 65535, true },
	{ "mqtt://[2001:db8::7]", "2001:db8::7", 1883, false },
	{ "mqtts://[fe80::1%eth0]:99", "fe80::1%eth0", 99, true },
	{ "mqtt://a_b-c", "a_b-c", 1883, false },
};

START_TEST(takes)
{
	struct mqtt_url url;

	ck_assert_msg(mqtt_url_parse(&url, good[_i].text) == 0, "%s", good[_i].text);
	ck_assert_str_eq(url.host, good[_i].host);
	ck_assert_uint_eq(url.port, good[_i].port);
	ck_assert_int_eq(url.tls, good[_i].tls);
}
END_TEST

static const char *const bad[] = {
	"",
	"broker",
	"broker:1883",
	"tcp://broker",
	"MQTT://broker",
	"mqtt:/broker",
	"mqtt://",
	"mqtt://:1883",
	"mqtt://broker:",
	"mqtt://broker:0",
	"mqtt://broker:65536",
	"mqtt://broker:-1",
	"mqtt://broker:x",
	"mqtt://broker/",
	"mqtt://broker:1883/path",
	"mqtt://user:secret@broker",
	"mqtt://user@broker",
	"mqtt://broker other",
	"mqtt://2001:db8::7",
	"mqtt://[2001:db8::7",
	"mqtt://[2001:db8::7]1883",
	"mqtt://[]",
	"mqtt://[broker]",
};

START_TEST(refuses)
{
	struct mqtt_url url = { .port = 77 };

	ck_assert_msg(mqtt_url_parse(&url, bad[_i]) == -EINVAL, "%s", bad[_i]);
	ck_assert_uint_eq(url.port, 77);
}
END_TEST

START_TEST(the_longest_host)
{
	char text[8 + MQTT_HOST_SIZE] = "mqtt://";
	struct mqtt_url url;

	memset(text + 7, 'a', MQTT_HOST_SIZE - 1);
	ck_assert_int_eq(mqtt_url_parse(&url, text), 0);
	ck_assert_uint_eq(strlen(url.host), MQTT_HOST_SIZE - 1);
	text[7 + MQTT_HOST_SIZE - 1] = 'a';
	ck_assert_int_eq(mqtt_url_parse(&url, text), -EINVAL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mqtt_url");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, takes, 0, COUNT(good));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, the_longest_host);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
