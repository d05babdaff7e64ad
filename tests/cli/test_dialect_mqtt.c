/* What an app says to a broker is what the gateway reads from it; they share no code. */
#include "base/text.h"
#include "ingest/gateway/mqtt_packet.h"
#include "ingest/protocols/owntracks_mqtt.h"
#include "replies.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))
#define DIALECT "owntracks-mqtt"

START_TEST(login)
{
	ck_assert_str_eq(replies_login_hex(DIALECT, "misty-1"), "101c"
								"00044d515454"
								"0482"
								"0000"
								"00076d697374792d31"
								"00076d697374792d31");
}
END_TEST

START_TEST(the_gateway_reads_its_messages)
{
	uint8_t frame[1024];
	struct mqtt_packet p;
	struct position positions[1];
	struct protocol_group groups[1];
	uint8_t memory[4096];
	struct protocol_scratch scratch = { groups, 1, positions, 1, arena_over(memory, sizeof memory) };
	struct protocol_result r = { 0 };
	size_t n = dialect_find(DIALECT)->frame(frame, sizeof frame, "misty-1", "s3cret", &replies_fix, 1);

	ck_assert_int_eq(mqtt_read(frame, n, MQTT_HEAD_MAX, &p), 0);
	ck_assert_int_eq(p.type, MQTT_PUBLISH);
	ck_assert_uint_eq(p.size, n);
	ck_assert_uint_eq(p.publish.qos, 1);
	ck_assert_int_eq(owntracks_mqtt_decode(slice_of(p.publish.topic, p.publish.topic_len),
				 slice_of((const char *)p.publish.payload, p.publish.payload_len), &scratch, &r),
		0);
	ck_assert_str_eq(r.groups[0].identifier, "misty-1");
	ck_assert_uint_eq(r.positions_n, 1);
	ck_assert_int_eq(r.positions[0].time_ms, replies_fix.time_ms);
	ck_assert_int_eq(r.positions[0].lat_e7, replies_fix.lat_e7);
	ck_assert_int_eq(r.positions[0].lon_e7, replies_fix.lon_e7);
	ck_assert_float_eq_tol(r.positions[0].speed_mps, replies_fix.speed_mps, 0.14f);
	ck_assert_float_eq_tol(r.positions[0].battery_pct, replies_fix.battery_pct, 0.5f);
}
END_TEST

START_TEST(a_message_needs_room)
{
	uint8_t frame[1024];
	const struct dialect *d = dialect_find(DIALECT);
	size_t n = d->frame(frame, sizeof frame, "misty-1", "s3cret", &replies_fix, 1);

	ck_assert_uint_gt(n, 0x80); /* its length takes two bytes */
	for (size_t size = 0; size < n; size++)
		ck_assert_uint_eq(d->frame(frame, size, "misty-1", "s3cret", &replies_fix, 1), 0);
}
END_TEST

static const struct reply_case answers[] = {
	{ "let in", DIALECT, true, 0, "20020000", true, REPLY_WELCOME },
	{ "let in, with more behind", DIALECT, true, 0, "2002000040020001", true, REPLY_WELCOME, .rest = 4 },
	{ "wrong user", DIALECT, true, 0, "20020004", true, REPLY_DENIED, .last = true },
	{ "not let in", DIALECT, true, 0, "20020005", true, REPLY_DENIED, .last = true },
	{ "not now", DIALECT, true, 0, "20020003", true, REPLY_LATER, .last = true },
	{ "another version", DIALECT, true, 0, "20020001", true, REPLY_GARBAGE },
	{ "a session that was kept", DIALECT, true, 0, "20020100", true, REPLY_GARBAGE },
	{ "taken", DIALECT, false, 1, "40020001", true, REPLY_TAKEN, .taken = 1 },
	{ "another message is", DIALECT, false, 1, "40020002", true, REPLY_GARBAGE },
	{ "let in again", DIALECT, false, 1, "20020000", true, REPLY_GARBAGE },
	{ "taken before it is let in", DIALECT, true, 0, "40020001", true, REPLY_GARBAGE },
	{ "no broker", DIALECT, true, 0, "485454502f312e31", true, REPLY_GARBAGE },
};

START_TEST(answers_are_read)
{
	replies_check(&answers[_i]);
	replies_check_beginnings(&answers[_i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect_mqtt");
	TCase *c = tcase_create("dialect_mqtt");

	tcase_add_test(c, login);
	tcase_add_test(c, the_gateway_reads_its_messages);
	tcase_add_test(c, a_message_needs_room);
	tcase_add_loop_test(c, answers_are_read, 0, LENGTH(answers));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
