#include "base/text.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/teltonika.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const struct position fix = {
	.time_ms = 1498266237000,
	.lat_e7 = 501703150,
	.lon_e7 = -51138510,
	.speed_mps = 10,
	.course_deg = 359.6f,
	.altitude_m = 154.67f,
	.accuracy_m = 4.5f,
	.battery_pct = 71,
	.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
	       POSITION_BATTERY,
};

/* ---- Teltonika: the examples of "Teltonika Data Sending Protocols", codec 8 and codec 8 Extended ---- */

static const struct teltonika_io io_1[] = { { 21, 1, 3 }, { 1, 1, 1 }, { 66, 2, 24079 }, { 241, 4, 24602 },
	{ 78, 8, 0 } };
static const struct teltonika_io io_2[] = { { 21, 1, 3 }, { 1, 1, 1 }, { 66, 2, 24080 } };
static const struct teltonika_io io_3a[] = { { 1, 1, 0 } }, io_3b[] = { { 1, 1, 1 } };
static const struct teltonika_io io_8e[] = { { 1, 1, 1 }, { 17, 2, 29 }, { 16, 4, 22949000 }, { 11, 8, 893700218 },
	{ 14, 8, 500686954 } };

static const struct {
	enum teltonika_codec codec;
	const char *hex;
	size_t n;
	struct teltonika_record records[2];
} published[] = {
	{ TELTONIKA_8,
		"000000000000003608010000016b40d8ea30010000000000000000000000000000000105021503010101425e0f01f10000601a"
		"014e"
		"0000000000000000010000c7cf",
		1, { { .time_ms = 1560161086000, .priority = 1, .event = 1, .io = io_1, .io_n = 5 } } },
	{ TELTONIKA_8,
		"000000000000002808010000016b40d9ad80010000000000000000000000000000000103021503010101425e100000010000f2"
		"2a",
		1, { { .time_ms = 1560161136000, .priority = 1, .event = 1, .io = io_2, .io_n = 3 } } },
	{ TELTONIKA_8,
		"000000000000004308020000016b40d57b480100000000000000000000000000000001010101000000000000016b40d5c19801"
		"0000"
		"000000000000000000000000000101010101000000020000252c",
		2,
		{ { .time_ms = 1560160861000, .priority = 1, .event = 1, .io = io_3a, .io_n = 1 },
			{ .time_ms = 1560160879000, .priority = 1, .event = 1, .io = io_3b, .io_n = 1 } } },
	{ TELTONIKA_8E,
		"000000000000004a8e010000016b412cee000100000000000000000000000000000000010005000100010100010011001d0001"
		"0010"
		"015e2c880002000b000000003544c87a000e000000001dd7e06a00000100002994",
		1, { { .time_ms = 1560166592000, .priority = 1, .event = 1, .io = io_8e, .io_n = 5 } } },
};

START_TEST(published_frames)
{
	uint8_t frame[256];
	char hex[2 * sizeof frame + 1];
	size_t n = teltonika_frame(frame, sizeof frame, published[_i].codec, published[_i].records, published[_i].n);

	ck_assert_uint_gt(n, 0);
	text_hex(hex, frame, n);
	ck_assert_str_eq(hex, published[_i].hex);
	for (size_t size = 0; size < n; size++)
		ck_assert_uint_eq(
			teltonika_frame(frame, size, published[_i].codec, published[_i].records, published[_i].n), 0);
}
END_TEST

/* The same document: IMEI 356307042441013 as a tracker says it first. */
START_TEST(teltonika_login_frame)
{
	uint8_t frame[32];
	char hex[65];

	ck_assert_uint_eq(teltonika_login(frame, sizeof frame, "356307042441013"), 17);
	text_hex(hex, frame, 17);
	ck_assert_str_eq(hex, "000f333536333037303432343431303133");
	ck_assert_uint_eq(teltonika_login(frame, 16, "356307042441013"), 0);
	ck_assert_uint_eq(teltonika_login(frame, 1, "356307042441013"), 0);
}
END_TEST

/* A position as a record: units, signs, order. */
START_TEST(teltonika_position)
{
	const struct dialect *d = dialect_find("teltonika-8");
	uint8_t frame[256];
	char hex[512];
	size_t n = d->frame(frame, sizeof frame, "356307042441013", "", &fix, 1);

	text_hex(hex, frame, n - 4);
	ck_assert_str_eq(hex, "0000000000000023" /* length */
			      "08"
			      "01"
			      "0000015cd7a07848"
			      "00"
			      "fcf3b032"
			      "1de761ee"
			      "009b"
			      "0000"
			      "09"
			      "0024"
			      "00"
			      "01"
			      "01"
			      "7147"
			      "00"
			      "00"
			      "00" /* io: the battery's level */
			      "01");
}
END_TEST

START_TEST(the_most_records_fit)
{
	static struct position many[255];
	uint8_t frame[DIALECT_FRAME_MAX];

	for (size_t i = 0; i < 255; i++)
		many[i] = fix;
	ck_assert_uint_eq(
		dialect_find("teltonika-8")->frame(frame, sizeof frame, "", "", many, 255), 12 + 3 + 255 * 32);
	ck_assert_uint_eq(
		dialect_find("teltonika-8e")->frame(frame, sizeof frame, "", "", many, 255), 12 + 3 + 255 * 41);
}
END_TEST

/* ---- OsmAnd ---- */

START_TEST(osmand_request)
{
	const struct dialect *d = dialect_find("osmand");
	char request[1024];
	size_t n = d->frame((uint8_t *)request, sizeof request, "misty-1", "s3cret", &fix, 1);
	const char *wanted =
		"POST /?id=misty-1&timestamp=1498266237000&lat=50.170315&lon=-5.113851&speed=19.4384&bearing=359.6"
		"&altitude=154.7&accuracy=4.5&batt=71 HTTP/1.1\r\nHost: gateway\r\n"
		"Authorization: Bearer s3cret\r\nContent-Length: 0\r\n\r\n";

	ck_assert_uint_eq(n, strlen(wanted));
	ck_assert_str_eq(request, wanted);
	ck_assert_uint_eq(d->frame((uint8_t *)request, n, "misty-1", "s3cret", &fix, 1), 0);

	struct position bare = fix;
	bare.has = POSITION_LOCATION;
	d->frame((uint8_t *)request, sizeof request, "a", "b", &bare, 1);
	ck_assert_ptr_nonnull(
		strstr(request, "/?id=a&timestamp=1498266237000&lat=50.170315&lon=-5.113851 HTTP/1.1\r\n"));
}
END_TEST

/* ---- answers ---- */

#define OK "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:  2\r\n\r\nok"

static const struct {
	const char *dialect;
	bool greeting;
	size_t sent;
	const char *bytes;
	size_t n;
	enum reply_kind kind;
	size_t used, taken;
	bool last;
} answers[] = {
	{ "osmand", false, 1, OK, sizeof OK - 1, REPLY_TAKEN, sizeof OK - 1, 1, false },
	{ "osmand", false, 1, OK "HTTP", sizeof OK + 3, REPLY_TAKEN, sizeof OK - 1, 1, false },
	{ "osmand", false, 1, OK, sizeof OK - 2, REPLY_MORE, 0, 0, false },
	{ "osmand", false, 1, OK, 20, REPLY_MORE, 0, 0, false }, { "osmand", false, 1, OK, 0, REPLY_MORE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 204 No Content\r\n\r\n", 27, REPLY_TAKEN, 27, 1, false },
	{ "osmand", false, 1, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", 39, REPLY_REFUSED, 39, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 38, REPLY_REFUSED, 38, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", 38, REPLY_DENIED, 38, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", 38, REPLY_LATER, 38, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 57, REPLY_LATER, 57,
		0, true },
	{ "osmand", false, 1, "HTTP/1.1 200 OK\r\n\r\n", 19, REPLY_GARBAGE, 0, 0, false }, /* how long is it? */
	{ "osmand", false, 1, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 38, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 39, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", 42, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 xxx OK\r\nContent-Length: 0\r\n\r\n", 38, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 100 OK\r\nContent-Length: 0\r\n\r\n", 38, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "HTTP/1.1 \r\n\r\n", 13, REPLY_GARBAGE, 0, 0, false },
	{ "osmand", false, 1, "SSH-2.0-OpenSSH\r\n", 17, REPLY_GARBAGE, 0, 0, false },
	{ "teltonika-8", true, 0, "\x01", 1, REPLY_WELCOME, 1, 0, false },
	{ "teltonika-8", true, 0, "\x00", 1, REPLY_DENIED, 1, 0, false },
	{ "teltonika-8", true, 0, "\x02", 1, REPLY_GARBAGE, 1, 0, false },
	{ "teltonika-8", true, 0, "", 0, REPLY_MORE, 0, 0, false },
	{ "teltonika-8", false, 5, "\0\0\0\5", 4, REPLY_TAKEN, 4, 5, false },
	{ "teltonika-8", false, 5, "\0\0\0\3", 4, REPLY_TAKEN, 4, 3, false },
	{ "teltonika-8e", false, 5, "\0\0\0\5", 3, REPLY_MORE, 0, 0, false },
	{ "teltonika-8e", false, 5, "\0\0\0\0", 4, REPLY_LATER, 4, 0, false },
	{ "teltonika-8e", false, 5, "\0\0\0\6", 4, REPLY_GARBAGE, 0, 0, false }, /* more than were sent */
};

START_TEST(reads_answers)
{
	size_t n = answers[_i].n;
	uint8_t *exact = malloc(n ? n : 1);

	memcpy(exact, answers[_i].bytes, n);
	struct reply r = dialect_find(answers[_i].dialect)->read(exact, n, answers[_i].greeting, answers[_i].sent);
	free(exact);
	ck_assert_int_eq(r.kind, answers[_i].kind);
	ck_assert_int_eq(r.last, answers[_i].last);
	if (r.kind == REPLY_GARBAGE)
		return;
	ck_assert_uint_eq(r.used, answers[_i].used);
	ck_assert_uint_eq(r.taken, answers[_i].taken);
}
END_TEST

START_TEST(an_endless_head_is_garbage)
{
	static uint8_t head[9000];

	memset(head, 'x', sizeof head);
	memcpy(head, "HTTP/1.1 200 OK\r\n", 17);
	ck_assert_int_eq(dialect_find("osmand")->read(head, sizeof head, false, 1).kind, REPLY_GARBAGE);
}
END_TEST

START_TEST(the_table)
{
	ck_assert_ptr_null(dialect_find("teltonika"));
	ck_assert_str_eq(dialect_find("teltonika-8e")->name, "teltonika-8e");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect");
	TCase *c = tcase_create("dialect");

	tcase_add_loop_test(c, published_frames, 0, LENGTH(published));
	tcase_add_test(c, teltonika_login_frame);
	tcase_add_test(c, teltonika_position);
	tcase_add_test(c, the_most_records_fit);
	tcase_add_test(c, osmand_request);
	tcase_add_loop_test(c, reads_answers, 0, LENGTH(answers));
	tcase_add_test(c, an_endless_head_is_garbage);
	tcase_add_test(c, the_table);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
