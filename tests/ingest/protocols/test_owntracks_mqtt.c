/* Source: ingest/protocols/owntracks_mqtt.c. What messages say is tested in test_owntracks.c. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "ingest/protocols/owntracks_mqtt.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TOPIC "owntracks/jane/cat"
#define LOCATION "{\"_type\":\"location\",\"lat\":50.1703,\"lon\":-5.1138,\"tst\":1779688904,\"batt\":67}"
#define SAYS "2026-05-25T06:01:44.000Z 50.1703,-5.1138 battery=67"
#define TEN "0123456789"
#define LONGEST TEN TEN TEN TEN TEN TEN "abcd"

static int decode(const char *topic, size_t topic_n, const char *message, struct protocol_result *ret)
{
	size_t n = strlen(message);

	return owntracks_mqtt_decode(slice_of(topic, topic_n), slice_of((const char *)bytes_at_guard(message, n), n),
		decoding_scratch(), ret);
}

/* "DEVICE: what it says", "DEVICE" where it says nothing to be stored, "" for nobody. */
static const char *says(const char *topic, const char *message)
{
	static char text[1024];
	struct protocol_result r;

	ck_assert_int_eq(decode(topic, strlen(topic), message, &r), 0);
	if (r.groups_n == 0)
		return "";
	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_ptr_null(r.groups[0].secret);
	ck_assert_uint_eq(r.groups[0].n, r.positions_n);
	snprintf(text, sizeof text, "%s%s%s", r.groups[0].identifier, r.positions_n ? ": " : "",
		r.positions_n ? frame_summary(&r.positions[0]) : "");
	return text;
}

static const struct {
	const char *topic, *message, *want;
} good[] = {
	{ TOPIC, LOCATION, "cat: " SAYS },
	{ TOPIC "/event", LOCATION, "cat: " SAYS },
	{ TOPIC "/a/b", LOCATION, "cat: " SAYS },
	{ TOPIC "/", LOCATION, "cat: " SAYS },
	{ "x/y/z", LOCATION, "z: " SAYS },
	{ "owntracks/jane/" LONGEST, LOCATION, LONGEST ": " SAYS },
	{ TOPIC "/waypoint", "{\"_type\":\"waypoint\"}", "cat: - - event='waypoint'" },
	{ TOPIC, "{\"_type\":\"lwt\",\"tst\":1779688904}", "cat" },
	{ TOPIC, "{\"_type\":\"card\",\"name\":\"Jane\"}", "cat" },
	{ TOPIC, "{\"_type\":\"location\",\"topic\":\"owntracks/jane/dog\",\"tst\":1779688904}",
		"cat: 2026-05-25T06:01:44.000Z -" },
	{ TOPIC, "", "" },
	{ "", "", "" },
};

START_TEST(the_topic_names_the_device)
{
	ck_assert_str_eq(says(good[_i].topic, good[_i].message), good[_i].want);
}
END_TEST

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *topic;
	size_t topic_n;
	const char *message;
	enum protocol_reason why;
} bad[] = {
	{ TEXT("owntracks/jane"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("owntracks/jane/"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("owntracks//cat"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("/jane/cat"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("cat"), LOCATION, REASON_NO_DEVICE },
	{ TEXT(""), LOCATION, REASON_NO_DEVICE },
	{ TEXT("owntracks/jane/cat\0x"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("owntracks/jane/\0"), LOCATION, REASON_NO_DEVICE },
	{ TEXT("owntracks/jane/" LONGEST "e"), LOCATION, REASON_UNKNOWN_DEVICE },
	{ TEXT(TOPIC), "X,542A46AA,1E30F5E", REASON_BAD_FRAME },
	{ TEXT(TOPIC), "{\"_type\":\"location\"", REASON_BAD_FRAME },
	{ TEXT(TOPIC), "{\"_type\":\"location\",\"lat\":91,\"lon\":0}", REASON_BAD_VALUE },
};

START_TEST(refused)
{
	struct protocol_result r = { .groups_n = 77 };

	ck_assert_int_eq(decode(bad[_i].topic, bad[_i].topic_n, bad[_i].message, &r), (int)bad[_i].why);
	ck_assert_uint_eq(r.groups_n, 77);
}
END_TEST

START_TEST(without_room_it_is_refused)
{
	struct protocol_scratch scratch = *decoding_scratch();
	struct protocol_result r = { .groups_n = 77 };

	scratch.groups_max = 0;
	ck_assert_int_eq(
		owntracks_mqtt_decode(slice_of(TEXT(TOPIC)), slice_of(TEXT(LOCATION)), &scratch, &r), REASON_TOO_MANY);
	ck_assert_uint_eq(r.groups_n, 77);
}
END_TEST

START_TEST(it_has_a_name_and_no_port)
{
	ck_assert_str_eq(protocol_owntracks_mqtt.name, "owntracks-mqtt");
	ck_assert_ptr_null(protocol_find(protocol_owntracks_mqtt.name));
	ck_assert(!protocol_owntracks_mqtt.secret);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("owntracks_mqtt");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, the_topic_names_the_device, 0, COUNT(good));
	tcase_add_loop_test(t, refused, 0, COUNT(bad));
	tcase_add_test(t, without_room_it_is_refused);
	tcase_add_test(t, it_has_a_name_and_no_port);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
