/* Source: ingest/protocols/t55.c, t55_sentence.c. Vectors: examples of NMEA 0183, and sentences made here. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_t55;
static const struct protocol *const t55 = &protocol_t55;
static const struct protocol_session nobody, known = { .identifier = "350030950116536" };

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PLACE "5010.2180,N,00506.8281,W"
#define RMC "GPRMC,060144.000,A," PLACE ",1.00,90.0,250526,,,A"
#define GGA "GPGGA,060144.000," PLACE ",1,07,1.5,15.4,M,47.0,M,,"
#define GLL "GPGLL," PLACE ",060144.000,A,A"
#define FIX "2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=0.514444 course=90"
#define SEEN "50.1703,-5.1138017"

/* @body with what it takes to be a line: "$", the checksum, a line end. Valid until the next call. */
static const char *line(const char *body)
{
	static char buf[1024];
	uint8_t sum = 0;

	for (const char *c = body; *c; c++)
		sum = (uint8_t)(sum ^ *c);
	snprintf(buf, sizeof buf, "$%s*%02X\r", body, sum);
	return buf;
}

static const struct {
	const char *why, *body, *want;
} good[] = {
	{ "recommended minimum", RMC, FIX },
	{ "of another talker", "GNRMC,060144.90,A," PLACE ",1.00,90.0,250526,,,A,V",
		"2026-05-25T06:01:44.900Z " SEEN " speed=0.514444 course=90" },
	{ "neither speed nor course", "GPRMC,060144,A," PLACE ",,,250526,,", "2026-05-25T06:01:44.000Z " SEEN },
	{ "not valid: the last place", "GPRMC,060144,V," PLACE ",0.00,0.0,250526,,",
		"2026-05-25T06:01:44.000Z " SEEN " invalid speed=0 course=0" },
	{ "no place", "GPRMC,060144,V,,,,,,,250526,,,N", "2026-05-25T06:01:44.000Z -" },
	{ "neither place nor time", "GPRMC,,V,,,,,,,,,,N", "- -" },
	{ "a fix without a date", GGA, "- " SEEN " altitude=15.4 satellites=7 hdop=1.5" },
	{ "no fix", "GPGGA,060144.000,,,,,0,00,99.9,,,,,,", "- - satellites=0" },
	{ "a place without a date", GLL, "- " SEEN },
	{ "u-blox", "PUBX,00,060144.00," PLACE ",15.4,G3,2.1,2.0,3.60,90.00,0.0,,0.92,1.19,0.77,9,0,0",
		"- " SEEN " speed=1 course=90 altitude=15.4 accuracy=2.1 satellites=9 hdop=0.92" },
	{ "u-blox, no fix", "PUBX,00,060144.00," PLACE ",15.4,NF,5303302,3750001,0.0,0.0,0.0,,99.99,99.99,99.99,0,0,0",
		"- " SEEN " invalid speed=0 course=0 altitude=15.4 accuracy=5.3033e+06 satellites=0 hdop=99.99" },
	{ "u-blox, no fix and no place",
		"PUBX,00,060144.00,0000.0000,N,00000.0000,E,15.4,NF,99,99,1.0,0.0,0.0,,99.99,99.99,99.99,0,0,0",
		"- - satellites=0" },
	{ "no quality", "GPGGA,060144.000," PLACE ",,00,1.5,15.4,M,47.0,M,,",
		"- " SEEN " invalid altitude=15.4 satellites=0 hdop=1.5" },
	{ "inputs", "GPIOP,01000000,00000000,0.25,0.50,0.00,0.00,4.69,4.24",
		"- - analog1=0.25 analog2=0.5 analog3=0 analog4=0 externalVoltage=4.69 batteryVoltage=4.24" },
	{ "network", "GPTXT,NET,1003,A1,-53,232 01", "- - operator='A1' gsmSignal=-53" },
	{ "tags",
		"ID,350030950116536,4,WMCS-34,0,IOP,O,0x01,I,0x00,GPSEX,A,D,250526,T,060144,S,9:5,La,50.1703,S,Lo,5."
		"1138,W,DD,0",
		"2026-05-25T06:01:44.000Z -50.1703,-5.1138 satellites=5" },
	{ "tags, no fix", "ID,350030950116536,GPSEX,V,D,250526,T,060144,S,9:0",
		"2026-05-25T06:01:44.000Z - satellites=0" },
	{ "connected", "CONNECT,350030950116536,NETWORK,\"Ben NL\",RO,001,LAC,B02C,CID,521B,V,120.69",
		"- - cells='0,0,45100,21019'" },
};

START_TEST(reads)
{
	const char *says = frame_says(t55, &known, line(good[_i].body));
	ck_assert_msg(!strcmp(says, good[_i].want), "%s: %s", good[_i].why, says);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	const char *text = line(good[_i].body);
	frame_prefixes(t55, &known, text, strlen(text), 0);
}
END_TEST

/* ---- whose it is ---- */

static const struct {
	const char *line, *id;
} names[] = {
	{ "$PGID,350030950116536\r", "350030950116536" },
	{ "$DEVID,0x0103846677F21422\r", "0x0103846677F21422" },
	{ "$PCPTI,CradlepointID,more\r", "CradlepointID" },
	{ "$GPFID,350030950116536\n", "350030950116536" },
	{ "$IMEI,350030950116536\n", "350030950116536" },
	{ "IMEI 350030950116536\n", "350030950116536" },
	{ "IMEI=350030950116536\n", "350030950116536" },
	{ "350030950116536\n", "350030950116536" },
	{ "my_pet-1\n", "my_pet-1" },
	{ "1234567890123456789\n", "1234567890123456789" },
};

START_TEST(is_named_once)
{
	struct protocol_session s = { .state = { 1, 2, 3 } };
	size_t len = strlen(names[_i].line);
	struct protocol_result result = frame_good(t55, &s, names[_i].line, len);

	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.groups[0].n, 0);
	ck_assert_str_eq(result.groups[0].identifier, names[_i].id);
	struct protocol_note note = result.note;
	ck_assert_str_eq(frame_answer(t55, &s, &note, REASON_UNKNOWN_DEVICE), " (close)");
	ck_assert_str_eq(frame_answer(t55, &s, &note, REASON_UNAVAILABLE), " (close)");
	ck_assert_str_eq(s.identifier, "");
	ck_assert_str_eq(frame_answer(t55, &s, &note, 0), "");
	ck_assert_str_eq(s.identifier, names[_i].id);
	ck_assert_uint_eq(s.state[0], 0); /* what was remembered was somebody else's */
	result = frame_good(t55, &s, line(RMC), strlen(line(RMC)));
	ck_assert_str_eq(result.groups[0].identifier, names[_i].id);
	frame_prefixes(t55, &s, names[_i].line, len, 0);
}
END_TEST

static const struct {
	const char *line, *id;
} prefixed[] = {
	{ "660420156A0066AA$" RMC "\r", "660420156A0066AA" },
	{ "660420156A0066AA,$" RMC "\r", "660420156A0066AA" },
	{ "660420156A0066AA/$" RMC "\r", "660420156A0066AA" },
};

START_TEST(is_named_in_front)
{
	struct protocol_session s = known;
	struct protocol_result result = frame_good(t55, &s, prefixed[_i].line, strlen(prefixed[_i].line));

	ck_assert_str_eq(result.groups[0].identifier, prefixed[_i].id);
	ck_assert_str_eq(frame_summary(result.positions), FIX);
	frame_answer(t55, &s, &result.note, 0);
	ck_assert_mem_eq(&s, &known, sizeof s); /* of the others on the connection nothing changes */
}
END_TEST

START_TEST(a_sentence_that_names_itself_goes_on_doing_so)
{
	struct protocol_session s = { 0 };
	const char *text = line("CONNECT,350030950116536,NETWORK,x,LAC,B02C,CID,521B");
	struct protocol_result result = frame_good(t55, &s, text, strlen(text));

	ck_assert_uint_eq(result.positions_n, 1);
	frame_answer(t55, &s, &result.note, 0);
	ck_assert_str_eq(s.identifier, "350030950116536");
	text = line("GPTXT,NET,1003,A1,-53,232 01");
	ck_assert_str_eq(frame_good(t55, &s, text, strlen(text)).groups[0].identifier, "350030950116536");
	ck_assert_str_eq(frame_good(t55, &nobody, text, strlen(text)).groups[0].identifier, "1003");
}
END_TEST

/* ---- several sentences of one moment ---- */

static struct protocol_result say(struct protocol_session *s, const char *body)
{
	const char *text = line(body);
	struct protocol_result result = frame_good(t55, s, text, strlen(text));

	ck_assert_str_eq(frame_answer(t55, s, &result.note, 0), "");
	return result;
}

static void expect(struct protocol_session *s, const char *body, const char *want)
{
	struct protocol_result result = say(s, body);

	ck_assert_uint_eq(result.positions_n, *want ? 1 : 0);
	if (*want)
		ck_assert_str_eq(frame_summary(result.positions), want);
}

START_TEST(the_second_sentence_of_a_moment_is_no_second_fix)
{
	struct protocol_session s = known;

	expect(&s, RMC, FIX);
	expect(&s, GGA, "");
	expect(&s, GLL, "");
	expect(&s, RMC, FIX " altitude=15 satellites=7"); /* GGA came first */
	expect(&s, RMC, FIX); /* lent once */
	expect(&s, "GPGGA,060146.000," PLACE ",1,07,1.5,15.4,M,47.0,M,,", "");
	expect(&s, RMC, FIX); /* of another moment */
	expect(&s, "GPGGA,060144.000," PLACE ",0,07,1.5,15.4,M,47.0,M,,", "");
	expect(&s, RMC, FIX); /* not of a fix */
	expect(&s, "GPGGA,060144.000," PLACE ",1,07,1.5,32768,M,47.0,M,,", "");
	expect(&s, RMC, FIX); /* too high to be kept */
	expect(&s, "GPGGA,060144.000," PLACE ",1,256,1.5,15.4,M,47.0,M,,", "");
	expect(&s, RMC, FIX); /* too many to be kept */
	expect(&s, "GPGGA,062159.000," PLACE ",1,07,1.5,15.4,M,47.0,M,,", ""); /* 20 minutes apart at most, and a bit */
}
END_TEST

START_TEST(without_an_rmc_of_late_it_is_a_fix_of_that_day)
{
	struct protocol_session s = known;

	expect(&s, RMC, FIX);
	expect(&s, "GPGGA,070000.000," PLACE ",1,07,1.5,15.4,M,47.0,M,,",
		"2026-05-25T07:00:00.000Z " SEEN " altitude=15.4 satellites=7 hdop=1.5");
	expect(&s, "GPGLL," PLACE ",180000,A,A", "2026-05-25T18:00:00.000Z " SEEN);
	expect(&s, "GPRMC,235959,A," PLACE ",,,250526,,", "2026-05-25T23:59:59.000Z " SEEN);
	expect(&s, "GPGLL," PLACE ",000500,A,A", "");
	expect(&s, "GPGLL," PLACE ",010000,A,A", "2026-05-26T01:00:00.000Z " SEEN);
	expect(&s, "GPRMC,,V,,,,,,,,,,N", "- -"); /* forgets nothing */
	expect(&s, "GPGLL," PLACE ",010000,A,A", "2026-05-26T01:00:00.000Z " SEEN);
}
END_TEST

START_TEST(others_are_passed_over)
{
	static const char *const bodies[] = { "GPGSV,3,1,11,03,03,111,00", "GPGSA,A,3,19,28,14", "GPVTG,90.0,T",
		"PUBX,03,2", "GPTXT,01,01,02,u-blox", "", "XXXXXX" };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct protocol_session s = { 0 };
		struct protocol_result result = say(&s, bodies[i]);
		ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	}
	struct protocol_result result = frame_good(t55, &nobody, "\r\n", 2);
	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
}
END_TEST

/* ---- refusals: each is good but for one thing ---- */

static const struct {
	const char *why, *line;
	int reason;
} bad[] = {
	{ "checksum", "$" RMC "*00\r", REASON_BAD_CHECKSUM },
	{ "half a checksum", "$GPTXT,NET,1003,A1,-53,232 01*7\r", REASON_BAD_CHECKSUM },
	{ "a checksum that is none", "$GPTXT,NET,1003,A1,-53,232 01*7x\r", REASON_BAD_CHECKSUM },
	{ "latitude", "$GPRMC,060144.000,A,9010.2180,N,00506.8281,W,1.00,90.0,250526,,,A\r", REASON_BAD_VALUE },
	{ "hemisphere", "$GPRMC,060144.000,A,5010.2180,W,00506.8281,N,1.00,90.0,250526,,,A\r", REASON_BAD_VALUE },
	{ "no place", "$GPRMC,060144.000,A,,,,,1.00,90.0,250526,,,A\r", REASON_BAD_VALUE },
	{ "date", "$GPRMC,060144.000,A," PLACE ",1.00,90.0,310426,,,A\r", REASON_BAD_VALUE },
	{ "time", "$GPRMC,240144.000,A," PLACE ",1.00,90.0,250526,,,A\r", REASON_BAD_VALUE },
	{ "time of GGA", "$GPGGA,250144.000," PLACE ",1,07,1.5,15.4,M,47.0,M,,\r", REASON_BAD_VALUE },
	{ "latitude of GGA", "$GPGGA,060144.000,5060.2180,N,00506.8281,W,1,07,1.5,15.4,M,47.0,M,,\r",
		REASON_BAD_VALUE },
	{ "time of GLL", "$GPGLL," PLACE ",,A,A\r", REASON_BAD_VALUE },
	{ "longitude of GLL", "$GPGLL,5010.2180,N,18100.0000,W,060144,A,A\r", REASON_BAD_VALUE },
	{ "time of PUBX", "$PUBX,00,0601," PLACE "x,15.4,G3,2.1,2.0,3.60,90.00,0.0,,0.92,1.19,0.77,9,0,0\r",
		REASON_BAD_VALUE },
	{ "latitude of tags", "$ID,350030950116536,GPSEX,A,D,250526,T,060144,La,95.1,N,Lo,5.1138,W\r",
		REASON_BAD_VALUE },
	{ "a name of nobody", "$PGID,\r", REASON_NO_DEVICE },
	{ "a name too long", "$PGID,12345678901234567890\r", REASON_UNKNOWN_DEVICE },
	{ "no name", "abc\r", REASON_BAD_FRAME },
	{ "HTTP", "GET / HTTP/1.1\r", REASON_BAD_FRAME },
	{ "something in front", "a b c d e$" RMC "\r", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	int r = frame_refused(t55, &known, bad[_i].line, strlen(bad[_i].line));
	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

/* Every byte that the checksum covers. */
START_TEST(refuses_what_was_changed_on_the_way)
{
	char copy[128];
	const char *text = line(RMC);
	size_t len = strlen(text);

	for (size_t i = 1; i < len - 4; i++) {
		memcpy(copy, text, len);
		copy[i] ^= 1;
		if (copy[i] != '*' && copy[i] != '$')
			ck_assert_int_eq(frame_refused(t55, &known, copy, len), REASON_BAD_CHECKSUM);
	}
}
END_TEST

START_TEST(refuses_what_the_session_or_the_scratch_does_not_allow)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	const char *text = line(GGA);
	size_t len = strlen(text);

	ck_assert_int_eq(frame_refused(t55, &nobody, text, len), REASON_NO_DEVICE);
	scratch->positions_max = 0;
	ck_assert_int_eq(t55->decode(&known, (const uint8_t *)text, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 400; size++) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = t55->decode(&known, (const uint8_t *)text, len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
	ck_assert_int_eq(t55->frame((const uint8_t *)"\x01", 1, &decoding_limits), -REASON_BAD_FRAME);
	frame_endless(t55, "$GPRMC,", '0');
	frame_endless(t55, "IMEI", '0');
}
END_TEST

START_TEST(a_refused_sentence_does_not_end_the_connection)
{
	struct protocol_session s = known;

	ck_assert_str_eq(frame_answer(t55, &s, &(struct protocol_note){ 0 }, REASON_BAD_CHECKSUM), "");
	ck_assert_str_eq(frame_answer(t55, &s, &(struct protocol_note){ 0 }, REASON_BAD_FRAME), " (close)");
	ck_assert_mem_eq(&s, &known, sizeof s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("t55");
	TCase *t = tcase_create("t55");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, is_named_once, 0, COUNT(names));
	tcase_add_loop_test(t, is_named_in_front, 0, COUNT(prefixed));
	tcase_add_test(t, a_sentence_that_names_itself_goes_on_doing_so);
	tcase_add_test(t, the_second_sentence_of_a_moment_is_no_second_fix);
	tcase_add_test(t, without_an_rmc_of_late_it_is_a_fix_of_that_day);
	tcase_add_test(t, others_are_passed_over);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_was_changed_on_the_way);
	tcase_add_test(t, refuses_what_the_session_or_the_scratch_does_not_allow);
	tcase_add_test(t, a_refused_sentence_does_not_end_the_connection);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
