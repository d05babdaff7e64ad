/* Source: ingest/protocols/tk103.c. Vectors: the document's examples, and frames made here from it. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_tk103;
static const struct protocol *const tk103 = &protocol_tk103;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BLOCK "260525A5010.2180N00506.8281W003.6060144090.00"
#define FIX "2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=1 course=90"
#define FIELDS "250526,A,5010.2180N,00506.8281W,3.6,060144,90.00"

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "the document's example",
		"(013612345678BP05000013612345678080524A2232.9806N11404.9355E000.1101241323.8700000000L000450AC)",
		"2008-05-24T10:12:41.000Z 22.5496767,114.0822583 speed=0.0277778 course=323.87 status=0 charging=true "
		"ignition=false "
		"odometer=282796" },
	{ "a report", "(013612345678BR00" BLOCK "01000000L0000015F)",
		FIX " status=16777216 charging=true ignition=true odometer=351" },
	{ "no main power", "(013612345678BR00" BLOCK "10000000L00000000)",
		FIX " status=268435456 charging=false ignition=false odometer=0" },
	{ "a thermometer", "(013612345678BR00" BLOCK "00000000L00000000-007.5)",
		FIX " status=0 charging=true ignition=false odometer=0 temperature=-7.5" },
	{ "something else behind the mileage", "(013612345678BR00" BLOCK "00000000L00000001T11300)",
		FIX " status=0 charging=true ignition=false odometer=1" },
	{ "half a mileage", "(013612345678BR00" BLOCK "00000000L0000001)",
		FIX " status=0 charging=true ignition=false" },
	{ "no mileage", "(013612345678BR00" BLOCK "00000000)", FIX " status=0 charging=true ignition=false" },
	{ "a state that is none", "(013612345678BR00" BLOCK "0000000xL00000001)", FIX " odometer=1" },
	{ "no state", "(013612345678BR00" BLOCK ")", FIX },
	{ "no state, and more", "(357593060760397BP02,G,2," BLOCK ",7)", FIX },
	{ "padded with blanks", "(013612345678BR00260525A5010.2180N  506.8281W  3.6060144 90.00)", FIX },
	{ "a speed without a point", "(013612345678BR00260525A5010.2180N00506.8281W00036060144009.84)",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=10 course=9.84" },
	{ "a name for an id", "(BALLESTEROS3BR00" BLOCK ")", FIX },
	{ "not valid: the last place", "(013612345678BR00260525V5010.2180S00506.8281E000.0060144000.00)",
		"2026-05-25T06:01:44.000Z -50.1703,5.1138017 invalid speed=0 course=0" },
	{ "not valid, and nowhere", "(013612345678BR00260525V0000.0000N00000.0000E009.0060144000.00)",
		"2026-05-25T06:01:44.000Z -" },
	{ "no date", "(013612345678BR00000000A5010.2180N00506.8281W003.6060144090.00)",
		"- 50.1703,-5.1138017 speed=1 course=90" },
	{ "power cut", "(013612345678BO010" BLOCK ")",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=1 course=90 alarm='powerCut'" },
	{ "help", "(013612345678BO012" BLOCK ")", FIX " alarm='sos'" },
	{ "left its fence", "(013612345678BO016" BLOCK ")", FIX " alarm='geofenceExit'" },
	{ "an alarm of no name", "(013612345678BO014" BLOCK ")", FIX " event='4'" },
	{ "a handshake", "(013612345678BP00000013612345678HSO)", "- -" },
	{ "something else", "(013612345678BP12)", "- - event='BP12'" },
	{ "a cell", "(013612345678BZ00,460,01,1A2B,C3D4,00)", "- - cells='460,1,6699,50132'" },
	{ "with commas, moved", "(013632651491,ZC11," FIELDS ")", FIX " event='ZC11' alarm='movement'" },
	{ "with commas, taken off", "(013632651491,DW37," FIELDS ")", FIX " event='DW37' alarm='removed'" },
	{ "with commas, help", "(013632651491,DW3E," FIELDS ",-0.10,4)", FIX " event='DW3E' alarm='sos'" },
	{ "with commas, ignition", "(013632651491,ZC15," FIELDS ")", FIX " event='ZC15' ignition=true" },
	{ "with commas, no ignition", "(013632651491,DW36," FIELDS ")", FIX " event='DW36' ignition=false" },
	{ "with commas, not valid", "(013632651491,DW3B,250526,V,,,,060144,)",
		"2026-05-25T06:01:44.000Z - event='DW3B'" },
	{ "with commas, not valid, and a speed", "(013632651491,DW3B,250526,V,,,9.0,060144,90.00)",
		"2026-05-25T06:01:44.000Z - event='DW3B'" },
	{ "with commas, no flag where it would be",
		"(013632651491,ZC21,250526,B,5010.2180N,00506.8281W,3.6,060144,90.00)", "- - event='ZC21'" },
	{ "with commas, cut behind the flag", "(013632651491,ZC21,250526,A,5010.2180N)", "- - event='ZC21'" },
	{ "with commas, something else", "(013632651491,ZC99)", "- - event='ZC99'" },
	{ "a battery", "(013632651491,ZC20,250526,060144,6,392,1210,255)",
		"2026-05-25T06:01:44.000Z - event='ZC20' batteryLevel=6 batteryVoltage=3.92 externalVoltage=12.1" },
	{ "a battery, no power", "(013632651491,ZC20,250526,060144,6,392,65535,255)",
		"2026-05-25T06:01:44.000Z - event='ZC20' batteryLevel=6 batteryVoltage=3.92" },
	{ "a cell and access points, battery low",
		"(864555555555555,DW52,200,1,3215,43370,2,58:F3:BB:3B:AA:82*-65*1,1C:6A:BB:AA:81:95*-78*1,250526,"
		"060144)",
		"2026-05-25T06:01:44.000Z - event='DW52' alarm='lowBattery' cells='200,1,3215,43370' "
		"wifi='58:f3:bb:3b:aa:82,-65;1c:6a:bb:aa:81:95,-78'" },
	{ "a cell alone, power low", "(864555555555555,DW60,200,1,3215,43370,0,250526,060144)",
		"2026-05-25T06:01:44.000Z - event='DW60' alarm='lowPower' cells='200,1,3215,43370'" },
	{ "a cell alone, ignition", "(864555555555555,DW62,200,1,3215,43370,0,250526,060144)",
		"2026-05-25T06:01:44.000Z - event='DW62' ignition=true cells='200,1,3215,43370'" },
	{ "a cell alone", "(864555555555555,DW5B,200,1,3215,43370,0,250526,060144)",
		"2026-05-25T06:01:44.000Z - event='DW5B' cells='200,1,3215,43370'" },
};

START_TEST(reads)
{
	const char *says = frame_says(tk103, &nobody, good[_i].frame);
	ck_assert_msg(!strcmp(says, good[_i].want), "%s: %s", good[_i].why, says);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	frame_prefixes(tk103, &nobody, good[_i].frame, strlen(good[_i].frame), 0);
}
END_TEST

static const struct {
	const char *frame, *id;
} devices[] = {
	{ "(013612345678BP05000013612345678" BLOCK ")", "013612345678" },
	{ "(BALLESTEROS3BR00" BLOCK ")", "BALLESTEROS3" },
	{ "(357593060760397BP02,G,2," BLOCK ",7)", "357593060760397" },
	{ "(864555555555555,DW3B," FIELDS ")", "864555555555555" },
};

START_TEST(names_its_device)
{
	struct protocol_result result = frame_good(tk103, &nobody, devices[_i].frame, strlen(devices[_i].frame));
	ck_assert_str_eq(result.groups[0].identifier, devices[_i].id);
}
END_TEST

/* Each is good but for one thing. */
static const struct {
	const char *why, *frame;
	int reason;
} bad[] = {
	{ "latitude", "(013612345678BR00260525A9010.2180N00506.8281W003.6060144090.00)", REASON_BAD_VALUE },
	{ "minutes", "(013612345678BR00260525A5060.2180N00506.8281W003.6060144090.00)", REASON_BAD_VALUE },
	{ "longitude", "(013612345678BR00260525A5010.2180N18006.8281W003.6060144090.00)", REASON_BAD_VALUE },
	{ "hemisphere", "(013612345678BR00260525A5010.2180N00506.8281X003.6060144090.00)", REASON_BAD_VALUE },
	{ "month", "(013612345678BR00261325A5010.2180N00506.8281W003.6060144090.00)", REASON_BAD_VALUE },
	{ "second", "(013612345678BR00260525A5010.2180N00506.8281W003.6060161090.00)", REASON_BAD_VALUE },
	{ "cut short", "(013612345678BR00260525A5010.2180N00506.8281W003.6060144090)", REASON_BAD_FRAME },
	{ "cell", "(013612345678BZ00,460,01,1A2B)", REASON_BAD_FRAME },
	{ "no hex in the cell", "(013612345678BZ00,460,01,1A2B,C3X4)", REASON_BAD_FRAME },
	{ "command", "(0136123456780000)", REASON_BAD_FRAME },
	{ "id alone", "(013612345678)", REASON_BAD_FRAME },
	{ "nothing", "()", REASON_BAD_FRAME },
	{ "no id", "(BR00" BLOCK ")", REASON_NO_DEVICE },
	{ "no id, with commas", "(,ZC11," FIELDS ")", REASON_NO_DEVICE },
	{ "with commas, no comma behind", "(013632651491,ZC11X," FIELDS ")", REASON_BAD_FRAME },
	{ "with commas, latitude", "(013632651491,ZC11,250526,A,5060.2180N,00506.8281W,3.6,060144,90.00)",
		REASON_BAD_VALUE },
	{ "with commas, day", "(013632651491,ZC11,310426,A,5010.2180N,00506.8281W,3.6,060144,90.00)",
		REASON_BAD_VALUE },
	{ "battery, day", "(013632651491,ZC20,310426,060144,6,392,1210,255)", REASON_BAD_VALUE },
	{ "battery, fields", "(013632651491,ZC20,250526,060144,6)", REASON_BAD_FRAME },
	{ "more access points than fields", "(864555555555555,DW5B,200,1,3215,43370,1,250526,060144)",
		REASON_BAD_FRAME },
	{ "access points without end", "(864555555555555,DW5B,200,1,3215,43370,4294967295,250526,060144)",
		REASON_BAD_FRAME },
	{ "network, fields", "(864555555555555,DW5B,200,1,3215,43370)", REASON_BAD_FRAME },
	{ "network, day", "(864555555555555,DW5B,200,1,3215,43370,0,310426,060144)", REASON_BAD_VALUE },
};

START_TEST(refuses)
{
	int r = frame_refused(tk103, &nobody, bad[_i].frame, strlen(bad[_i].frame));
	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	const uint8_t *frame = (const uint8_t *)good[3].frame;
	size_t len = strlen(good[3].frame);

	scratch->positions_max = 0;
	ck_assert_int_eq(tk103->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 400; size++) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = tk103->decode(&nobody, frame, len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
}
END_TEST

START_TEST(a_stream)
{
	ck_assert_int_eq(tk103->frame((const uint8_t *)"(1)(2)", 6, &decoding_limits), 3);
	ck_assert_int_eq(tk103->frame((const uint8_t *)"\r\n(2)", 5, &decoding_limits), 2);
	ck_assert_int_eq(tk103->frame((const uint8_t *)"GET / HTTP/1.1", 14, &decoding_limits), -REASON_BAD_FRAME);
	struct protocol_result result = frame_good(tk103, &nobody, "\r\n", 2);
	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	frame_endless(tk103, "(013612345678BR00", '0');
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *frame, *answer;
} answers[] = {
	{ "(013612345678BP00000013612345678HSO)", "(013612345678AP01HSO)" },
	{ "(BALLESTEROS3BP00HSO)", "(BALLESTEROS3AP01HSO)" },
	{ "(013612345678BP05000013612345678" BLOCK ")", "(013612345678AP05)" },
	{ "(013612345678BO012" BLOCK ")", "(013612345678AS012)" },
	{ "(013612345678BR00" BLOCK ")", "" },
	{ "(013632651491,ZC11," FIELDS ")", "" },
	{ "\n", "" },
};

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };

	frame_answered(tk103, &s, answers[_i].frame, answers[_i].answer);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tk103");
	TCase *t = tcase_create("tk103");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, names_its_device, 0, COUNT(devices));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_test(t, a_stream);
	tcase_add_loop_test(t, is_answered, 0, COUNT(answers));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
