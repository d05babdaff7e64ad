/* Source: ingest/protocols/gl200.c, gl200_read.c. Vectors: the documents' examples, and reports made here from them. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_gl200;
static const struct protocol *const gl200 = &protocol_gl200;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BLOCK "1,4.3,92,70.0,121.354335,31.222073,20260525060144,0460,0000,18d8,6141"
#define OLD "0,4.3,92,70.0,121.354335,31.222073,20260525060000,0460,0000,18d8,6141"
#define TAIL ",20260525060148,11F0$"
#define FIX "2026-05-25T06:01:44.000Z 31.222073,121.354335 speed=1.19444 course=92 altitude=70"
#define CELL "cells='460,0,6360,24897'"
#define SENT "2026-05-25T06:01:48.000Z -"

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "a fixed report of a GL200", "+RESP:GTFRI,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL,
		FIX " battery=80 hdop=1 event='FRI' " CELL },
	{ "from the memory", "+BUFF:GTFRI,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL,
		FIX " battery=80 hdop=1 event='FRI' stored=true " CELL },
	{ "no battery", "+RESP:GTFRI,020102,135790246811220,,0,0,1," BLOCK ",00," TAIL,
		FIX " hdop=1 event='FRI' " CELL },
	{ "an odometer is no battery", "+RESP:GTFRI,020102,135790246811220,,0,0,1," BLOCK ",00,7.0" TAIL,
		FIX " hdop=1 event='FRI' " CELL " odometer=7000" },
	{ "the last place known", "+RESP:GTFRI,020102,135790246811220,,0,0,1," OLD ",00,80" TAIL,
		"2026-05-25T06:00:00.000Z 31.222073,121.354335 invalid speed=1.19444 course=92 altitude=70 battery=80 "
		"event='FRI' " CELL },
	{ "of a GL530", "+RESP:GTFRI,DE0114,865284042140479,,0,0,1," BLOCK ",18,0,,93,0,," TAIL,
		FIX " battery=93 hdop=1 event='FRI' " CELL },
	{ "of a vehicle",
		"+RESP:GTFRI,060228,862894020180553,,14197,10,1," BLOCK ",00,913.3,00012:34:56,,,87,220103,,," TAIL,
		FIX " battery=87 hdop=1 event='FRI' " CELL
		    " externalVoltage=14.197 odometer=913300 hours=45296 ignition=true "
		    "motion=true input1=false input2=false output1=true output2=true" },
	{ "inputs", "+RESP:GTFRI,060228,862894020180553,,,10,1," BLOCK ",00,913.3,,,,,4108000004,,," TAIL,
		FIX " hdop=1 event='FRI' " CELL " odometer=913300 motion=false input1=false input2=false output1=false "
		    "output2=false output3=true" },
	{ "no time in the hour meter",
		"+RESP:GTFRI,060228,862894020180553,,,10,1," BLOCK ",00,913.3,00012:60:00,,,,110000,,," TAIL,
		FIX " hdop=1 event='FRI' " CELL
		    " odometer=913300 ignition=false motion=false input1=false input2=false "
		    "output1=false output2=false" },
	{ "satellites, where the mask says so",
		"+RESP:GTFRI,8020050605,867488060225819,,,10,1," BLOCK ",03,7,0,0.0,,,,,100,160000,,," TAIL,
		FIX " battery=100 hdop=1 event='FRI' " CELL " odometer=0 satellites=7 ignition=false motion=true "
		    "input1=false input2=false output1=false output2=false" },
	{ "a thermometer",
		"+RESP:GTERI,271002,863457051562823,,00000002,,10,1," BLOCK
		",00,0.0,,,,99,210100,2,1,28F8A149F69A3C25,1,FF5E" TAIL,
		FIX " battery=99 hdop=1 event='ERI' " CELL
		    " odometer=0 ignition=true motion=false input1=false input2=false "
		    "output1=false output2=false temperature=-10.125" },
	{ "behind something else, not read",
		"+RESP:GTERI,271002,863457051562823,,00000003,,10,1," BLOCK
		",00,0.0,,,,99,210100,2,1,28F8A149F69A3C25,1,0190" TAIL,
		FIX " battery=99 hdop=1 event='ERI' " CELL
		    " odometer=0 ignition=true motion=false input1=false input2=false "
		    "output1=false output2=false" },
	{ "decimals before the time of sending",
		"+RESP:GTERI,250C02,868789023691057,,00000019,,10,1," BLOCK
		",00,6.7,,,,100,110000,1,0394,1,4,50.0,50.0" TAIL,
		FIX " battery=100 hdop=1 event='ERI' " CELL
		    " odometer=6700 ignition=false motion=false input1=false input2=false "
		    "output1=false output2=false" },
	{ "help", "+RESP:GTSOS,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL,
		FIX " battery=80 hdop=1 event='SOS' " CELL " alarm='sos'" },
	{ "a fence entered", "+RESP:GTGEO,020102,135790246811220,,3,1,1," BLOCK ",00,80" TAIL,
		FIX " battery=80 hdop=1 event='GEO' " CELL " alarm='geofenceEnter'" },
	{ "a fence, but no place", "+RESP:GTGEO,020102,135790246811220,,3,1,1,0,,,,,,,0460,0000,18d8,6141,00,80" TAIL,
		SENT " battery=80 event='GEO' " CELL },
	{ "a fence left, id and type in one", "+RESP:GTGEO,060102,135790246811220,,,30,1," BLOCK ",00,80" TAIL,
		FIX " battery=80 hdop=1 event='GEO' " CELL " alarm='geofenceExit'" },
	{ "battery low", "+RESP:GTBPL,1A0800,860599000773978,GL300,3.55," BLOCK ",204.7" TAIL,
		FIX " hdop=1 event='BPL' " CELL " alarm='lowBattery' batteryVoltage=3.55 odometer=204700" },
	{ "power cut", "+RESP:GTMPF,060100,860599000773978,," BLOCK ",00" TAIL,
		FIX " hdop=1 event='MPF' " CELL " alarm='powerCut'" },
	{ "moving again", "+RESP:GTSTT,1A0401,860599000508846,,42," BLOCK "," TAIL,
		FIX " hdop=1 event='STT' " CELL " motion=true" },
	{ "at rest", "+RESP:GTNMR,210102,A10000458356CE,,0,0,1," BLOCK ",60,30" TAIL,
		FIX " battery=30 hdop=1 event='NMR' " CELL " motion=false" },
	{ "on with the ignition", "+RESP:GTIGL,DF0200,868487004353181,cv100,,01,1," BLOCK ",,0.0" TAIL,
		FIX " hdop=1 event='IGL' " CELL " ignition=true odometer=0" },
	{ "off with the ignition", "+RESP:GTIGL,DF0200,868487004353181,cv100,,00,1," BLOCK ",,0.0" TAIL,
		FIX " hdop=1 event='IGL' " CELL " ignition=false odometer=0" },
	{ "ignition", "+RESP:GTIGN,060228,862894020180553,,9860," BLOCK ",00,,881.2" TAIL,
		FIX " hdop=1 event='IGN' " CELL " ignition=true odometer=881200" },
	{ "warm", "+RESP:GTTEM,1A0102,860599000000448,,3,-5," BLOCK "," TAIL,
		FIX " hdop=1 event='TEM' " CELL " temperature=-5" },
	{ "light", "+RESP:GTLSW,1A0100,135790246811220,,0,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='LSW' " CELL " light=true" },
	{ "an input", "+RESP:GTDIS,270302,867162025086950,,,20,1," BLOCK ",00,1286.2" TAIL,
		FIX " hdop=1 event='DIS' " CELL " input2=false odometer=1286200" },
	{ "an input that is none", "+RESP:GTDIS,270302,867162025086950,,,51,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='DIS' " CELL },
	{ "the fourth input", "+RESP:GTDIS,270302,867162025086950,,,41,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='DIS' " CELL " input4=true" },
	{ "the first input", "+RESP:GTDIS,270302,867162025086950,,,11,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='DIS' " CELL " input1=true" },
	{ "too little for a voltage", "+RESP:GTFRI,060228,862894020180553,,999,10,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='FRI' " CELL },
	{ "a voltage", "+RESP:GTFRI,060228,862894020180553,,1000,10,1," BLOCK ",00" TAIL,
		FIX " hdop=1 event='FRI' " CELL " externalVoltage=1" },
	{ "no country",
		"+RESP:GTSOS,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,20260525060144,0199,0000,"
		"18d8,6141,00,80" TAIL,
		FIX " battery=80 hdop=1 event='SOS' alarm='sos'" },
	{ "no country either",
		"+RESP:GTSOS,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,20260525060144,0800,0000,"
		"18d8,6141,00,80" TAIL,
		FIX " battery=80 hdop=1 event='SOS' alarm='sos'" },
	{ "no area",
		"+RESP:GTSOS,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,20260525060144,0460,0000,"
		"1FFFF,6141,00,80" TAIL,
		FIX " battery=80 hdop=1 event='SOS' alarm='sos'" },
	{ "the distance below nothing", "+RESP:GTFRI,060228,862894020180553,,,10,1," BLOCK ",00,-1.0" TAIL,
		FIX " hdop=1 event='FRI' " CELL },
	{ "a lorry's engine: the place alone",
		"+RESP:GTCAN,310603,863286023346480,,02,1,C03FFFFF,,0,H2843820,373.80,0,4,75,M12,,1800,," BLOCK
		",00" TAIL,
		FIX " hdop=1 event='CAN' " CELL },
	{ "a vehicle's number", "+RESP:GTFRI,360100,864251020141408,3VWGW6AJ0FM237324,,,10,1," BLOCK ",00,,,,," TAIL,
		FIX " hdop=1 event='FRI' " CELL " vin='3VWGW6AJ0FM237324'" },
	{ "no place: cells", "+RESP:GTSTC,410301,864802030022424,,,0,,,,,,,0228,0002,4EE8,1BFF489,00" TAIL,
		SENT " event='STC' cells='228,2,20200,29357193' charging=false" },
	{ "no place: battery and temperature",
		"+RESP:GTSTR,400201,862365030034957,GL500,0,1,2,21.8,100,0,,,,,,,0234,0015,03C3,3550,,," TAIL,
		SENT " battery=100 event='STR' cells='234,15,963,13648' temperature=21.8" },
	{ "cells all around",
		"+RESP:GTGSM,400201,862365030034940,STR,0234,0030,0870,2469,19,,0234,0030,0870,35ee,18," TAIL,
		SENT " event='GSM' cells='234,30,2160,9321,19;234,30,2160,13806,18'" },
	{ "switched on", "+RESP:GTPNA,020102,135790246811220," TAIL, SENT " event='PNA' alarm='powerOn'" },
	{ "about itself",
		"+RESP:GTINF,110100,358688000000158,,42,898600810906F8048812,18,99,0,33.23,1,4.19,1,1,1,0,0,"
		"20260525060000,"
		"97,1,-4.5,," TAIL,
		SENT " battery=97 event='INF' motion=true iccid='898600810906F8048812' gsmSignal=18 odometer=33230 "
		     "batteryVoltage=4.19 charging=true temperature=-4.5" },
	{ "a vehicle about itself",
		"+RESP:GTINF,080100,135790246811220,,16,898600810906F8048812,16,0,1,11870,,4.1,0,0,0,,20260525060000,,"
		"12340,,00,"
		"00,+0800,0" TAIL,
		SENT " event='INF' ignition=false motion=true iccid='898600810906F8048812' gsmSignal=16 "
		     "externalVoltage=11.87 "
		     "batteryVoltage=4.1 charging=false" },
	{ "a heartbeat", "+ACK:GTHBD,1A0401,135790246811220,,20260525060148,11F0$", SENT " result='HBD'" },
	{ "a command taken", "+ACK:GTGEO,1A0102,135790246811220,,0,0008" TAIL, SENT " result='GEO'" },
	{ "no time of sending", "+RESP:GTPNA,020102,135790246811220,,00000000000000,11F0$",
		"- - event='PNA' alarm='powerOn'" },
	{ "no count", "+RESP:GTPNA,020102,135790246811220,,20260525060148$", SENT " event='PNA' alarm='powerOn'" },
	{ "a clock that is not set",
		"+RESP:GTSOS,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,00000000000000,0460,0000,"
		"18d8,6141,00,80" TAIL,
		"- 31.222073,121.354335 speed=1.19444 course=92 altitude=70 battery=80 hdop=1 event='SOS' " CELL
		" alarm='sos'" },
};

START_TEST(reads)
{
	const char *says = frame_says(gl200, &nobody, good[_i].frame);
	ck_assert_msg(!strcmp(says, good[_i].want), "%s: %s", good[_i].why, says);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	frame_prefixes(gl200, &nobody, good[_i].frame, strlen(good[_i].frame), 0);
}
END_TEST

START_TEST(several_places_in_a_report)
{
	static const char frame[] = "+RESP:GTFRI,020102,135790246811220,,0,0,3," OLD ",00," BLOCK ",00,"
				    "2,7.2,93,71.0,121.354336,31.222074,20260525060145,0460,0000,18d8,6142,00,80" TAIL;
	struct protocol_result result = frame_good(gl200, &nobody, frame, sizeof frame - 1);

	ck_assert_uint_eq(result.positions_n, 3);
	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.groups[0].n, 3);
	ck_assert_str_eq(result.groups[0].identifier, "135790246811220");
	ck_assert_str_eq(frame_summary(&result.positions[0]), "2026-05-25T06:00:00.000Z 31.222073,121.354335 invalid "
							      "speed=1.19444 course=92 altitude=70 event='FRI' " CELL);
	ck_assert_str_eq(frame_summary(&result.positions[1]), FIX " hdop=1 event='FRI' " CELL);
	ck_assert_str_eq(frame_summary(&result.positions[2]), "2026-05-25T06:01:45.000Z 31.222074,121.354336 speed=2 "
							      "course=93 altitude=71 battery=80 hdop=2 event='FRI' "
							      "cells='460,0,6360,24898'");
}
END_TEST

/* As many as a tracker buffers. */
START_TEST(many_places_in_a_report)
{
	static char frame[8192];
	struct text t = text_in(frame, sizeof frame);

	text_puts(&t, "+RESP:GTFRI,020102,135790246811220,,0,0,15,");
	for (int i = 0; i < 15; i++)
		text_printf(&t, "1,4.3,92,70.0,121.354335,31.2220%02d,202605250601%02d,0460,0000,18d8,6141,00,", i, i);
	text_puts(&t, "80" TAIL);
	struct protocol_result result = frame_good(gl200, &nobody, frame, t.len);
	ck_assert_uint_eq(result.positions_n, 15);
	for (int i = 0; i < 15; i++)
		ck_assert_int_eq(result.positions[i].lat_e7, 312220000 + 10 * i);
	ck_assert(!position_has(&result.positions[13], POSITION_BATTERY));
	ck_assert(position_has(&result.positions[14], POSITION_BATTERY));
}
END_TEST

/* Each is good but for one thing. */
static const struct {
	const char *why, *frame;
	int reason;
} bad[] = {
	{ "latitude",
		"+RESP:GTFRI,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,91.222073,20260525060144,0460,0000,"
		"18d8,6141,00,80" TAIL,
		REASON_BAD_VALUE },
	{ "longitude",
		"+RESP:GTFRI,020102,135790246811220,,0,0,1,1,4.3,92,70.0,181.354335,31.222073,20260525060144,0460,0000,"
		"18d8,6141,00,80" TAIL,
		REASON_BAD_VALUE },
	{ "day",
		"+RESP:GTFRI,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,20260431060144,0460,0000,"
		"18d8,6141,00,80" TAIL,
		REASON_BAD_VALUE },
	{ "no digits in the time",
		"+RESP:GTFRI,020102,135790246811220,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,2026042506014x,0460,0000,"
		"18d8,6141,00,80" TAIL,
		REASON_BAD_VALUE },
	{ "the first of two",
		"+RESP:GTFRI,020102,135790246811220,,0,0,2,1,4.3,92,70.0,121.354335,31.222073,20260431060144,0460,0000,"
		"18d8,6141,00," BLOCK ",00,80" TAIL,
		REASON_BAD_VALUE },
	{ "no device", "+RESP:GTFRI,020102,,,0,0,1," BLOCK ",00,80" TAIL, REASON_NO_DEVICE },
	{ "no fields", "+RESP:GTFRI$", REASON_BAD_FRAME },
	{ "a version alone", "+RESP:GTFRI,020102$", REASON_BAD_FRAME },
	{ "a kind of two letters", "+RESP:GTFR,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL, REASON_BAD_FRAME },
	{ "a kind of four", "+RESP:GTFRIX,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL, REASON_BAD_FRAME },
	{ "a kind of other characters", "+RESP:GTF I,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL,
		REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	int r = frame_refused(gl200, &nobody, bad[_i].frame, strlen(bad[_i].frame));
	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	static const char frame[] = "+RESP:GTFRI,020102,135790246811220,,0,0,2," OLD ",00," BLOCK ",00,80" TAIL;
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();

	scratch->positions_max = 1;
	ck_assert_int_eq(
		gl200->decode(&nobody, (const uint8_t *)frame, sizeof frame - 1, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 1000; size += 3) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = gl200->decode(&nobody, (const uint8_t *)frame, sizeof frame - 1, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
}
END_TEST

static const struct {
	const char *why, *stream;
	ssize_t first;
} streams[] = {
	{ "two", "+ACK:GTHBD,1$+RESP:", 13 },
	{ "line ends", "\r\n+RESP:", 2 },
	{ "a plus", "+", PROTOCOL_MORE },
	{ "the hex form", "+RSP", -REASON_UNSUPPORTED },
	{ "another", "+RESP:XX", -REASON_UNSUPPORTED },
	{ "HTTP", "GET / HTTP/1.1\r\n", -REASON_BAD_FRAME },
};

START_TEST(a_stream)
{
	size_t len = strlen(streams[_i].stream);
	ssize_t first = gl200->frame(bytes_at_guard(streams[_i].stream, len), len, &decoding_limits);

	ck_assert_msg(first == streams[_i].first, "%s: %zd", streams[_i].why, first);
}
END_TEST

START_TEST(an_endless_frame)
{
	frame_endless(gl200, "+RESP:GTFRI,", '0');
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *frame, *answer;
} answers[] = {
	{ "+RESP:GTFRI,020102,135790246811220,,0,0,1," BLOCK ",00,80" TAIL, "+SACK:11F0$" },
	{ "+BUFF:GTPNA,F50201,866425030235982,GL300M,20260525060148,0bd5$", "+SACK:0bd5$" },
	{ "+ACK:GTHBD,1A0401,135790246811220,,20260525060148,00F0$", "+SACK:GTHBD,1A0401,00F0$" },
	{ "+ACK:GTHBD,8020050402,135790246811220,,20260525060148,00F0$", "+SACK:GTHBD,8020050402,00F0$" },
	{ "+ACK:GTHBD,060228,135790246811220,,20260525060148,00F0$", "+SACK:GTHBD,060228,00F0$" },
	{ "+ACK:GTGEO,1A0102,135790246811220,,0,0008" TAIL, "" },
	{ "+RESP:GTPNA,F50201,866425030235982,GL300M,20260525060148$", "" }, /* no count */
	{ "+RESP:GTPNA,F50201,866425030235982,GL300M,20260525060148,1234567$", "" },
	{ "\r\n", "" },
};

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };

	frame_answered(gl200, &s, answers[_i].frame, answers[_i].answer);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gl200");
	TCase *t = tcase_create("gl200");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, several_places_in_a_report);
	tcase_add_test(t, many_places_in_a_report);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_loop_test(t, a_stream, 0, COUNT(streams));
	tcase_add_test(t, an_endless_frame);
	tcase_add_loop_test(t, is_answered, 0, COUNT(answers));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
