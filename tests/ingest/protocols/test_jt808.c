/* Source: ingest/protocols/jt808*.c. Vectors: made here from the standard, and its example of escaping. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_jt808;
static const struct protocol *const jt808 = &protocol_jt808;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- frames made here ---- */

#define TERMINAL "013912345678"
#define TERMINAL_2019 "00000866496077582164"
#define SERIAL "007E" /* so that every frame has something to escape */

/* Between marks, with its check and escaped. */
static const uint8_t *sealed(const char *hex, size_t *ret_len)
{
	static uint8_t plain[4096], buf[2 * sizeof plain];
	size_t n = strlen(hex) / 2, to = 0;

	ck_assert_int_eq(text_unhex(plain, n, hex, 2 * n), 0);
	plain[n] = 0;
	for (size_t i = 0; i < n; i++)
		plain[n] ^= plain[i];
	buf[to++] = 0x7E;
	for (size_t i = 0; i <= n; i++) {
		bool marked = plain[i] == 0x7E || plain[i] == 0x7D;
		if (marked)
			buf[to++] = 0x7D;
		buf[to++] = marked ? (uint8_t)(plain[i] - 0x7C) : plain[i];
	}
	buf[to++] = 0x7E;
	*ret_len = to;
	return buf;
}

/* @hex: the id and the body; with "+" before them the header is that of 2019. */
static const uint8_t *frame_of(const char *hex, size_t *ret_len)
{
	static char whole[8192];
	bool newer = *hex == '+';
	const char *id = hex + newer, *body = id + 4;
	size_t n = strlen(body) / 2;

	if (newer)
		snprintf(whole, sizeof whole, "%.4s%04zX01" TERMINAL_2019 SERIAL "%s", id, n | 0x4000, body);
	else
		snprintf(whole, sizeof whole, "%.4s%04zX" TERMINAL SERIAL "%s", id, n, body);
	return sealed(whole, ret_len);
}

static struct protocol_result decoded(const char *hex)
{
	size_t len;
	const uint8_t *frame = frame_of(hex, &len);

	return frame_good(jt808, &nobody, frame, len);
}

/* ---- what is read ---- */

/* Noon of 25 May 2026 in China, 50.1703, -5.1138, 15 m, 12.3 km/h, 90 degrees */
#define PLACE                                                                                                          \
	"02FD89BC"                                                                                                     \
	"004E07C8"                                                                                                     \
	"000F"                                                                                                         \
	"007B"                                                                                                         \
	"005A"
#define DATE "260525120000"
#define POSITIONED "0000000A" /* and west */
#define LOCATION "00000000" POSITIONED PLACE DATE
#define TIME "2026-05-25T04:00:00.000Z "
#define HERE TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 "
#define SAID HERE "status=10 ignition=false"

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "a location", "0200" LOCATION, SAID },
	{ "a location of 2019", "+0200" LOCATION, SAID },
	{ "the ignition",
		"0200"
		"00000000"
		"0000000B" PLACE DATE,
		HERE "status=11 ignition=true" },
	{ "charging",
		"0200"
		"00000000"
		"0400000A" PLACE DATE,
		HERE "status=67108874 ignition=false charging=true" },
	{ "south and east",
		"0200"
		"00000000"
		"00000006" PLACE DATE,
		TIME "-50.1703,5.1138 speed=3.41667 course=90 altitude=15 status=6 ignition=false" },
	{ "below the sea",
		"0200"
		"00000000" POSITIONED "02FD89BC"
		"004E07C8"
		"FFF6"
		"0000"
		"0168" DATE,
		TIME "50.1703,-5.1138 speed=0 course=0 altitude=-10 status=10 ignition=false" },
	{ "not positioned: the last place",
		"0200"
		"00000000"
		"00000008" PLACE DATE,
		TIME "50.1703,-5.1138 invalid speed=3.41667 course=90 altitude=15 status=8 ignition=false" },
	{ "not positioned, and nowhere",
		"0200"
		"00000000"
		"00000000"
		"00000000"
		"00000000"
		"000F"
		"0000"
		"005A" DATE,
		TIME "- status=0 ignition=false" },
	{ "positioned at 0, 0",
		"0200"
		"00000000"
		"00000002"
		"00000000"
		"00000000"
		"0000"
		"0000"
		"0000" DATE,
		TIME "0,0 speed=0 course=0 altitude=0 status=2 ignition=false" },
	{ "no such latitude",
		"0200"
		"00000000" POSITIONED "055D4A81"
		"004E07C8"
		"000F"
		"007B"
		"005A" DATE,
		TIME "- status=10 ignition=false" },
	{ "no such course",
		"0200"
		"00000000" POSITIONED "02FD89BC"
		"004E07C8"
		"000F"
		"007B"
		"0169" DATE,
		TIME "50.1703,-5.1138 speed=3.41667 altitude=15 status=10 ignition=false" },
	{ "no date",
		"0200"
		"00000000" POSITIONED PLACE "000000000000",
		"- 50.1703,-5.1138 speed=3.41667 course=90 altitude=15 status=10 ignition=false" },
	{ "midnight is a day earlier",
		"0200"
		"00000000" POSITIONED PLACE "260101000000",
		"2025-12-31T16:00:00.000Z 50.1703,-5.1138 speed=3.41667 course=90 altitude=15 status=10 "
		"ignition=false" },
	{ "an emergency",
		"0200"
		"00000001" POSITIONED PLACE DATE,
		HERE "status=10 ignition=false event=1 alarm='sos'" },
	{ "every alarm",
		"0200"
		"FFFFFFFF" POSITIONED PLACE DATE,
		HERE "status=10 ignition=false event=4294967295 "
		     "alarm='sos,overspeed,lowPower,powerCut,vibration,tamper,towing,movement,accident'" },
	/* items */
	{ "the standard's items",
		"0200" LOCATION "010400000064"
		"02020190"
		"0302005A"
		"04020007"
		"250400000003"
		"2A020002"
		"2B0400020001"
		"30011F"
		"31010C",
		SAID " odometer=10000 fuel=40 vehicleSpeed=2.5 alarmId=7 inputs=3 ioState=2 adc1=1 adc2=2 gsmSignal=31 "
		     "satellites=12" },
	{ "into an area",
		"0200" LOCATION "1206"
		"01"
		"0000002A"
		"00",
		SAID " fence=42 alarm='geofenceEnter'" },
	{ "out of an area",
		"0200" LOCATION "1206"
		"01"
		"0000002A"
		"01",
		SAID " fence=42 alarm='geofenceExit'" },
	{ "no direction",
		"0200" LOCATION "1206"
		"01"
		"0000002A"
		"02",
		SAID " item12='010000002a02'" },
	{ "volts",
		"0200" LOCATION "610204D2"
		"6902019A",
		SAID " externalVoltage=12.34 batteryVoltage=4.1" },
	{ "engine",
		"0200" LOCATION "81020BB8"
		"8202007B"
		"8B1131323334353637383941424344454647"
		"48",
		SAID " rpm=3000 externalVoltage=12.3 vin='123456789ABCDEFGH'" },
	{ "a card", "0200" LOCATION "CC143839333130343130313036353433303030303030",
		SAID " iccid='89310410106543000000'" },
	{ "battery, D4", "0200" LOCATION "D40157",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false" },
	{ "battery, FE", "0200" LOCATION "FE0157",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false" },
	{ "battery beyond 100", "0200" LOCATION "FE0165", SAID },
	{ "battery, in tenths", "0200" LOCATION "56020900",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=90 status=10 ignition=false" },
	{ "battery, E4", "0200" LOCATION "E4020157",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false" },
	{ "battery, E3",
		"0200" LOCATION "E30600570"
		"19A0000",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false "
		     "batteryVoltage=4.1" },
	{ "battery, F7",
		"0200" LOCATION "F706"
		"00001004"
		"01"
		"57",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false "
		     "batteryVoltage=4.1" },
	{ "temperatures",
		"0200" LOCATION "5106"
		"00D7"
		"8017"
		"7FFF",
		SAID " temperature=21.5 temperature2=-2.3" },
	{ "temperatures of half a number",
		"0200" LOCATION "5103"
		"00D701",
		SAID " item51='00d701'" },
	{ "access points",
		"0200" LOCATION "EC0E"
		"30DE4BF67368C6"
		"C65BBEC0FAC6B8",
		SAID " wifi='30:de:4b:f6:73:68,-58;c6:5b:be:c0:fa:c6,-72'" },
	{ "access points, F4",
		"0200" LOCATION "F407"
		"30DE4BF67368C6",
		SAID " wifi='30:de:4b:f6:73:68,-58'" },
	{ "a cell",
		"0200" LOCATION "FF0C"
		"00EA"
		"0A"
		"000010E2"
		"00001EE8"
		"1F",
		SAID " cells='234,10,4322,7912,31'" },
	{ "EB: cells",
		"0200" LOCATION "EB0D"
		"00EA"
		"0A"
		"10E2"
		"1EE8"
		"1F"
		"10E2"
		"1EE9"
		"1E",
		SAID " cells='234,10,4322,7912,31;234,10,4322,7913,30'" },
	{ "EB: a time zone", "0200" LOCATION "EB095554432B30383A3030", SAID " timezone='UTC+08:00'" },
	{ "EB: parts",
		"0200" LOCATION "EB46"
		"0004002D1004"
		"000300A857"
		"000400CE04D2"
		"000C00B28988228066613427450F"
		"00060089FFFFFFFE"
		"000600C5FE7FFFAF"
		"000D00D800EA0A000010E200001EE8"
		"00060099000012AB",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=87 status=10 ignition=false "
		     "batteryVoltage=4.1 "
		     "externalVoltage=12.34 iccid='8988228066613427450' motion=true itemEB0099='000012ab' "
		     "alarm='powerCut,vibration' cells='234,10,4322,7912'" },
	{ "EB: it rests, 12 V",
		"0200" LOCATION "EB10"
		"0006002D00002DB4"
		"000600C5FEFFFFFF",
		SAID " externalVoltage=11.7 motion=false" },
	{ "EB: access points",
		"0200" LOCATION "EB2D"
		"002B00B9"
		"35343A42313A32313A36363A43393A45322C2D35302C35343A42313A32313A"
		"36363A43393A4530"
		"2C2D",
		SAID " wifi='54:b1:21:66:c9:e2,-50'" },
	{ "EB: a part too long",
		"0200" LOCATION "EB06"
		"00FF00A85701",
		SAID " itemEB='00ff00a85701'" },
	{ "not known",
		"0200" LOCATION "E50101"
		"E70400000000",
		SAID " itemE5='01'" },
	{ "an item too long",
		"0200" LOCATION "30011F"
		"3105"
		"0C",
		SAID " gsmSignal=31" },
	{ "half an item",
		"0200" LOCATION "30011F"
		"31",
		SAID " gsmSignal=31" },
	{ "another length", "0200" LOCATION "30021F00", SAID " item30='1f00'" },
	{ "half an area",
		"0200" LOCATION "1205"
		"01"
		"0000002A",
		SAID " item12='010000002a'" },
	{ "eight temperatures",
		"0200" LOCATION "5110"
		"00D7"
		"00D8"
		"00D9"
		"00DA"
		"00DB"
		"00DC"
		"00DD"
		"00DE",
		SAID " temperature=21.5 temperature2=21.6 temperature3=21.7 temperature4=21.8 temperature5=21.9 "
		     "temperature6=22 "
		     "temperature7=22.1 temperature8=22.2" },
	{ "nine",
		"0200" LOCATION "5112"
		"000000000000000000000000000000000001",
		SAID " item51='000000000000000000000000000000000001'" },
	{ "battery, all tenths", "0200" LOCATION "56020A00",
		TIME "50.1703,-5.1138 speed=3.41667 course=90 altitude=15 battery=100 status=10 ignition=false" },
	{ "battery, eleven tenths", "0200" LOCATION "56020B00", SAID " item56='0b00'" },
	{ "E4 of another length", "0200" LOCATION "E40400000057", SAID " itemE4='00000057'" },
	{ "E4 of another kind", "0200" LOCATION "E4020257", SAID " itemE4='0257'" },
	{ "E3 of another length", "0200" LOCATION "E30157", SAID " itemE3='57'" },
	{ "F7 of another length", "0200" LOCATION "F70157", SAID " itemF7='57'" },
	{ "2B of another length", "0200" LOCATION "2B0107", SAID " item2B='07'" },
	{ "access points and a half",
		"0200" LOCATION "EC08"
		"30DE4BF67368C630",
		SAID " itemEC='30de4bf67368c630'" },
	{ "no such network",
		"0200" LOCATION "FF0C"
		"0064"
		"0A"
		"000010E2"
		"00001EE8"
		"1F",
		SAID " itemFF='00640a000010e200001ee81f'" },
	{ "no such network either",
		"0200" LOCATION "FF0C"
		"03E8"
		"0A"
		"000010E2"
		"00001EE8"
		"1F",
		SAID " itemFF='03e80a000010e200001ee81f'" },
	{ "a cell and more",
		"0200" LOCATION "FF0D"
		"00EA"
		"0A"
		"000010E2"
		"00001EE8"
		"1F00",
		SAID " itemFF='00ea0a000010e200001ee81f00'" },
	{ "half a cell",
		"0200" LOCATION "FF0B"
		"00EA"
		"0A"
		"000010E2"
		"00001EE8",
		SAID " itemFF='00ea0a000010e200001ee8'" },
	{ "EB: no network",
		"0200" LOCATION "EB08"
		"03E8"
		"0A"
		"10E2"
		"1EE8"
		"1F",
		SAID " itemEB='03e80a10e21ee81f'" },
	{ "EB: a cell and a half",
		"0200" LOCATION "EB0A"
		"00EA"
		"0A"
		"10E2"
		"1EE8"
		"1F10E2",
		SAID " itemEB='00ea0a10e21ee81f10e2'" },
	{ "EB: no cell",
		"0200" LOCATION "EB08"
		"00EA"
		"0A"
		"0000"
		"1EE8"
		"1F",
		SAID },
	{ "EB: a byte", "0200" LOCATION "EB0107", SAID " itemEB='07'" },
	{ "EB: states the other way round",
		"0200" LOCATION "EB10"
		"000600C5FFFFFFFE"
		"00060089FE7FFFBF",
		SAID },
	{ "EB: other lengths",
		"0200" LOCATION "EB21"
		"0002009A"
		"000C009900010203040506070809"
		"000700D800EA0A0001"
		"000400B20001",
		SAID " itemEB0099='00010203040506070809' itemEB00D8='00ea0a0001' itemEB00B2='0001'" },
	{ "EB: a cell of two bytes of area",
		"0200" LOCATION "EB0D"
		"000B00D800EA0A10E200001EE8",
		SAID " cells='234,10,4322,7912'" },
	{ "an escape",
		"0200" LOCATION "30017D"
		"31017E",
		SAID " gsmSignal=125 satellites=126" },
	/* other messages */
	{ "a location that was asked for",
		"0201"
		"0001" LOCATION,
		SAID },
	{ "a vehicle that was told something",
		"0500"
		"0001" LOCATION,
		SAID },
	{ "a heartbeat", "0002", "- -" },
	{ "another", "0506", "- -" },
	{ "a text",
		"0701"
		"00000002"
		"4F4B",
		"- - result='OK'" },
	{ "a text with encoding",
		"6006"
		"00"
		"4F4B",
		"- - result='OK'" },
	{ "a text in GBK",
		"6006"
		"00"
		"B6A8CEBB",
		"- - result='b6a8cebb'" },
	{ "a device behind it",
		"0900"
		"41"
		"244F42442C310D0A",
		"- - type=65 data='$OBD,1'" },
	{ "not known",
		"0B05"
		"01020304",
		"- - type=2821 data='01020304'" },
	/* Jointech's */
	{ "a sentence", NULL, "- - result='1,001,ELOCK,3,529439'" },
};

#define LOCK_HEADER "55010023" TERMINAL "01"
#define LOCK_REST                                                                                                      \
	"10"                                                                                                           \
	"2D"                                                                                                           \
	"1F"                                                                                                           \
	"0C"                                                                                                           \
	"00000064"                                                                                                     \
	"57"                                                                                                           \
	"00001EE8"                                                                                                     \
	"10E2"                                                                                                         \
	"03"                                                                                                           \
	"0005"                                                                                                         \
	"0000"
#define LOCK                                                                                                           \
	"250526120000"                                                                                                 \
	"50102180"                                                                                                     \
	"005068281"                                                                                                    \
	"3"                                                                                                            \
	"10"                                                                                                           \
	"2D"                                                                                                           \
	"1F"                                                                                                           \
	"0C"                                                                                                           \
	"00000064"                                                                                                     \
	"57"                                                                                                           \
	"00001EE8"                                                                                                     \
	"10E2"                                                                                                         \
	"03"                                                                                                           \
	"0005"                                                                                                         \
	"0008"

static const char *summary(size_t i, size_t *ret_len, const uint8_t **ret_frame)
{
	static const char sentence[] = "(740190311185,1,001,ELOCK,3,529439)";

	*ret_len = sizeof sentence - 1;
	*ret_frame = (const uint8_t *)sentence;
	if (good[i].frame)
		*ret_frame = frame_of(good[i].frame, ret_len);
	struct protocol_result r = frame_good(jt808, &nobody, *ret_frame, *ret_len);
	ck_assert_uint_eq(r.positions_n, 1);
	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_uint_eq(r.groups[0].n, 1);
	return frame_summary(&r.positions[0]);
}

START_TEST(reads)
{
	const uint8_t *frame;
	size_t len;
	const char *got = summary((size_t)_i, &len, &frame);

	ck_assert_msg(!strcmp(got, good[_i].want), "%s:\n  %s\nnot\n  %s", good[_i].why, got, good[_i].want);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	const uint8_t *frame;
	size_t len;

	summary((size_t)_i, &len, &frame);
	frame_prefixes(jt808, &nobody, frame, len, 0);
}
END_TEST

/* The body cut short, its length made right again: refused, or less is read; never past the end. */
START_TEST(no_body_is_read_past_its_end)
{
	char hex[1024];
	size_t len, newer = good[_i].frame && *good[_i].frame == '+';

	for (size_t cut = newer + 4; good[_i].frame && cut < strlen(good[_i].frame); cut += 2) {
		struct protocol_result result = { 0 };
		snprintf(hex, sizeof hex, "%.*s", (int)cut, good[_i].frame);
		const uint8_t *frame = frame_of(hex, &len);
		int r = jt808->decode(&nobody, bytes_at_guard(frame, len), len, decoding_scratch(), &result);
		ck_assert(r == 0 || r == REASON_BAD_FRAME || r == REASON_BAD_VALUE);
		for (size_t i = 0; r == 0 && i < result.positions_n; i++)
			ck_assert_ptr_null(position_fault(&result.positions[i]));
	}
}
END_TEST

START_TEST(batches)
{
	struct protocol_result r = decoded("0704"
					   "0002"
					   "01"
					   "001C" LOCATION "001F" LOCATION "31010C");

	ck_assert_uint_eq(r.positions_n, 2);
	ck_assert_uint_eq(r.groups[0].n, 2);
	ck_assert_str_eq(frame_summary(&r.positions[0]), SAID " stored=true");
	ck_assert_str_eq(frame_summary(&r.positions[1]), SAID " stored=true satellites=12");
	r = decoded("0704"
		    "0001"
		    "00"
		    "001C" LOCATION);
	ck_assert_str_eq(frame_summary(&r.positions[0]), SAID);
	r = decoded("0704"
		    "0000"
		    "00");
	ck_assert_uint_eq(r.positions_n, 0);
	r = decoded("0210"
		    "1C" LOCATION "1F" LOCATION "31010C");
	ck_assert_uint_eq(r.positions_n, 2);
	ck_assert_str_eq(frame_summary(&r.positions[1]), SAID " satellites=12");
}
END_TEST

/* ---- who it is ---- */

static const char *named(const char *whole)
{
	size_t len;
	const uint8_t *frame = sealed(whole, &len);
	struct protocol_result r = frame_good(jt808, &nobody, frame, len);

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_ptr_null(r.groups[0].secret);
	return r.groups[0].identifier;
}

START_TEST(terminals)
{
	size_t len;

	ck_assert_str_eq(named("00020000"
			       "013912345678"
			       "0001"),
		"013912345678");
	ck_assert_str_eq(named("00020000"
			       "4EB6FB4AF2C1"
			       "0001"),
		"865478070074259"); /* an IMEI, with its check digit */
	ck_assert_str_eq(named("00024000"
			       "01"
			       "00000866496077582164"
			       "0001"),
		"866496077582164");
	ck_assert_str_eq(named("00024000"
			       "01"
			       "00000012345678901237"
			       "0001"),
		"012345678901237"); /* an IMEI of North America */
	ck_assert_str_eq(named("00024000"
			       "01"
			       "00000012345678901238"
			       "0001"),
		"12345678901238"); /* not the right check digit: a number */
	ck_assert_str_eq(named("00024000"
			       "01"
			       "00000000013912345678"
			       "0001"),
		"13912345678");
	ck_assert_str_eq(named("00024000"
			       "01"
			       "0000086649607758216F"
			       "0001"),
		"0000086649607758216f");
	const uint8_t *frame = sealed("00024000"
				      "01"
				      "00000000000000000000"
				      "0001",
		&len);
	ck_assert_int_eq(frame_refused(jt808, &nobody, frame, len), REASON_NO_DEVICE);
}
END_TEST

START_TEST(logins)
{
	static const char *const frames[] = { "0100"
					      "002C0133373039363054372D54383038",
		"0102"
		"31323334",
		"0003",
		"0001"
		"0001"
		"8103"
		"00",
		"0004", "0109" };

	for (size_t i = 0; i < COUNT(frames); i++) {
		struct protocol_result r = decoded(frames[i]);
		ck_assert_uint_eq(r.groups_n, 1);
		ck_assert_uint_eq(r.groups[0].n, 0);
		ck_assert_str_eq(r.groups[0].identifier, TERMINAL);
	}
}
END_TEST

/* ---- locks ---- */

static const char *lock_says(const char *whole)
{
	size_t len;
	const uint8_t *frame = sealed(whole, &len);
	struct protocol_result r = frame_good(jt808, &nobody, frame, len);

	ck_assert_uint_eq(r.positions_n, 1);
	return frame_summary(&r.positions[0]);
}

START_TEST(locks)
{
	ck_assert_str_eq(lock_says("5501"
				   "0023" TERMINAL "01" LOCK),
		"2026-05-25T12:00:00.000Z 50.1703,-5.1138017 speed=5.14444 course=90 battery=87 gsmSignal=31 "
		"satellites=12 "
		"odometer=100000 cellId=7912 areaCode=4322 status=5 event=8 alarm='lowBattery'");
	ck_assert_str_eq(lock_says(LOCK_HEADER "250526120000"
					       "50102180"
					       "00506828"
					       "97" LOCK_REST),
		"2026-05-25T12:00:00.000Z 50.1703,5.113815 speed=5.14444 course=90 battery=87 gsmSignal=31 "
		"satellites=12 "
		"odometer=100000 cellId=7912 areaCode=4322 status=5");
	/* no speed, an area without a cell, items of other kinds and lengths */
	ck_assert_str_eq(lock_says("5501"
				   "002E" TERMINAL "01"
				   "250526120000"
				   "50102180"
				   "00506828"
				   "17"
				   "FF"
				   "2D"
				   "1F"
				   "0C"
				   "00000064"
				   "57"
				   "00000000"
				   "10E2"
				   "03"
				   "0005"
				   "0000"
				   "020107"
				   "0A020007"
				   "10020007"),
		"2026-05-25T12:00:00.000Z 50.1703,5.1138017 course=90 battery=87 gsmSignal=31 satellites=12 "
		"odometer=100000 status=5");
	ck_assert_str_eq(lock_says("5501"
				   "0023" TERMINAL "01"
				   "250526120000"
				   "50102180"
				   "00506828"
				   "17"
				   "00"
				   "2D"
				   "1F"
				   "0C"
				   "00000064"
				   "57"
				   "00001EE8"
				   "0000"
				   "01"
				   "0005"
				   "0002"),
		"2026-05-25T12:00:00.000Z 50.1703,5.1138017 speed=0 course=90 battery=87 gsmSignal=31 satellites=12 "
		"odometer=100000 "
		"status=5 event=2");
	ck_assert_str_eq(lock_says("5502"
				   "802A" TERMINAL "01" LOCK "0202FFF6"
				   "100103"),
		"2026-05-25T12:00:00.000Z 50.1703,-5.1138017 invalid speed=5.14444 course=90 altitude=-10 battery=87 "
		"gsmSignal=31 satellites=12 odometer=100000 cellId=7912 areaCode=4322 status=5 event=8 wakeSource=3 "
		"alarm='lowBattery'");
	ck_assert_str_eq(lock_says("5502"
				   "0023" TERMINAL "01"
				   "250526120000"
				   "00000000"
				   "000000000"
				   "0"
				   "00"
				   "00"
				   "1F"
				   "00"
				   "00000000"
				   "AA"
				   "00000000"
				   "0000"
				   "01"
				   "0000"
				   "0001"),
		"2026-05-25T12:00:00.000Z - gsmSignal=31 satellites=0 odometer=0 charging=true status=0 event=1 "
		"alarm='lowPower'");
}
END_TEST

/* ---- refusals ---- */

static const struct {
	const char *why, *hex;
	ssize_t frame; /* PROTOCOL_MORE, -reason or the length */
} frames[] = {
	{ "nothing yet", "", PROTOCOL_MORE },
	{ "a mark", "7E", PROTOCOL_MORE },
	{ "marks", "7E7E7E", PROTOCOL_MORE },
	{ "the standard's example", "7E307D02087D01557E", 9 },
	{ "noise", "24247E307D02087D01557E", 11 },
	{ "marks before it", "7E7E307D02087D01557E", 10 },
	{ "another frame after it", "7E307D02087D01557E7E", 9 },
	{ "some noise", "000000000000000000000000000000", PROTOCOL_MORE },
	{ "noise", "00000000000000000000000000000000", -REASON_BAD_FRAME },
	{ "HTTP", "474554202F20485454502F312E310D0A", -REASON_BAD_FRAME },
	{ "a sentence", "283129", 3 },
	{ "a sentence that goes on", "2831", PROTOCOL_MORE },
	{ "not escaped: a mark in the terminal", "7E00020000017E0000000000017C7E", 15 },
	{ "not escaped: more to come", "7E00020000017E", PROTOCOL_MORE },
	{ "not escaped: no mark at its end", "7E00020000017E0000000000017C00", -REASON_BAD_FRAME },
	{ "shorter than it says", "7E0002000501391234567800017E7E", PROTOCOL_MORE },
};

START_TEST(frame_finds)
{
	size_t len;
	const uint8_t *buf = hex_at_guard(frames[_i].hex, &len);
	ssize_t got = jt808->frame(buf, len, &decoding_limits);

	ck_assert_msg(got == frames[_i].frame, "%s: %zd", frames[_i].why, got);
}
END_TEST

static void expect_endless(const char *begin)
{
	static uint8_t buf[8192];

	memset(buf, '1', sizeof buf);
	memcpy(buf, begin, strlen(begin));
	ck_assert_int_eq(
		jt808->frame(bytes_at_guard(buf, sizeof buf - 1), sizeof buf - 1, &decoding_limits), PROTOCOL_MORE);
	ck_assert_int_eq(
		jt808->frame(bytes_at_guard(buf, sizeof buf), sizeof buf, &decoding_limits), -REASON_TOO_LARGE);
}

START_TEST(endless_frames)
{
	expect_endless("\x7e");
	expect_endless("\x7e\x7e");
	expect_endless("(");
}
END_TEST

static const struct {
	const char *why, *whole; /* between the marks, but for the check */
	int reason;
} bad[] = {
	{ "no header", "0002", REASON_BAD_FRAME },
	{ "half a terminal", "00020000013912", REASON_BAD_FRAME },
	{ "shorter than it says", "00020001" TERMINAL SERIAL, REASON_BAD_FRAME },
	{ "longer than it says", "00020000" TERMINAL SERIAL "00", REASON_BAD_FRAME },
	{ "version",
		"00024000"
		"FF" TERMINAL_2019 SERIAL,
		REASON_BAD_FRAME },
	{ "one of several", "02002000" TERMINAL SERIAL "00020001", REASON_UNSUPPORTED },
	{ "encrypted", "02000400" TERMINAL SERIAL, REASON_UNSUPPORTED },
	{ "half a location", "0200001B" TERMINAL SERIAL "00000000" POSITIONED PLACE "2605251200", REASON_BAD_FRAME },
	{ "no such month", "0200001C" TERMINAL SERIAL "00000000" POSITIONED PLACE "261325120000", REASON_BAD_VALUE },
	{ "no digits", "0200001C" TERMINAL SERIAL "00000000" POSITIONED PLACE "26052512000A", REASON_BAD_VALUE },
	{ "a batch of fewer",
		"07040021" TERMINAL SERIAL "0002"
		"00"
		"001C" LOCATION,
		REASON_BAD_FRAME },
	{ "a batch of more",
		"07040022" TERMINAL SERIAL "0001"
		"00"
		"001C" LOCATION "00",
		REASON_BAD_FRAME },
	{ "a batch of a longer one",
		"07040021" TERMINAL SERIAL "0001"
		"00"
		"001D" LOCATION,
		REASON_BAD_FRAME },
	{ "a batch of nothing", "02100000" TERMINAL SERIAL, REASON_BAD_FRAME },
	{ "no serial number", "02010001" TERMINAL SERIAL "00", REASON_BAD_FRAME },
	{ "a device behind it that is none", "09000000" TERMINAL SERIAL, REASON_BAD_FRAME },
	{ "a text of nothing", "07010000" TERMINAL SERIAL, REASON_BAD_FRAME },
	{ "a lock's half",
		"55010022" TERMINAL "01"
		"250526120000"
		"50102180"
		"005068281"
		"3"
		"10"
		"2D"
		"1F"
		"0C"
		"00000064"
		"57"
		"00001EE8"
		"10E2"
		"03"
		"0005"
		"00",
		REASON_BAD_FRAME },
	{ "a lock's date",
		"55010023" TERMINAL "01"
		"251326120000"
		"50102180"
		"005068281"
		"3"
		"10"
		"2D"
		"1F"
		"0C"
		"00000064"
		"57"
		"00001EE8"
		"10E2"
		"03"
		"0005"
		"0000",
		REASON_BAD_VALUE },
	{ "a lock's longitude",
		LOCK_HEADER "250526120000"
			    "50102180"
			    "00506F28"
			    "13" LOCK_REST,
		REASON_BAD_VALUE },
	{ "a lock's last digit",
		LOCK_HEADER "250526120000"
			    "50102180"
			    "00506828"
			    "A3" LOCK_REST,
		REASON_BAD_VALUE },
	{ "a lock's place",
		"55010023" TERMINAL "01"
		"250526120000"
		"5010218A"
		"005068281"
		"3"
		"10"
		"2D"
		"1F"
		"0C"
		"00000064"
		"57"
		"00001EE8"
		"10E2"
		"03"
		"0005"
		"0000",
		REASON_BAD_VALUE },
};

START_TEST(decode_refuses)
{
	struct protocol_result result = { 0 };
	size_t len;
	const uint8_t *frame = sealed(bad[_i].whole, &len);
	int r = jt808->decode(&nobody, bytes_at_guard(frame, len), len, decoding_scratch(), &result);

	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
	ck_assert_uint_eq(result.positions_n, 0);
}
END_TEST

START_TEST(escapes_and_checks)
{
	static const struct {
		const char *why, *hex;
		int reason;
	} cases[] = {
		{ "no check", "7E7E", REASON_BAD_FRAME },
		{ "nothing before the mark", "7E", REASON_BAD_FRAME },
		{ "no mark",
			"7E000200000139123456780001"
			"01",
			REASON_BAD_FRAME },
		{ "a check",
			"7E00020000013912345678"
			"0001"
			"5B7E",
			REASON_BAD_CHECKSUM },
		{ "an escape of nothing",
			"7E00020000013912345678"
			"007D"
			"7E",
			REASON_BAD_FRAME },
		{ "an escape of something else, so none",
			"7E00020000013912345678"
			"007D03"
			"7E",
			REASON_BAD_CHECKSUM },
		{ "not escaped, a check", "7E00020000017E0000000000017D7E", REASON_BAD_CHECKSUM },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protocol_result result = { 0 };
		size_t len;
		const uint8_t *frame = hex_at_guard(cases[i].hex, &len);
		int r = jt808->decode(&nobody, frame, len, decoding_scratch(), &result);
		ck_assert_msg(
			r == cases[i].reason, "%s: %s", cases[i].why, protocol_reason_name((enum protocol_reason)r));
	}
}
END_TEST

START_TEST(a_frame_that_is_not_escaped)
{
	size_t len;
	const uint8_t *frame = hex_at_guard("7E00020000017E0000000000017C7E", &len);

	ck_assert_str_eq(
		frame_good(jt808, &nobody, frame, len).groups[0].identifier, "016406775070726"); /* no digits */
	frame = hex_at_guard("7E00020000017D0000000000017F7E", &len); /* 7D 00 cannot be an escape */
	ck_assert_uint_eq(frame_good(jt808, &nobody, frame, len).positions_n, 1);
}
END_TEST

/* The same frame without its escapes. */
static const char *plain_says(const char *whole)
{
	static uint8_t buf[512];
	size_t len, n = 0;
	const uint8_t *frame = sealed(whole, &len);

	for (size_t i = 0; i < len; i++, n++) {
		bool escape = frame[i] == 0x7D;
		i += escape;
		buf[n] = escape ? (uint8_t)(frame[i] + 0x7C) : frame[i];
	}
	ck_assert_uint_lt(n, len);
	struct protocol_result r = frame_good(jt808, &nobody, buf, n);
	ck_assert_uint_eq(r.positions_n, 1);
	frame_prefixes(jt808, &nobody, buf, n, 0);
	return frame_summary(&r.positions[0]);
}

START_TEST(frames_that_are_not_escaped)
{
	ck_assert_str_eq(plain_says("0200001F" TERMINAL "007E" LOCATION "30017E"), SAID " gsmSignal=126");
	ck_assert_str_eq(plain_says("0200401F"
				    "01" TERMINAL_2019 "007E" LOCATION "30017E"),
		SAID " gsmSignal=126");
	ck_assert_str_eq(plain_says("55010023"
				    "017E12345678"
				    "01" LOCK),
		"2026-05-25T12:00:00.000Z 50.1703,-5.1138017 speed=5.14444 course=90 battery=87 gsmSignal=31 "
		"satellites=12 "
		"odometer=100000 cellId=7912 areaCode=4322 status=5 event=8 alarm='lowBattery'");
}
END_TEST

START_TEST(sentences)
{
	static const struct {
		const char *text;
		size_t n;
		int reason;
	} cases[] = {
		{ "(1)", 3, 0 },
		{ "()", 2, REASON_BAD_FRAME },
		{ "(,1)", 4, REASON_BAD_FRAME },
		{ "(1\0"
		  "2,1)",
			7, REASON_BAD_FRAME },
		{ "(1234567890123456789012345678901234567890123456789012345678901234,1)", 68, 0 },
		{ "(12345678901234567890123456789012345678901234567890123456789012345,1)", 69, REASON_BAD_FRAME },
		{ "(1", 2, REASON_BAD_FRAME },
		{ "(", 1, REASON_BAD_FRAME },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protocol_result result = { 0 };
		const uint8_t *text = bytes_at_guard(cases[i].text, cases[i].n);
		ck_assert_int_eq(
			jt808->decode(&nobody, text, cases[i].n, decoding_scratch(), &result), cases[i].reason);
	}
}
END_TEST

START_TEST(every_byte_is_covered_by_the_check)
{
	uint8_t spoilt[128];
	size_t len;

	memcpy(spoilt, frame_of("0200" LOCATION, &len), sizeof spoilt);
	for (size_t i = 1; i < len - 1; i++) {
		if (spoilt[i] == 0x7D || (i > 1 && spoilt[i - 1] == 0x7D) || spoilt[i] == 0x6E || spoilt[i] == 0x6D)
			continue; /* an escape, or it would become one, or a mark */
		spoilt[i] ^= 0x10;
		struct protocol_result result = { 0 };
		ck_assert_int_eq(jt808->decode(&nobody, bytes_at_guard(spoilt, len), len, decoding_scratch(), &result),
			REASON_BAD_CHECKSUM);
		spoilt[i] ^= 0x10;
	}
}
END_TEST

START_TEST(decode_refuses_what_the_scratch_does_not_allow)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	size_t len;
	const uint8_t *frame = frame_of("0704"
					"0002"
					"01"
					"001C" LOCATION "001C" LOCATION,
		&len);

	scratch->positions_max = 1;
	ck_assert_int_eq(jt808->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->groups_max = 0;
	ck_assert_int_eq(jt808->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 256; size += 16) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		ck_assert_int_eq(jt808->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	}
}
END_TEST

/* ---- answers ---- */

static void expect_answer(const char *whole, enum protocol_reason refused, const char *want_whole, bool close)
{
	struct protocol_session s = { 0 };
	struct protocol_result result = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char got[2 * PROTOCOL_ANSWER_MAX + 1], want[2 * PROTOCOL_ANSWER_MAX + 1] = "";
	size_t len;
	const uint8_t *frame = *whole == '(' ? (const uint8_t *)whole : sealed(whole, &len);

	if (*whole == '(')
		len = strlen(whole);
	int r = jt808->decode(&s, frame, len, decoding_scratch(), &result);
	ck_assert(r == 0 || r == (int)refused);
	struct protocol_answer a = jt808->answer(&s, &result.note, refused, FRAME_NOW_S * INT64_C(1000), out);
	text_hex(got, out, a.len);
	if (*want_whole == '(')
		text_hex(want, want_whole, strlen(want_whole));
	else if (*want_whole) {
		frame = sealed(want_whole, &len);
		text_hex(want, frame, len);
	}
	ck_assert_str_eq(got, want);
	ck_assert_int_eq(a.close, close);
}

#define WHOLE "0200001C" TERMINAL SERIAL LOCATION
#define REGISTER "01000002" TERMINAL SERIAL "0000"

START_TEST(answers)
{
	expect_answer(WHOLE, 0, "80010005" TERMINAL "0000" SERIAL "020000", false);
	expect_answer("0200401C"
		      "01" TERMINAL_2019 SERIAL LOCATION,
		0,
		"80014005"
		"01" TERMINAL_2019 "0000" SERIAL "020000",
		false);
	expect_answer("00020000" TERMINAL SERIAL, 0, "80010005" TERMINAL "0000" SERIAL "000200", false);
	expect_answer("01020002" TERMINAL SERIAL "3132", 0, "80010005" TERMINAL "0000" SERIAL "010200", false);
	expect_answer(REGISTER, 0,
		"8100000F" TERMINAL "0000" SERIAL "00"
		"303133393132333435363738",
		false);
	expect_answer("01004002"
		      "01" TERMINAL_2019 SERIAL "0000",
		0,
		"81004012"
		"01" TERMINAL_2019 "0000" SERIAL "00"
		"383636343936303737353832313634",
		false);
	expect_answer("0B050001" TERMINAL SERIAL "00", 0, "80010005" TERMINAL "0000" SERIAL "0B0503", false);
	expect_answer("00010005" TERMINAL SERIAL "0001810300", 0, "", false);
	expect_answer("00040000" TERMINAL SERIAL, 0,
		"80040006" TERMINAL "0000"
		"260102030405",
		false);
	expect_answer("01090000" TERMINAL SERIAL, 0,
		"81090007" TERMINAL "0000"
		"07EA0102030405",
		false);
	expect_answer("55018023" TERMINAL "01" LOCK, 0,
		"44010003" TERMINAL "01"
		"550100",
		false);
	expect_answer("55010023" TERMINAL "01" LOCK, 0, "", false);
	expect_answer("(794104004140,1,001,BASE,2,TIME)", 0, "(794104004140,1,001,BASE,2,20260102030405)", false);
	expect_answer("(794104004140,1,001,ELOCK,3)", 0, "", false);
	expect_answer("(79410400414,1,001,BASE,2,TIME)", 0, "", false);
}
END_TEST

START_TEST(answers_to_what_is_refused)
{
	expect_answer(WHOLE, REASON_UNAVAILABLE, "", true);
	expect_answer(WHOLE, REASON_UNKNOWN_DEVICE, "", true);
	expect_answer(REGISTER, REASON_UNKNOWN_DEVICE, "81000003" TERMINAL "0000" SERIAL "04", true);
	expect_answer(REGISTER, REASON_UNAVAILABLE, "", true);
	expect_answer("02002000" TERMINAL SERIAL "00020001", REASON_UNSUPPORTED,
		"80010005" TERMINAL "0000" SERIAL "020003", false);
	expect_answer("0200001C" TERMINAL SERIAL "00000000" POSITIONED PLACE "261325120000", REASON_BAD_VALUE,
		"80010005" TERMINAL "0000" SERIAL "020002", false);
	expect_answer("0002000001391234567", REASON_BAD_FRAME, "", false);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jt808");
	TCase *t = tcase_create("jt808");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, no_body_is_read_past_its_end, 0, COUNT(good));
	tcase_add_test(t, batches);
	tcase_add_test(t, terminals);
	tcase_add_test(t, logins);
	tcase_add_test(t, locks);
	tcase_add_loop_test(t, frame_finds, 0, COUNT(frames));
	tcase_add_test(t, endless_frames);
	tcase_add_loop_test(t, decode_refuses, 0, COUNT(bad));
	tcase_add_test(t, escapes_and_checks);
	tcase_add_test(t, a_frame_that_is_not_escaped);
	tcase_add_test(t, frames_that_are_not_escaped);
	tcase_add_test(t, sentences);
	tcase_add_test(t, every_byte_is_covered_by_the_check);
	tcase_add_test(t, decode_refuses_what_the_scratch_does_not_allow);
	tcase_add_test(t, answers);
	tcase_add_test(t, answers_to_what_is_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
