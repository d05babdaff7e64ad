/* Source: ingest/protocols/meitrack.c, meitrack_binary.c. Vectors: the document's examples, and frames made here from it. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_meitrack;
static const struct protocol *const meitrack = &protocol_meitrack;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define IMEI "865789021447232"

/* ---- frames made here: length and checksum are those of what they stand around ---- */

struct frame {
	uint8_t bytes[2048];
	size_t len;
};

static struct frame sealed(const void *body, size_t n)
{
	struct frame f;
	uint8_t sum = 0;

	f.len = (size_t)snprintf((char *)f.bytes, sizeof f.bytes, "$$A%zu,%s,", n + strlen(IMEI) + 7, IMEI);
	memcpy(f.bytes + f.len, body, n);
	f.len += n;
	f.bytes[f.len++] = '*';
	for (size_t i = 0; i < f.len; i++)
		sum = (uint8_t)(sum + f.bytes[i]);
	f.len += (size_t)snprintf((char *)f.bytes + f.len, 5, "%02X\r\n", sum);
	return f;
}

static struct frame text(const char *body)
{
	return sealed(body, strlen(body));
}

static struct frame binary(const char *command, const char *hex)
{
	uint8_t body[1024];
	size_t n = strlen(hex) / 2;

	memcpy(body, command, 3);
	body[3] = ',';
	ck_assert_int_eq(text_unhex(body + 4, n, hex, 2 * n), 0);
	return sealed(body, n + 4);
}

static const char *says(const struct frame *f)
{
	struct protocol_result result = frame_good(meitrack, &nobody, f->bytes, f->len);

	ck_assert_uint_eq(result.positions_n, 1);
	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_str_eq(result.groups[0].identifier, IMEI);
	return frame_summary(result.positions);
}

/* ---- text ---- */

#define AT "50.170300,-5.113800,260525060144,A"
#define REST ",9,25,36,90,0.6,15,32121,442492,234|15|12DF|015273E2,0201,"
#define FIX "2026-05-25T06:01:44.000Z 50.1703,-5.1138 speed=10 course=90 altitude=15 event="
#define AND                                                                                                            \
	" satellites=9 gsmSignal=25 hdop=0.6 odometer=32121 runtime=442492 cells='234,15,4831,22180834' input1=false " \
	"input2=true output1=true output2=false"

static const struct {
	const char *why, *body, *want;
} good[] = {
	{ "an interval", "AAA,35," AT REST "0064|0000|0000|018D|04F0,00000001,,1,0000",
		FIX "35" AND " analog1=1 analog2=0 analog3=0 batteryVoltage=3.97 externalVoltage=12.64" },
	{ "a converter of 10 bits", "AAA,35," AT REST "0000|0000|0000|02AA|0100,",
		FIX "35" AND " analog1=0 analog2=0 analog3=0 batteryVoltage=3.99609375 externalVoltage=12" },
	{ "a converter of 12 bits", "AAA,35," AT REST "0000|0000|0000|0963|0000,",
		FIX "35" AND " analog1=0 analog2=0 analog3=0 batteryVoltage=3.872021484" },
	{ "the least of 10 mV", "AAA,35," AT REST "|||00FA|,", FIX "35" AND " batteryVoltage=2.5" },
	{ "the most of 10 mV", "AAA,35," AT REST "|||01C2|,", FIX "35" AND " batteryVoltage=4.5" },
	{ "one more", "AAA,35," AT REST "|||01C3|,", FIX "35" AND " batteryVoltage=2.642578125" },
	{ "less", "AAA,35," AT REST "|||00F9|,", FIX "35" AND },
	{ "a battery of no voltage", "AAA,35," AT REST "0000|0000|0000|0000|04F0,", FIX "35" AND },
	{ "no analog values", "AAA,35," AT REST ",", FIX "35" AND },
	{ "help", "AAA,1," AT REST ",", FIX "1 alarm='sos'" AND },
	{ "battery low", "AAA,17," AT REST ",", FIX "17 alarm='lowBattery'" AND },
	{ "entered a fence", "AAA,20," AT REST ",", FIX "20 alarm='geofenceEnter'" AND },
	{ "left a fence", "AAA,21," AT REST ",", FIX "21 alarm='geofenceExit'" AND },
	{ "power cut", "AAA,23," AT REST ",", FIX "23 alarm='powerCut'" AND },
	{ "fell", "AAA,79," AT REST ",", FIX "79 alarm='fall'" AND },
	{ "stopped", "AAA,41," AT REST ",", FIX "41 motion=false" AND },
	{ "started", "AAA,42," AT REST ",", FIX "42 motion=true" AND },
	{ "a tag", "AAA,37," AT REST ",0042E1F3", FIX "37 rfid='0042E1F3'" AND },
	{ "not valid: the last place", "AAA,35,50.170300,-5.113800,260525060144,V,0,25,0,0",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 invalid speed=0 course=0 event=35 satellites=0 "
		"gsmSignal=25" },
	{ "not valid, and nowhere", "AAA,35,0.000000,0.000000,260525060144,V,0,25,7,0,0.0,15",
		"2026-05-25T06:01:44.000Z - event=35 satellites=0 gsmSignal=25 hdop=0" },
	{ "no cell", "AAA,35," AT ",9,25,36,90,0.6,15,32121,442492,234|15|0|0,0201,,",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 speed=10 "
		"course=90 altitude=15 event=35 satellites=9 gsmSignal=25 hdop=0.6 odometer=32121 runtime=442492 "
		"input1=false "
		"input2=true output1=true output2=false" },
	{ "a cell of no area", "AAA,35," AT ",9,25,36,90,0.6,15,32121,442492,234|15|0|1,,,",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 speed=10 "
		"course=90 altitude=15 event=35 satellites=9 gsmSignal=25 hdop=0.6 odometer=32121 runtime=442492 "
		"cells='234,15,0,1'" },
	{ "no clock", "AAA,35,50.170300,-5.113800,000000000000,A", "- 50.1703,-5.1138 event=35" },
	{ "no time", "AAA,35,50.170300,-5.113800,,A", "- 50.1703,-5.1138 event=35" },
	{ "an answer to a command", "D82,0", "- - result='D82,0'" },
	{ "a piece of a picture", "D00,a.jpg,3,0,\r\n\xff\xd8*00\r\n", "- - event='D00'" },
};

START_TEST(reads)
{
	struct frame f = text(good[_i].body);
	ck_assert_msg(!strcmp(says(&f), good[_i].want), "%s: %s", good[_i].why, says(&f));
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	struct frame f = text(good[_i].body);
	frame_prefixes(meitrack, &nobody, f.bytes, f.len, 0);
}
END_TEST

START_TEST(the_documents_example)
{
	static const char frame[] =
		"$$A141,012896005334567,AAA,35,-33.866543,151.190148,121209081758,A,6,27,0,16,1,48,65551,152784,"
		"505|2|0B5F|D9D3,0000,0000|0000|0000|0A39|0000,,*5B\r\n";

	ck_assert_str_eq(frame_says(meitrack, &nobody, frame),
		"2012-12-09T08:17:58.000Z -33.866543,151.190148 speed=0 course=16 altitude=48 event=35 satellites=6 "
		"gsmSignal=27 hdop=1 odometer=65551 runtime=152784 cells='505,2,2911,55763' input1=false input2=false "
		"output1=false output2=false analog1=0 analog2=0 analog3=0 batteryVoltage=4.216845703");
}
END_TEST

/* Of text the line end says where it ends. */
START_TEST(a_model_that_counts_wrong)
{
	struct frame f = text("D82,0");

	memcpy(f.bytes, "$$A99", 5); /* two digits as before */
	uint8_t sum = 0;
	for (size_t i = 0; i < f.len - 4; i++)
		sum = (uint8_t)(sum + f.bytes[i]);
	snprintf((char *)f.bytes + f.len - 4, 5, "%02X\r\n", sum);
	ck_assert_str_eq(says(&f), "- - result='D82,0'");
}
END_TEST

/* ---- binary ---- */

/* lat 50.1703, lon -5.1138, 2026-05-25 06:01:44 */
#define LAT "BC89FD02"
#define LON "38F8B1FF"
#define TIME "48A2A631"
#define B_FIX "2026-05-25T06:01:44.000Z 50.1703,-5.1138 speed=10 course=90 altitude=-15"
#define CCC_RECORD                                                                                                     \
	"23" LAT LON TIME "01"                                                                                         \
	"09"                                                                                                           \
	"19"                                                                                                           \
	"2400"                                                                                                         \
	"5A00"                                                                                                         \
	"0600"                                                                                                         \
	"F1FF"                                                                                                         \
	"797D0000"                                                                                                     \
	"7CC00600"                                                                                                     \
	"EA00"                                                                                                         \
	"0F00"                                                                                                         \
	"DF12"                                                                                                         \
	"E273"                                                                                                         \
	"0102"                                                                                                         \
	"6400"                                                                                                         \
	"8D01"                                                                                                         \
	"F004"                                                                                                         \
	"00000000"
#define CCC_SAYS                                                                                                       \
	B_FIX " event=35 satellites=9 gsmSignal=25 hdop=0.6 odometer=32121 runtime=442492 cells='234,15,4831,29666' "  \
	      "input1=false input2=true output1=true output2=false analog1=1 batteryVoltage=3.97 "                     \
	      "externalVoltage=12.64"

START_TEST(reads_ccc)
{
	struct frame f = binary("CCC", "0100"
				       "3400"
				       "05000000" CCC_RECORD CCC_RECORD);
	struct protocol_result result = frame_good(meitrack, &nobody, f.bytes, f.len);

	ck_assert_uint_eq(result.positions_n, 2);
	ck_assert_str_eq(frame_summary(&result.positions[0]), CCC_SAYS);
	ck_assert_str_eq(frame_summary(&result.positions[1]), CCC_SAYS);
	frame_prefixes(meitrack, &nobody, f.bytes, f.len, 0);
}
END_TEST

#define WHERE "02" LAT "03" LON "04" TIME

/* @n times the same record, whose size is said to be @more than it is. */
static struct frame cce(size_t n, const char *record, int more)
{
	char hex[2048];
	struct text t = text_in(hex, sizeof hex);
	size_t size = strlen(record) / 2 + (size_t)more;

	text_printf(&t, "05000000%02zX00", n);
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "%02zX%02zX%s", size & 0xFF, size >> 8, record);
	ck_assert(text_ok(&t));
	return binary("CCE", hex);
}

#define VALID                                                                                                          \
	"0400"                                                                                                         \
	"01"                                                                                                           \
	"0501"                                                                                                         \
	"00"                                                                                                           \
	"03" WHERE "00"
#define NOT_VALID                                                                                                      \
	"0400"                                                                                                         \
	"01"                                                                                                           \
	"0500"                                                                                                         \
	"00"                                                                                                           \
	"03" WHERE "00"

static const struct {
	const char *why, *record, *want;
} parameters[] = {
	{ "everything",
		"1E00"
		"08"
		"0101"
		"0501"
		"0609"
		"0719"
		"1401"
		"1502"
		"FE6942"
		"9763"
		"0A"
		"082400"
		"095A00"
		"0A0600"
		"0BF1FF"
		"166400"
		"198D01"
		"1AF004"
		"99C408"
		"9C5500"
		"400100"
		"06" WHERE "0C797D0000"
		"0D7CC00600"
		"1C51000000"
		"05"
		"0E0CEA000F00DF12E2735201A6FF"
		"1D082ABD890A491CD2FF"
		"1E0828BD890A491D0000"
		"2A03010C09"
		"4B020101",
		B_FIX
		" battery=99 event=1 alarm='sos' satellites=9 gsmSignal=25 output1=true output2=false input1=false "
		"input2=true hdop=0.6 analog1=1 batteryVoltage=3.97 externalVoltage=12.64 rpm=2244 "
		"coolantTemperature=85 odometer=32121 runtime=442492 status=81 charging=true "
		"cells='234,15,4831,22180834,-90' temperature=23.16 wifi='2a:bd:89:0a:49:1c,-46;28:bd:89:0a:49:1d'" },
	{ "a place alone", VALID, "2026-05-25T06:01:44.000Z 50.1703,-5.1138" },
	{ "more than is known of",
		"0900"
		"02"
		"0501"
		"FE2277"
		"01"
		"E00000"
		"04" WHERE "FE1100000000"
		"01"
		"FEA503010203"
		"AABB",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138" },
	{ "not valid: the last place", NOT_VALID, "2026-05-25T06:01:44.000Z 50.1703,-5.1138 invalid" },
	{ "not valid, and no place",
		"0200"
		"01"
		"0500"
		"00"
		"01"
		"04" TIME "00",
		"2026-05-25T06:01:44.000Z -" },
	{ "not valid, and nowhere",
		"0400"
		"01"
		"0500"
		"00"
		"03"
		"0200000000"
		"0300000000"
		"04" TIME "00",
		"2026-05-25T06:01:44.000Z -" },
	{ "no time",
		"0300"
		"01"
		"0501"
		"00"
		"02"
		"02" LAT "03" LON "00",
		"- 50.1703,-5.1138" },
	{ "of other sizes than they have",
		"0700"
		"01"
		"0501"
		"00"
		"03" WHERE "03"
		"0E0BEA000F00DF12E2735201A6"
		"1D072ABD890A491CD2"
		"2A020109",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138" },
	{ "the pole",
		"0400"
		"01"
		"0501"
		"00"
		"03"
		"02804A5D05"
		"03006B45F5"
		"04" TIME "00",
		"2026-05-25T06:01:44.000Z 90,-180" },
	{ "the last thermometer",
		"0500"
		"01"
		"0501"
		"00"
		"03" WHERE "01"
		"3103010C09",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 temperature8=23.16" },
	{ "the last access point",
		"0500"
		"01"
		"0501"
		"00"
		"03" WHERE "01"
		"24082ABD890A491CD2FF",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 wifi='2a:bd:89:0a:49:1c,-46'" },
	{ "a full battery",
		"0500"
		"02"
		"0501"
		"FE6964"
		"00"
		"03" WHERE "00",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 battery=100" },
	{ "a full circle",
		"0500"
		"01"
		"0501"
		"01"
		"096801"
		"03" WHERE "00",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138 course=0" },
	{ "more than a circle",
		"0500"
		"01"
		"0501"
		"01"
		"096901"
		"03" WHERE "00",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138" },
	{ "a battery beyond full",
		"0500"
		"02"
		"0501"
		"FE6965"
		"00"
		"03" WHERE "00",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138" },
};

START_TEST(reads_cce)
{
	struct frame f = cce(1, parameters[_i].record, 0);

	ck_assert_msg(!strcmp(says(&f), parameters[_i].want), "%s: %s", parameters[_i].why, says(&f));
	frame_prefixes(meitrack, &nobody, f.bytes, f.len, 0);
}
END_TEST

START_TEST(several_records)
{
	struct frame f = cce(2, VALID, 0);
	struct protocol_result result = frame_good(meitrack, &nobody, f.bytes, f.len);

	ck_assert_uint_eq(result.positions_n, 2);
	ck_assert_uint_eq(result.groups[0].n, 2);
	f = cce(0, "", 0); /* none: the device spoke */
	result = frame_good(meitrack, &nobody, f.bytes, f.len);
	ck_assert_uint_eq(result.positions_n, 0);
	ck_assert_uint_eq(result.groups_n, 1);
}
END_TEST

/* ---- refusals: each is good but for one thing, with length and checksum made right again ---- */

static const struct {
	const char *why, *body;
	int reason;
} bad[] = {
	{ "latitude", "AAA,35,90.170300,-5.113800,260525060144,A" REST ",", REASON_BAD_VALUE },
	{ "longitude", "AAA,35,50.170300,-185.113800,260525060144,A" REST ",", REASON_BAD_VALUE },
	{ "no place", "AAA,35,,,260525060144,A" REST ",", REASON_BAD_VALUE },
	{ "month", "AAA,35,50.170300,-5.113800,261325060144,A" REST ",", REASON_BAD_VALUE },
	{ "a time of other length", "AAA,35,50.170300,-5.113800,20260525060144,A" REST ",", REASON_BAD_VALUE },
	{ "too few fields", "AAA,35,50.170300,-5.113800,260525060144", REASON_BAD_FRAME },
};

START_TEST(refuses_text)
{
	struct frame f = text(bad[_i].body);
	int r = frame_refused(meitrack, &nobody, f.bytes, f.len);

	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

static const struct {
	const char *why, *command, *hex;
	int reason;
} bad_binary[] = {
	{ "no record", "CCC",
		"0100"
		"3400"
		"05000000",
		REASON_BAD_FRAME },
	{ "half a record", "CCC",
		"0100"
		"3400"
		"05000000"
		"23" LAT LON,
		REASON_BAD_FRAME },
	{ "half a head", "CCC",
		"0100"
		"3400",
		REASON_BAD_FRAME },
	{ "latitude", "CCC",
		"0100"
		"3400"
		"05000000"
		"23"
		"814A5D05" LON TIME "01"
		"09"
		"19"
		"2400"
		"5A00"
		"0600"
		"F1FF"
		"797D0000"
		"7CC00600"
		"EA00"
		"0F00"
		"DF12"
		"E273"
		"0102"
		"6400"
		"8D01"
		"F004"
		"00000000",
		REASON_BAD_VALUE },
	{ "more records than are there", "CCE",
		"05000000"
		"0200"
		"1700" VALID,
		REASON_BAD_FRAME },
	{ "a byte behind", "CCE",
		"05000000"
		"0100"
		"1700" VALID "00",
		REASON_BAD_FRAME },
	{ "no count", "CCE", "05000000", REASON_BAD_FRAME },
	{ "nothing", "CCE", "", REASON_BAD_FRAME },
};

START_TEST(refuses_binary)
{
	struct frame f = binary(bad_binary[_i].command, bad_binary[_i].hex);
	int r = frame_refused(meitrack, &nobody, f.bytes, f.len);

	ck_assert_msg(r == bad_binary[_i].reason, "%s: %d", bad_binary[_i].why, r);
}
END_TEST

static const struct {
	const char *why, *record;
	int more, reason;
} bad_records[] = {
	{ "latitude",
		"0400"
		"01"
		"0501"
		"00"
		"03"
		"02814A5D05"
		"03" LON "04" TIME "00",
		0, REASON_BAD_VALUE },
	{ "longitude",
		"0400"
		"01"
		"0501"
		"00"
		"03"
		"02" LAT "0300000080"
		"04" TIME "00",
		0, REASON_BAD_VALUE },
	{ "valid, and no longitude",
		"0300"
		"01"
		"0501"
		"00"
		"02"
		"02" LAT "04" TIME "00",
		0, REASON_BAD_VALUE },
	{ "a record past the end", VALID, 1, REASON_BAD_FRAME },
	{ "a record shorter than it is", VALID, -1, REASON_BAD_FRAME },
	{ "parameters past the record",
		"0400"
		"01"
		"0501"
		"00"
		"04" WHERE "00",
		0, REASON_BAD_FRAME },
	{ "bytes past the record",
		"0500"
		"01"
		"0501"
		"00"
		"03" WHERE "01"
		"0E0C",
		0, REASON_BAD_FRAME },
	{ "no bytes",
		"0400"
		"01"
		"0501"
		"00"
		"03" WHERE,
		0, REASON_BAD_FRAME },
};

START_TEST(refuses_a_record)
{
	struct frame f = cce(1, bad_records[_i].record, bad_records[_i].more);
	int r = frame_refused(meitrack, &nobody, f.bytes, f.len);

	ck_assert_msg(r == bad_records[_i].reason, "%s: %d", bad_records[_i].why, r);
}
END_TEST

/* Any byte of it, but those that say where it ends. */
START_TEST(refuses_what_was_changed_on_the_way)
{
	struct frame f = cce(1, VALID, 0);

	for (size_t i = 5; i < f.len - 2; i++) {
		bool is_head = i < 27, is_star = i == f.len - 5;
		if (is_head || is_star)
			continue;
		f.bytes[i] ^= 0x10;
		ck_assert_int_eq(frame_refused(meitrack, &nobody, f.bytes, f.len), REASON_BAD_CHECKSUM);
		f.bytes[i] ^= 0x10;
	}
	f.bytes[f.len - 5] = '+';
	ck_assert_int_eq(frame_refused(meitrack, &nobody, f.bytes, f.len), REASON_BAD_FRAME);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	struct frame f = binary("CCC", "0100"
				       "3400"
				       "05000000" CCC_RECORD CCC_RECORD);

	scratch->positions_max = 1;
	ck_assert_int_eq(meitrack->decode(&nobody, f.bytes, f.len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 1500; size += 3) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = meitrack->decode(&nobody, f.bytes, f.len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
}
END_TEST

static const struct {
	const char *why, *stream;
	ssize_t first;
} streams[] = {
	{ "two", "$$A28,1,D82,0*00\r\n$$A", 18 },
	{ "line ends", "\r\n$$A", 2 },
	{ "the first flag", "$$!28,1,D82,0*00\r\n", 18 },
	{ "the last flag", "$$~28,1,D82,0*00\r\n", 18 },
	{ "binary, as short as can be", "$$A11,1,CCE*00\r\n", 16 },
	{ "binary, a byte more", "$$A12,1,CCE*00\r\n", PROTOCOL_MORE },
	{ "a dollar", "$", PROTOCOL_MORE },
	{ "one dollar", "$A28,1,", -REASON_BAD_FRAME },
	{ "no length", "$$A,1,D82,0*00\r\n", -REASON_BAD_FRAME },
	{ "a length of letters", "$$Axx,1,D82,0*00\r\n", -REASON_BAD_FRAME },
	{ "a length of six digits", "$$A100028,", -REASON_BAD_FRAME },
	{ "a flag that is a line end", "$$\n28,1,D82,0*00\r\n", -REASON_BAD_FRAME },
	{ "a line end in an id", "$$A28,1\n1,D82,0*00\r\n", -REASON_BAD_FRAME },
	{ "a line end in a command", "$$A28,1,D\n2,0*00\r\n", -REASON_BAD_FRAME },
	{ "no command", "$$A28,1\r\n", -REASON_BAD_FRAME },
	{ "an id without end", "$$A28,1234567890123456789012345", -REASON_BAD_FRAME },
	{ "binary, shorter than its head", "$$A7,1,CCE,", -REASON_BAD_FRAME },
	{ "binary, too long", "$$A99999,1,CCE,", -REASON_TOO_LARGE },
	{ "HTTP", "GET / HTTP/1.1\r\n", -REASON_BAD_FRAME },
};

START_TEST(a_stream)
{
	size_t len = strlen(streams[_i].stream);
	ssize_t first = meitrack->frame(bytes_at_guard(streams[_i].stream, len), len, &decoding_limits);

	ck_assert_msg(first == streams[_i].first, "%s: %zd", streams[_i].why, first);
}
END_TEST

START_TEST(an_endless_frame)
{
	struct protocol_result result = frame_good(meitrack, &nobody, "\r\n", 2);

	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	frame_endless(meitrack, "$$A28,1,AAA,", '0');
	ck_assert_int_eq(frame_refused(meitrack, &nobody, "$$A13,,D82,0*00\r\n", 17), REASON_BAD_CHECKSUM);
	ck_assert_int_eq(frame_refused(meitrack, &nobody, "$$A13,,D82,0*79\r\n", 17), REASON_NO_DEVICE);
}
END_TEST

/* ---- answers ---- */

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };
	struct frame f = binary("CCC", "0100"
				       "3400"
				       "05000000" CCC_RECORD CCC_RECORD);
	struct protocol_note note = frame_good(meitrack, &s, f.bytes, f.len).note;

	ck_assert_str_eq(frame_answer(meitrack, &s, &note, 0), "@@A27,865789021447232,CCC,2*E7\r\n");
	ck_assert_str_eq(frame_answer(meitrack, &s, &note, REASON_UNAVAILABLE), " (close)");
	ck_assert_str_eq(frame_answer(meitrack, &s, &note, REASON_UNKNOWN_DEVICE), " (close)");
	ck_assert_str_eq(frame_answer(meitrack, &s, &note, REASON_BAD_CHECKSUM), "");
	note.records = 10;
	ck_assert_str_eq(frame_answer(meitrack, &s, &note, 0), "@@A28,865789021447232,CCC,10*17\r\n");
}
END_TEST

START_TEST(others_are_not_answered)
{
	struct protocol_session s = { 0 };
	struct frame f[] = { cce(1, VALID, 0), text("AAA,35," AT), text("D03,OK") };

	for (size_t i = 0; i < COUNT(f); i++) {
		struct protocol_note note = frame_good(meitrack, &s, f[i].bytes, f[i].len).note;
		ck_assert_str_eq(frame_answer(meitrack, &s, &note, 0), "");
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("meitrack");
	TCase *t = tcase_create("meitrack");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, the_documents_example);
	tcase_add_test(t, a_model_that_counts_wrong);
	tcase_add_test(t, reads_ccc);
	tcase_add_loop_test(t, reads_cce, 0, COUNT(parameters));
	tcase_add_test(t, several_records);
	tcase_add_loop_test(t, refuses_text, 0, COUNT(bad));
	tcase_add_loop_test(t, refuses_binary, 0, COUNT(bad_binary));
	tcase_add_loop_test(t, refuses_a_record, 0, COUNT(bad_records));
	tcase_add_test(t, refuses_what_was_changed_on_the_way);
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_loop_test(t, a_stream, 0, COUNT(streams));
	tcase_add_test(t, an_endless_frame);
	tcase_add_test(t, is_answered);
	tcase_add_test(t, others_are_not_answered);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
