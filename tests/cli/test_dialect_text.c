#include "base/text.h"
#include "replies.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))
#define IMEI "356307042441013"

/* ---- what is said ---- */

#define LINK "*HQ," IMEI ",LINK,010357,31,9,71,0,0,240617,FFFFFBFF#"
#define V1 "*HQ," IMEI ",V1,010357,A,5010.2189,N,00506.8311,W,19.44,359.60,240617,FFFFFBFF#"
#define UD "240617,010357,A,50.1703150,N,5.1138510,W,36.00,359.6,154.7,9,100,71,0,0,00000000,0,0,0,4.5]"
#define LK "[3G*" IMEI "*0009*LK,0,0,71]"
#define FRI "1,36.0,0,154.7,-5.113851,50.170315,20170624010357,,,,,,"
#define COBAN "imei:" IMEI ",tracker,170624010357,,F,010357.000,A,5010.21890,N,00506.83106,W,19.44,359.60,154.7,;"
#define BR00 "(" IMEI "BR00170624A5010.2189N00506.8311W036.0010357359.6010000000L00000000)"
#define BP00 "(" IMEI "BP00" IMEI "HSO)"
#define RMC "$GPRMC,010357.000,A,5010.21890,N,00506.83106,W,19.44,359.60,240617,,,A*42\r\n"

static const struct {
	const char *dialect;
	size_t n; /* 0: the login */
	const char *wanted;
} said[] = {
	{ "h02", 1, LINK V1 },
	{ "h02", 2, LINK V1 V1 },
	{ "watch", 0, "[3G*" IMEI "*0002*LK]" },
	{ "watch", 1, "[3G*" IMEI "*005D*UD," UD LK },
	{ "watch", 2, "[3G*" IMEI "*005E*UD2," UD "[3G*" IMEI "*005D*UD," UD LK },
	{ "gl200", 1, "+RESP:GTFRI,020102," IMEI ",,0,0,1," FRI "71,20170624010357,BA7D$" },
	{ "gl200", 2, "+RESP:GTFRI,020102," IMEI ",,0,0,2," FRI FRI "71,20170624010357,BA7D$" },
	{ "gps103", 0, "##,imei:" IMEI ",A;" },
	{ "gps103", 1, COBAN IMEI ";" },
	{ "gps103", 2, COBAN COBAN IMEI ";" },
	{ "tk103", 0, BP00 },
	{ "tk103", 1, BR00 BP00 },
	{ "tk103", 2, BR00 BR00 BP00 },
	{ "t55", 0, "$PGID," IMEI "*07\r\n" },
	{ "t55", 1, RMC },
	{ "t55", 2, RMC RMC },
};

START_TEST(says)
{
	ck_assert_str_eq(replies_frame(said[_i].dialect, IMEI, said[_i].n), said[_i].wanted);
}
END_TEST

/* What the frame of one position says, until the next call. */
static const char *frame_of(const char *dialect, const char *identifier, const struct position *p)
{
	static char out[1024];
	size_t n = dialect_find(dialect)->frame((uint8_t *)out, sizeof out - 1, identifier, "", p, 1);

	ck_assert_uint_gt(n, 0);
	out[n] = '\0';
	return out;
}

/* South, east, in the small hours of a year, at the end of a second, with no other field. */
static const struct {
	const char *dialect, *wanted;
} bare[] = {
	{ "h02", "*HQ,cat123456789,V1,000001,A,0000.0006,S,00000.0060,E,0.00,0.00,010126,FFFFFBFF#" },
	{ "watch", "[3G*cat123456789*0051*UD,010126,000001,A,0.0000100,S,0.0001000,E,0.00,0.0,0.0,9,100,,0,0,00000000,"
		   "0,0,0][3G*cat123456789*0002*LK]" },
	{ "gl200", "+RESP:GTFRI,020102,cat123456789,,0,0,1,1,,,,0.000100,-0.000010,20260101000001,,,,,,,20260101000001,"
		   "B901$" },
	{ "gps103", "imei:cat123456789,tracker,260101000001,,F,000001.999,A,0000.00060,S,00000.00600,E,,,,;"
		    "cat123456789;" },
	{ "tk103", "(cat123456789BR00260101A0000.0006S00000.0060E000.0000001000.0010000000L00000000)"
		   "(cat123456789BP00cat123456789HSO)" },
	{ "t55", "$GPRMC,000001.999,A,0000.00060,S,00000.00600,E,,,010126,,,A*7F\r\n" },
};

START_TEST(says_what_is_known)
{
	const struct position p = {
		.time_ms = 1767225601999,
		.lat_e7 = -100,
		.lon_e7 = 1000,
		.has = POSITION_LOCATION,
	};

	ck_assert_str_eq(frame_of(bare[_i].dialect, "cat123456789", &p), bare[_i].wanted);
}
END_TEST

/* Fields of a fixed width stay so; what is rounded up to 360 degrees or 60 minutes is carried. */
START_TEST(says_what_is_at_the_bounds)
{
	struct position p = replies_fix;

	p.lat_e7 = 899999999;
	p.lon_e7 = -1799999999;
	p.speed_mps = 1000;
	p.course_deg = 359.999f;
	ck_assert_ptr_nonnull(strstr(frame_of("tk103", IMEI, &p), "A9000.0000N18000.0000W999.9010357000.00"));
	ck_assert_ptr_nonnull(strstr(frame_of("h02", IMEI, &p), ",9000.0000,N,18000.0000,W,1943.84,0.00,"));
	ck_assert_ptr_nonnull(strstr(frame_of("t55", IMEI, &p), ",8959.99999,N,17959.99999,W,1943.84,0.00,"));
	ck_assert_ptr_nonnull(strstr(frame_of("watch", IMEI, &p), ",89.9999999,N,179.9999999,W,3600.00,0.0,"));
	ck_assert_ptr_nonnull(strstr(frame_of("gl200", IMEI, &p), ",1,3600.0,0,154.7,-180.000000,90.000000,"));
}
END_TEST

/* ---- Meitrack ---- */

#define CCC                                                                                                            \
	"2c"                                                                                                           \
	"333536333037303432343431303133"                                                                               \
	"2c"                                                                                                           \
	"434343"                                                                                                       \
	"2c"
#define CCC_HEAD                                                                                                       \
	"0100"                                                                                                         \
	"3400"                                                                                                         \
	"00000000"
#define CCC_RECORD                                                                                                     \
	"23"                                                                                                           \
	"cb89fd02"                                                                                                     \
	"05f8b1ff"                                                                                                     \
	"fd76e020"                                                                                                     \
	"01"                                                                                                           \
	"09"                                                                                                           \
	"19"                                                                                                           \
	"2400"                                                                                                         \
	"0000"                                                                                                         \
	"0a00"                                                                                                         \
	"9b00"                                                                                                         \
	"00000000"                                                                                                     \
	"00000000"                                                                                                     \
	"0000"                                                                                                         \
	"0000"                                                                                                         \
	"0000"                                                                                                         \
	"0000"                                                                                                         \
	"0000"                                                                                                         \
	"0000"                                                                                                         \
	"8f01"                                                                                                         \
	"0000"                                                                                                         \
	"00000000"

START_TEST(meitrack_records)
{
	ck_assert_str_eq(replies_frame_hex("meitrack", IMEI, 1), "24244e"
								 "3836" CCC CCC_HEAD CCC_RECORD "2a"
								 "4244"
								 "0d0a"); /* N, 86 */
	ck_assert_str_eq(replies_frame_hex("meitrack", IMEI, 2), "24244e"
								 "313338" CCC CCC_HEAD CCC_RECORD CCC_RECORD "2a"
								 "4644"
								 "0d0a"); /* 138 */
}
END_TEST

START_TEST(meitrack_other_place)
{
	struct position p = replies_fix;
	uint8_t frame[128];
	char hex[2 * 52 + 1];

	p.lat_e7 = -p.lat_e7;
	p.lon_e7 = -p.lon_e7;
	p.altitude_m = -12;
	p.has &= ~(uint32_t)(POSITION_BATTERY | POSITION_COURSE | POSITION_SPEED);
	ck_assert_uint_eq(dialect_find("meitrack")->frame(frame, sizeof frame, IMEI, "", &p, 1), 91);
	text_hex(hex, frame + 34, 52);
	ck_assert_str_eq(hex, "23"
			      "357602fd"
			      "fb074e00"
			      "fd76e020"
			      "01"
			      "09"
			      "19"
			      "0000"
			      "0000"
			      "0a00"
			      "f4ff"
			      "00000000"
			      "00000000"
			      "0000"
			      "0000"
			      "0000"
			      "0000"
			      "0000"
			      "0000"
			      "0000"
			      "0000"
			      "00000000");
}
END_TEST

/* ---- room ---- */

static const char *const names[] = { "h02", "watch", "gl200", "gps103", "tk103", "t55", "meitrack" };

/* With the longest identifier, at the end of all scales. */
START_TEST(the_most_records_fit)
{
	static char identifier[DIALECT_IDENTIFIER_MAX + 1];
	static uint8_t out[DIALECT_FRAME_MAX];
	const struct dialect *d = dialect_find(names[_i]);
	struct position many[20], p = replies_fix;

	memset(identifier, 'i', DIALECT_IDENTIFIER_MAX);
	p.lat_e7 = -899999999;
	p.lon_e7 = -1799999999;
	p.speed_mps = p.altitude_m = p.accuracy_m = 1e6f;
	ck_assert_uint_le(d->records_max, 20);
	for (size_t i = 0; i < d->records_max; i++)
		many[i] = p;
	ck_assert_uint_gt(d->frame(out, sizeof out, identifier, "", many, d->records_max), 0);
	if (d->login)
		ck_assert_uint_gt(d->login(out, DIALECT_LOGIN_MAX, identifier), 0);
}
END_TEST

/* ---- answers ---- */

#define V4 "*HQ," IMEI ",V4,V1,20170624010358#"
#define LK2 "[3G*" IMEI "*0002*LK]"

static const struct reply_case answers[] = {
	{ "one", "h02", false, 1, V4, false, REPLY_TAKEN, 0, 1, false },
	{ "with more", "h02", false, 1, V4 V4, false, REPLY_TAKEN, sizeof V4 - 1, 1, false },
	{ "each", "h02", false, 3, V4 V4 V4, false, REPLY_TAKEN, 0, 3, false },
	{ "of a name", "h02", false, 1, "*HQ,cat1,V4,V1,20170624010358#", false, REPLY_TAKEN, 0, 1, false },
	{ "to the heartbeat", "h02", false, 1, "*HQ," IMEI ",HTBT#", false, REPLY_GARBAGE, 0, 0, false },
	{ "to another kind", "h02", false, 1, "*HQ," IMEI ",V4,NBR,20170624010358#", false, REPLY_GARBAGE, 0, 0,
		false },
	{ "no name", "h02", false, 1, "*HQ,,V4,V1,20170624010358#", false, REPLY_GARBAGE, 0, 0, false },
	{ "no digit", "h02", false, 1, "*HQ," IMEI ",V4,V1,2017062401035x#", false, REPLY_GARBAGE, 0, 0, false },
	{ "no end", "h02", false, 1, "*HQ," IMEI ",V4,V1,201706240103580", false, REPLY_GARBAGE, 0, 0, false },
	{ "the second is none", "h02", false, 2, V4 "x", false, REPLY_GARBAGE, 0, 0, false },

	{ "hello", "watch", true, 0, LK2, false, REPLY_WELCOME, 0, 0, false },
	{ "places", "watch", false, 7, LK2, false, REPLY_TAKEN, 0, 7, false },
	{ "other maker", "watch", false, 7, "[SG*" IMEI "*0002*LK]", false, REPLY_GARBAGE, 0, 0, false },
	{ "other kind", "watch", false, 7, "[3G*" IMEI "*0003*TKQ]", false, REPLY_GARBAGE, 0, 0, false },

	{ "count", "gl200", false, 15, "+SACK:BA7D$", false, REPLY_TAKEN, 0, 15, false },
	{ "small digits", "gl200", false, 1, "+SACK:ba7d$", false, REPLY_TAKEN, 0, 1, false },
	{ "no hex", "gl200", false, 1, "+SACK:BA7G$", false, REPLY_GARBAGE, 0, 0, false },
	{ "to a heartbeat", "gl200", false, 1, "+SACK:GTHBD,020102,BA7D$", false, REPLY_GARBAGE, 0, 0, false },

	{ "hello", "gps103", true, 0, "LOAD", false, REPLY_WELCOME, 0, 0, false },
	{ "places", "gps103", false, 4, "ON", false, REPLY_TAKEN, 0, 4, false },
	{ "hello again", "gps103", false, 4, "LOAD", false, REPLY_GARBAGE, 0, 0, false },
	{ "places, not asked", "gps103", true, 0, "ON", false, REPLY_GARBAGE, 0, 0, false },

	{ "hello", "tk103", true, 0, "(" IMEI "AP01HSO)", false, REPLY_WELCOME, 0, 0, false },
	{ "places", "tk103", false, 4, "(013612345678AP01HSO)", false, REPLY_TAKEN, 0, 4, false },
	{ "a name like the answer", "tk103", false, 4, "(AP01HSAP01HSAP01HSO)", false, REPLY_TAKEN, 0, 4, false },
	{ "to the other login", "tk103", true, 0, "(" IMEI "AP05)", false, REPLY_GARBAGE, 0, 0, false },
	{ "no name", "tk103", true, 0, "(AP01HSO)", false, REPLY_GARBAGE, 0, 0, false },
	{ "an endless name", "tk103", true, 0,
		"(0123456789012345678901234567890123456789012345678901234567890123456789", false, REPLY_GARBAGE, 0, 0,
		false },

	{ "all", "meitrack", false, 2, "@@F27," IMEI ",CCC,2*D3\r\n", false, REPLY_TAKEN, 0, 2, false },
	{ "most", "meitrack", false, 20, "@@A27," IMEI ",CCC,2*CE\r\n@", false, REPLY_TAKEN, 1, 2, false },
	{ "twenty", "meitrack", false, 20, "@@A28," IMEI ",CCC,20*FF\r\n", false, REPLY_TAKEN, 0, 20, false },
	{ "none", "meitrack", false, 2, "@@F27," IMEI ",CCC,0*D1\r\n", false, REPLY_LATER, 0, 0, false },
	{ "too many", "meitrack", false, 2, "@@F27," IMEI ",CCC,3*D4\r\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "wrong sum", "meitrack", false, 2, "@@F27," IMEI ",CCC,2*D4\r\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "wrong length", "meitrack", false, 2, "@@F26," IMEI ",CCC,2*D2\r\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "a tracker's", "meitrack", false, 2, "$$F27," IMEI ",CCC,2*9B\r\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "another command", "meitrack", false, 2, "@@F27," IMEI ",AAA,2*CD\r\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "no carriage return", "meitrack", false, 2, "@@F27," IMEI ",CCC,2*D3\n", false, REPLY_GARBAGE, 0, 0, false },
	{ "with a nought more", "meitrack", false, 2, "@@F28," IMEI ",CCC,02*04\r\n", false, REPLY_GARBAGE, 0, 0,
		false },
};

START_TEST(reads_answers)
{
	replies_check(&answers[_i]);
	replies_check_beginnings(&answers[_i]);
}
END_TEST

START_TEST(an_endless_answer_is_garbage)
{
	static uint8_t answer[4096];

	memset(answer, '7', sizeof answer);
	memcpy(answer, "@@F27,", 6);
	ck_assert_int_eq(dialect_find("meitrack")->read(answer, sizeof answer, false, 1).kind, REPLY_GARBAGE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect_text");
	TCase *c = tcase_create("dialect_text");

	tcase_add_loop_test(c, says, 0, LENGTH(said));
	tcase_add_loop_test(c, says_what_is_known, 0, LENGTH(bare));
	tcase_add_test(c, says_what_is_at_the_bounds);
	tcase_add_test(c, meitrack_records);
	tcase_add_test(c, meitrack_other_place);
	tcase_add_loop_test(c, the_most_records_fit, 0, LENGTH(names));
	tcase_add_loop_test(c, reads_answers, 0, LENGTH(answers));
	tcase_add_test(c, an_endless_answer_is_garbage);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
