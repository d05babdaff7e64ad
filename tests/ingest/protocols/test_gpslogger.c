/* Source: ingest/protocols/gpslogger.c, query.c. Requests as https://gpslogger.app has them, and as its source fills in %ALL. */
#include "decoding.h"
#include "frames.h"
#include "requests.h"

#include "tests/lib/unit.h"

#include <string.h>

extern const struct protocol protocol_gpslogger;
static const struct protocol *const gpslogger = &protocol_gpslogger;
static const struct protocol_session none;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define TIME "2026-05-25T06:01:44.123Z "
#define PLACE "50.1703,-5.1138"

static const struct {
	const char *why, *target, *headers, *body, *want;
} good[] = {
	{ "the app's example", "/log?id=cat&lat=50.1703&longitude=-5.1138&time=2026-05-25T06:01:44.123Z&s=1.5", "",
		NULL, TIME PLACE " speed=1.5" },
	{ "all",
		"/?id=cat&lat=50.1703&lon=-5.1138&sat=12&desc=on+the+roof&alt=7.5&acc=4.5&dir=90.5&prov=gps&spd=1.5&"
		"timestamp=1779688904&timeoffset=2026-05-25T08:01:44.123%2B02:00&time=2026-05-25T06:01:44.123Z&"
		"starttimestamp=1779688000&date=2026-05-25&batt=87.0&ischarging=true&aid=a1b2c3&ser=XYZ&act=&"
		"filename=20260525&profile=Walks&hdop=0.9&vdop=1.1&pdop=1.4&dist=1234",
		"", NULL,
		TIME PLACE " speed=1.5 course=90.5 altitude=7.5 accuracy=4.5 battery=87 satellites=12 "
			   "description='on the roof' provider='gps' charging=true profile='Walks' hdop=0.9 vdop=1.1 "
			   "pdop=1.4 distance=1234" },
	{ "nothing to say of most",
		"/?id=cat&lat=50.1703&lon=-5.1138&sat=&alt=&acc=&dir=&spd=&time=2026-05-25T06:01:44.123Z&hdop=", "",
		NULL, TIME PLACE },
	{ "speed is in m/s", "/?id=cat&lat=50.1703&lon=-5.1138&time=2026-05-25T06:01:44.123Z&speed=10", "", NULL,
		TIME PLACE " speed=10" },
	{ "seconds", "/?id=cat&lat=50.1703&lon=-5.1138&timestamp=1779688904", "", NULL,
		"2026-05-25T06:01:44.000Z " PLACE },
	{ "milliseconds first", "/?id=cat&lat=50.1703&lon=-5.1138&time=2026-05-25T06:01:44.123Z&timestamp=1779688904",
		"", NULL, TIME PLACE },
	{ "milliseconds last", "/?id=cat&lat=50.1703&lon=-5.1138&timestamp=1779688904&time=2026-05-25T06:01:44.123Z",
		"", NULL, TIME PLACE },
	{ "no milliseconds after all", "/?id=cat&lat=50.1703&lon=-5.1138&time=&timestamp=1779688904", "", NULL,
		"2026-05-25T06:01:44.000Z " PLACE },
	{ "an offset, not a time", "/?id=cat&lat=50.1703&lon=-5.1138&timeoffset=%2B02:00&timestamp=1779688904", "",
		NULL, "2026-05-25T06:01:44.000Z " PLACE },
	{ "with an offset alone", "/?id=cat&lat=50.1703&lon=-5.1138&timewithoffset=2026-05-25T08:01:44.123%2B02:00", "",
		NULL, TIME PLACE },
	{ "a form", "/", FORM, "id=cat&lat=50.1703&lon=-5.1138&time=2026-05-25T06:01:44.123Z&bat=50",
		TIME PLACE " battery=50" },
	{ "a form and a query", "/?id=cat", FORM, "latitude=50.1703&lng=-5.1138&time=2026-05-25T06:01:44.123Z",
		TIME PLACE },
	{ "JSON", "/?id=cat", "Content-Type: application/json\r\n",
		"{\"lat\":50.1703,\"lon\":-5.1138,\"time\":\"2026-05-25T06:01:44.123Z\",\"charging\":false,\"more\":{"
		"\"a\":1},\"none\":null,"
		"\"name\":\"x\"}",
		TIME PLACE " charging=false name='x'" },
	{ "no place", "/?id=cat&batt=50&time=2026-05-25T06:01:44.123Z", "", NULL, TIME "- battery=50" },
	{ "nothing but who", "/?id=cat", "", NULL, "- -" },
};

START_TEST(reads)
{
	const char *got = frame_says(gpslogger, &none, request(good[_i].target, good[_i].headers, good[_i].body));

	ck_assert_msg(!strcmp(got, good[_i].want), "%s:\n  %s\nnot\n  %s", good[_i].why, got, good[_i].want);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	const char *text = request(good[_i].target, good[_i].headers, good[_i].body);

	frame_prefixes(gpslogger, &none, text, strlen(text), 0);
}
END_TEST

static const struct {
	const char *why, *target, *headers, *identifier, *secret;
} names[] = {
	{ "id", "/?id=cat", "", "cat", NULL },
	{ "device", "/?device=cat", "", "cat", NULL },
	{ "the Android id", "/?ser=XYZ&aid=a1b2", "", "a1b2", NULL },
	{ "the serial number", "/?aid=&ser=XYZ", "", "XYZ", NULL },
	{ "id before both", "/?aid=a1b2&id=cat&ser=XYZ", "", "cat", NULL },
	{ "as long as can be", "/?id=1234567890123456789012345678901234567890123456789012345678901234:s3", "",
		"1234567890123456789012345678901234567890123456789012345678901234", "s3" },
	{ "a secret", "/?id=cat&secret=s3", "", "cat", "s3" },
	{ "behind a colon", "/?id=cat:s3", "", "cat", "s3" },
	{ "Basic", "/?id=cat:no", "Authorization: Basic dTpzMw==\r\n", "cat", "s3" },
	{ "Bearer", "/?id=cat&secret=no", "Authorization: Bearer s3\r\n", "cat", "s3" },
};

START_TEST(who_it_is)
{
	const char *text = request(names[_i].target, names[_i].headers, NULL);
	struct protocol_result r = frame_good(gpslogger, &none, text, strlen(text));

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_str_eq(r.groups[0].identifier, names[_i].identifier);
	ck_assert_pstr_eq(r.groups[0].secret, names[_i].secret);
}
END_TEST

static const struct {
	const char *why, *target, *body;
	int reason;
} bad[] = {
	{ "nobody", "/?lat=50.1703&lon=-5.1138", NULL, REASON_NO_DEVICE },
	{ "nobody's name", "/?id=12345678901234567890123456789012345678901234567890123456789012345", NULL,
		REASON_UNKNOWN_DEVICE },
	{ "no name", "/?id=:s3", NULL, REASON_NO_DEVICE },
	{ "half a place", "/?id=cat&lat=50.1703", NULL, REASON_BAD_VALUE },
	{ "no such place", "/?id=cat&lat=90.1&lon=0", NULL, REASON_BAD_VALUE },
	{ "no such time", "/?id=cat&time=yesterday", NULL, REASON_BAD_VALUE },
	{ "not filled in", "/?id=cat&lat=%25LAT&lon=%25LON", NULL, REASON_BAD_VALUE },
	{ "JSON cut short", "/?id=cat", "{\"lat\":50.1703", REASON_BAD_FRAME },
	{ "JSON with more behind it", "/?id=cat", "{}{}", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	const char *text = request(bad[_i].target, "", bad[_i].body);
	int r = frame_refused(gpslogger, &none, text, strlen(text));

	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
}
END_TEST

START_TEST(answers)
{
	struct protocol_session s = { 0 };
	const char *text = request("/?id=cat", "", NULL);
	struct protocol_note note = frame_good(gpslogger, &none, text, strlen(text)).note;

	ck_assert_str_eq(frame_answer(gpslogger, &s, &note, 0),
		"HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Length: 0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(frame_answer(gpslogger, &s, &note, REASON_UNKNOWN_DEVICE), " 400 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(gpslogger, &s, &note, REASON_WRONG_SECRET), " 401 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(gpslogger, &s, &note, REASON_UNAVAILABLE), " 503 "));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gpslogger");
	TCase *t = tcase_create("gpslogger");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, who_it_is, 0, COUNT(names));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, answers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
