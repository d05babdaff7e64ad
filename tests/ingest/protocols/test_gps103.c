/* Source: ingest/protocols/gps103.c. Vectors: the document's examples, and frames made here from it. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "tests/lib/unit.h"

#include <string.h>

extern const struct protocol protocol_gps103;
static const struct protocol *const gps103 = &protocol_gps103;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ID "imei:359586015829802,"
#define HERE "2605250601,13554900601,F,060144.000,A,5010.2180,N,00506.8281,W,1.00"
#define FIX "2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=0.514444"

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "the document's example", ID "tracker,0809231429,13554900601,F,062947.294,A,2234.4026,N,11354.3277,E,0.00,;",
		"2008-09-23T06:29:47.294Z 22.5733767,113.9054617 speed=0" },
	{ "all there is", ID "tracker," HERE ",271.82,-0.1,1,0,31.37%,0.50%,-20;",
		FIX " course=271.82 altitude=-0.1 ignition=true door=false fuel=31.37 fuel2=0.5 temperature=-20" },
	{ "fuel in no percent", ID "tracker," HERE ",,,1,0,31.37,0.5,23.0;",
		FIX " ignition=true door=false temperature=23" },
	{ "ends with an asterisk", ID "tracker," HERE "*", FIX },
	{ "ends with a line end", ID "tracker," HERE "\n", FIX },
	{ "behind a heartbeat without its semicolon", "359586015829802" ID "tracker," HERE ";", FIX },
	{ "not valid: the last place", ID "tracker,2605250601,,F,060144.000,V,5010.2180,N,00506.8281,W,0.00,;",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 invalid speed=0" },
	{ "not valid, and nowhere", ID "tracker,2605250601,,F,060144.000,V,0000.0000,N,00000.0000,E,9.00,;",
		"2026-05-25T06:01:44.000Z -" },
	{ "hemispheres before", ID "tracker,260525060144,,F,060144.0,A,N,5010.2180,W,00506.8281,1.0,,1.0,;",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=0.514444 altitude=1" },
	{ "the clock is ahead, another day", ID "tracker,260526070144,,F,230144.000,A,5010.2180,N,00506.8281,W;",
		"2026-05-25T23:01:44.000Z 50.1703,-5.1138017" },
	{ "the clock is behind, another day", ID "tracker,260524230144,,F,060144.000,A,5010.2180,N,00506.8281,W;",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017" },
	{ "half a day ahead", ID "tracker,2605251801,,F,060159.000,A,5010.2180,N,00506.8281,W;",
		"2026-05-25T06:01:59.000Z 50.1703,-5.1138017" },
	{ "half a day behind is ahead", ID "tracker,2605250601,,F,180101.000,A,5010.2180,N,00506.8281,W;",
		"2026-05-24T18:01:01.000Z 50.1703,-5.1138017" },
	{ "half a day but a minute behind", ID "tracker,2605250602,,F,180101.000,A,5010.2180,N,00506.8281,W;",
		"2026-05-25T18:01:01.000Z 50.1703,-5.1138017" },
	{ "no time of the satellites", ID "tracker,260525060144,,F,,A,5010.2180,N,00506.8281,W;",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017" },
	{ "no date", ID "tracker,000000000,,F,060144.000,A,5010.2180,N,00506.8281,W;", "- 50.1703,-5.1138017" },
	{ "help", ID "help me," HERE ";", FIX " event='help me' alarm='sos'" },
	{ "help!", ID "help me!," HERE ";", FIX " event='help me' alarm='sos'" },
	{ "low battery", ID "low battery," HERE ";", FIX " event='low battery' alarm='lowBattery'" },
	{ "moved", ID "move," HERE ";", FIX " event='move' alarm='movement'" },
	{ "too fast", ID "speed," HERE ";", FIX " event='speed' alarm='overspeed'" },
	{ "left its fence", ID "stockade," HERE ";", FIX " event='stockade' alarm='geofenceExit'" },
	{ "power cut", ID "ac alarm," HERE ";", FIX " event='ac alarm' alarm='powerCut'" },
	{ "shaken", ID "sensor alarm," HERE ";", FIX " event='sensor alarm' alarm='vibration'" },
	{ "ignition", ID "acc on," HERE ";", FIX " event='acc on' ignition=true" },
	{ "no ignition, whatever the sensor said", ID "acc off," HERE ",,,1,1;",
		FIX " ignition=false door=true event='acc off'" },
	{ "warm", ID "T:+28.0," HERE ";", FIX " temperature=28" },
	{ "a tag", ID "rfid,2605250601,49121185,F,060144.000,A,5010.2180,N,00506.8281,W,1.00;",
		FIX " event='rfid' rfid='49121185'" },
	{ "a number for a keyword", ID "001," HERE ";", FIX " event='001'" },
	{ "no fix: a cell", ID "tracker,260525060144,,L,,,113b,,558f,,,,,1,0,,,;",
		"2026-05-25T06:01:44.000Z - cells='0,0,4411,21903' ignition=true door=false" },
	{ "no fix, no time", ID "help me,,,L,,,113b,,558f,,,,,,,,,;",
		"- - cells='0,0,4411,21903' event='help me' alarm='sos'" },
	{ "no fix, half a cell", ID "tracker,,,L,,,113b,,0,,,,,,,,,;", "- - cells='0,0,4411,0'" },
	{ "no fix, an area too large", ID "tracker,,,L,,,10000,,558f,,,,,,,,,;", "- -" },
	{ "no fix, no cell", ID "tracker,,,L,,,0,,0,,,,,,,,,;", "- -" },
	{ "the engine", ID "OBD,260525060144,195874,,370.8,808,066,30.0%,+87,13.0%,02444,14.3,,,,;",
		"2026-05-25T06:01:44.000Z - "
		"odometer=195874000 hours=2908800 engineLoad=30 coolantTemperature=87 throttle=13 rpm=2444 "
		"externalVoltage=14.3 "
		"event='OBD'" },
	{ "the engine, standing", ID "OBD,260525060144,,,,0,0,0.00%,,,,;",
		"2026-05-25T06:01:44.000Z - hours=0 engineLoad=0 event='OBD'" },
	{ "the engine, a mileage of none", ID "OBD,260525060144,0,,,,,,,,,,;",
		"2026-05-25T06:01:44.000Z - event='OBD'" },
	{ "the engine, a mileage beyond belief", ID "OBD,260525060144,2147483647,,,,,,,,,,;",
		"2026-05-25T06:01:44.000Z - event='OBD'" },
	{ "no decimal degrees",
		ID "Car 1,---,------,----,060144,250526,26,1,-5010,5.11380,036,229,0674,1.00,08,0,1,---,*",
		"- - event='Car 1'" },
	{ "decimal degrees",
		ID "Car 1,---,------,----,060144,250526,26,1,-50.1703,5.11380,036,229,0674,1.00,08,0,1,---,*",
		"2026-05-25T06:01:44.000Z -50.1703,5.1138 speed=10 course=229 altitude=674 gsmSignal=26 hdop=1 "
		"satellites=8 "
		"ignition=false charging=true" },
	{ "decimal degrees, not valid",
		ID "Car 1,---,------,----,060144,250526,26,0,-50.1703,5.11380,036,229,0674,1.00,00,0,1,---,*",
		"2026-05-25T06:01:44.000Z -50.1703,5.1138 invalid speed=10 course=229 altitude=674 gsmSignal=26 hdop=1 "
		"satellites=0 "
		"ignition=false charging=true" },
	{ "something else", ID "vt,1,2;", "- - event='vt'" },
	{ "a heartbeat", "359586015829802;", "- -" },
};

START_TEST(reads)
{
	const char *says = frame_says(gps103, &nobody, good[_i].frame);
	ck_assert_msg(!strcmp(says, good[_i].want), "%s: %s", good[_i].why, says);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	frame_prefixes(gps103, &nobody, good[_i].frame, strlen(good[_i].frame), 0);
}
END_TEST

START_TEST(a_login_names_a_device_and_no_position)
{
	struct protocol_result result = frame_good(gps103, &nobody, "##,imei:359586015829802,A;", 26);

	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.positions_n, 0);
	ck_assert_uint_eq(result.groups[0].n, 0);
	ck_assert_str_eq(result.groups[0].identifier, "359586015829802");
	frame_prefixes(gps103, &nobody, "##,imei:359586015829802,A;", 26, 0);
}
END_TEST

/* Each is good but for one thing. */
static const struct {
	const char *why, *frame;
	int reason;
} bad[] = {
	{ "latitude", ID "tracker,2605250601,,F,060144.000,A,9010.2180,N,00506.8281,W;", REASON_BAD_VALUE },
	{ "minutes", ID "tracker,2605250601,,F,060144.000,A,5010.2180,N,00560.8281,W;", REASON_BAD_VALUE },
	{ "hemisphere", ID "tracker,2605250601,,F,060144.000,A,5010.2180,E,00506.8281,W;", REASON_BAD_VALUE },
	{ "no longitude", ID "tracker,2605250601,,F,060144.000,A,5010.2180,N,,W;", REASON_BAD_VALUE },
	{ "month", ID "tracker,2613250601,,F,060144.000,A,5010.2180,N,00506.8281,W;", REASON_BAD_VALUE },
	{ "a date of eleven digits", ID "tracker,26052506014,,F,060144.000,A,5010.2180,N,00506.8281,W;",
		REASON_BAD_VALUE },
	{ "no hemisphere", ID "tracker,2605250601,,F,060144.000,A,5010.2180,N,00506.8281;", REASON_BAD_FRAME },
	{ "decimal latitude",
		ID "Car 1,---,------,----,060144,250526,26,1,-90.1703,5.11380,036,229,0674,1.00,08,0,1,---,*",
		REASON_BAD_VALUE },
	{ "decimal, day", ID "Car 1,---,------,----,060144,320526,26,1,-50.1703,5.11380,036,229,0674,1.00,08,0,1,---,*",
		REASON_BAD_VALUE },
	{ "engine, hour", ID "OBD,260525240144,195874,,370.8,808,066,30.0%,+87,13.0%,02444,14.3,,,,;",
		REASON_BAD_VALUE },
	{ "an id alone", "imei:359586015829802;", REASON_BAD_FRAME },
	{ "no id", "imei:,tracker," HERE ";", REASON_NO_DEVICE },
	{ "no id in a login", "##,imei:,A;", REASON_NO_DEVICE },
};

START_TEST(refuses)
{
	int r = frame_refused(gps103, &nobody, bad[_i].frame, strlen(bad[_i].frame));
	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	const uint8_t *frame = (const uint8_t *)good[1].frame;
	size_t len = strlen(good[1].frame);

	scratch->positions_max = 0;
	ck_assert_int_eq(gps103->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 400; size++) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = gps103->decode(&nobody, frame, len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
}
END_TEST

static const struct {
	const char *why, *stream;
	ssize_t first;
} streams[] = {
	{ "two", "359586015829802;imei:3", 16 },
	{ "ends of all kinds", ";*\r\n imei:3", 5 },
	{ "a digit", "3", PROTOCOL_MORE },
	{ "an id and the beginning of a report", "359586015829802im", PROTOCOL_MORE },
	{ "a sharp", "#", PROTOCOL_MORE },
	{ "an id and something else", "359586015829802x", -REASON_BAD_FRAME },
	{ "digits without end", "12345678901234567890123456789012345678901234567890123456789012345",
		-REASON_BAD_FRAME },
	{ "another login", "##,IMEI:", -REASON_BAD_FRAME },
	{ "HTTP", "GET / HTTP/1.1\r\n", -REASON_BAD_FRAME },
};

START_TEST(a_stream)
{
	size_t len = strlen(streams[_i].stream);
	ssize_t first = gps103->frame(bytes_at_guard(streams[_i].stream, len), len, &decoding_limits);

	ck_assert_msg(first == streams[_i].first, "%s: %zd", streams[_i].why, first);
}
END_TEST

START_TEST(an_endless_frame)
{
	struct protocol_result result = frame_good(gps103, &nobody, "\r\n", 2);

	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	frame_endless(gps103, "imei:", '0');
	frame_endless(gps103, "##,imei:", '0');
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *frame, *answer;
} answers[] = {
	{ "##,imei:359586015829802,A;", "LOAD" },
	{ "359586015829802;", "ON" },
	{ "359586015829802" ID "tracker," HERE ";", "ON" },
	{ ID "help me," HERE ";", "**,imei:359586015829802,E;" },
	{ ID "help me!,,,L,,,113b,,558f,,,,,,,,,;", "**,imei:359586015829802,E;" },
	{ ID "tracker," HERE ";", "" },
	{ ";\n", "" },
};

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };

	frame_answered(gps103, &s, answers[_i].frame, answers[_i].answer);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gps103");
	TCase *t = tcase_create("gps103");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, a_login_names_a_device_and_no_position);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_loop_test(t, a_stream, 0, COUNT(streams));
	tcase_add_test(t, an_endless_frame);
	tcase_add_loop_test(t, is_answered, 0, COUNT(answers));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
