/* Source: ingest/protocols/h02.c, h02_text.c, h02_binary.c. Vectors: the document's examples, and frames made here from it. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_h02;
static const struct protocol *const h02 = &protocol_h02;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HERE "A,5010.2180,N,00506.8281,W,001.00,090"
#define PLACE "50.1703,-5.1138017 speed=0.514444 course=90"
#define TIME "2026-05-25T06:01:44.000Z "

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "the document's example",
		"*HQ,4106029800,V1,124020,A,2233.0000,N,11406.0000,E,000.00,000,150106,FFFFFBFF,460,00,10342,4283#",
		"2006-01-15T12:40:20.000Z 22.55,114.1 speed=0 course=0 status=4294966271 ignition=false "
		"cells='460,0,10342,4283'" },
	{ "cells in hex", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,0002d4,000004,0001cd,000047#",
		TIME PLACE " status=4294967295 ignition=true cells='724,4,461,71'" },
	{ "a blank before a number",
		"*HQ,4106029800,V1,060144,A,5010.2180,N,00506.8281,W,  3.34,342,250526,FFFFFFFF,106,14, 203,1cd#",
		TIME
		"50.1703,-5.1138017 speed=1.71824 course=342 status=4294967295 ignition=true cells='262,20,515,461'" },
	{ "a country that is none", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,199,4,461,71#",
		TIME PLACE " status=4294967295 ignition=true cells='409,4,1121,113'" },
	{ "the first country", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,200,4,461,71#",
		TIME PLACE " status=4294967295 ignition=true cells='200,4,461,71'" },
	{ "the last country", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,799,4,461,71#",
		TIME PLACE " status=4294967295 ignition=true cells='799,4,461,71'" },
	{ "no country", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,800,4,461,71#",
		TIME PLACE " status=4294967295 ignition=true" },
	{ "a cell of no area", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,234,4,0,71#",
		TIME PLACE " status=4294967295 ignition=true cells='234,4,0,71'" },
	{ "a step too many", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,310,260,0,0,7#",
		TIME PLACE " status=4294967295 ignition=true" },
	{ "no cell", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,0,0,0,0#",
		TIME PLACE " status=4294967295 ignition=true" },
	{ "steps of the battery", "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF,310,260,0,0,6#",
		TIME PLACE " status=4294967295 ignition=true batteryLevel=6" },
	{ "more than is known of", "*HQ,4106029800,V8,060144," HERE ",250526,FFFFFFFF,0,0,0,0,22,31,126,0#",
		TIME PLACE " status=4294967295 ignition=true" },
	{ "V6 has the ICCID",
		"*HQ,4106029800,V6,060144," HERE ",250526,FFFFFFFF,310,260,32936,13641,8944501311217563382F,#",
		TIME PLACE
		" status=4294967295 ignition=true cells='310,260,32936,13641' iccid='8944501311217563382F'" },
	{ "V19 too", "*HQ,4106029800,V19,060144," HERE ",250526,,195.63.13.195,89480610500392633029,BFFFFBFF#",
		TIME PLACE " iccid='89480610500392633029' status=3221224447 ignition=false" },
	{ "V4 answers a command", "*TH,2020916012,V4,S1,OK,pass_word,130305,060144," HERE ",250526,FFFFFBFD#",
		TIME PLACE " result='S1,OK,pass_word,130305' status=4294966269 alarm='sos' ignition=false" },
	{ "V4 with nothing said", "*TH,2020916012,V4,060144," HERE ",250526,FFFFFBFF#",
		TIME PLACE " status=4294966271 ignition=false" },
	{ "a kind nobody knows, with a place", "*HQ,4106029800,X9,060144," HERE ",250526,FFFFFBFF#",
		TIME PLACE " status=4294966271 ignition=false" },
	{ "a kind nobody knows", "*HQ,4106029800,BASE,1,2#", "- - event='BASE'" },
	{ "not valid: the last place", "*HQ,4106029800,V1,060144,V,5010.2180,N,00506.8281,W,0.00,0,250526,FFFFFFFF#",
		TIME "50.1703,-5.1138017 invalid speed=0 course=0 status=4294967295 ignition=true" },
	{ "from the GSM network: not valid",
		"*HQ,4106029800,V1,060144,B,5010.2180,N,00506.8281,W,0.00,0,250526,FFFFFFFF#",
		TIME "50.1703,-5.1138017 invalid speed=0 course=0 status=4294967295 ignition=true" },
	{ "not valid, and nowhere", "*HQ,4106029800,V1,060144,V,0000.0000,N,00000.0000,E,0.00,0,250526,FFFFFFFF#",
		TIME "- status=4294967295 ignition=true" },
	{ "no fix, but a cell", "*HQ,353505510948929,V1,,V,,N,,E,0.00,0,,FFFFF7FF,f0,a,11a0,c0c6#",
		"- - status=4294965247 ignition=true cells='240,10,4512,49350'" },
	{ "degrees and minutes apart", "*HQ,1451316485,V1,060144,A,-23-3.3408,S,-48-12.8926,W,0.1,158,250526,FFFFFFFF#",
		TIME "-23.05568,-48.2148767 speed=0.0514444 course=158 status=4294967295 ignition=true" },
	{ "without a point", "*HQ,1451316485,V1,060144,A,50102180,N,005068281,W,0.1,158,250526,FFFFFFFF#",
		TIME "50.1703,-5.1138017 speed=0.0514444 course=158 status=4294967295 ignition=true" },
	{ "no date", "*HQ,4106029800,V1,060144," HERE ",000000,FFFFFFFF#",
		"- " PLACE " status=4294967295 ignition=true" },
	{ "a status of nothing", "*HQ,4106029800,V1,060144," HERE ",250526,00000000#", TIME PLACE " status=0" },
	{ "a status that is none", "*HQ,4106029800,V1,060144," HERE ",250526,FFFF#", TIME PLACE },
	{ "no status", "*HQ,4106029800,V1,060144," HERE ",250526#", TIME PLACE },
	{ "every alarm", "*HQ,4106029800,V1,060144," HERE ",250526,FFE3FF68#",
		TIME PLACE " status=4293132136 alarm='vibration,sos,overspeed,geofenceEnter,geofenceExit,powerCut' "
			   "ignition=true" },
	{ "VP1", "*hq,356327080425330,VP1,A,2702.7245,S,15251.9311,E,0.48,0.0000,080917#",
		"- -27.0454083,152.8655183 speed=0.246933 course=0" },
	{ "VP1, cells", "*hq,356327080425330,VP1,V,470,002,92,3565,0Y92,19433,30Y92,1340,29#",
		"- - cells='470,2,92,3565,0;470,2,92,19433,30;470,2,92,1340,29'" },
	{ "V3",
		"*HQ,355488020882405,V3,095426,74001,04,010278,045142,128,-92,010278,026311,125,,010278,026582,125,,"
		"010278,028322,119,,02DD,0,X,090517,FFFFFBFF#",
		"2017-05-09T09:54:26.000Z - cells='740,1,10278,45142,-92;740,1,10278,26311;740,1,10278,26582;"
		"740,1,10278,28322' batteryLevel=733 status=4294966271 ignition=false" },
	{ "NBR", "*HQ,7401004662,NBR,160453,234,10,0,2,21580,27766,-67,21580,27765,-68,291019,FFFFFBFF,6#",
		"2019-10-29T16:04:53.000Z - cells='234,10,21580,27766,-67;234,10,21580,27765,-68' status=4294966271 "
		"ignition=false batteryLevel=6" },
	{ "LINK", "*HQ,4209951296,LINK,101600,15,8,100,1234,7,250526,FFFFFBFF#",
		"2026-05-25T10:16:00.000Z - battery=100 gsmSignal=15 satellites=8 steps=1234 turnovers=7 "
		"status=4294966271 ignition=false" },
	{ "a heartbeat", "*HQ,135790246811220,HTBT#", "- -" },
	{ "a heartbeat with a battery", "*HQ,135790246811220,HTBT,87#", "- - battery=87" },
};

START_TEST(reads)
{
	ck_assert_msg(!strcmp(frame_says(h02, &nobody, good[_i].frame), good[_i].want), "%s: %s", good[_i].why,
		frame_says(h02, &nobody, good[_i].frame));
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	frame_prefixes(h02, &nobody, good[_i].frame, strlen(good[_i].frame), 0);
}
END_TEST

START_TEST(names_its_device)
{
	const char *frame = good[0].frame;
	struct protocol_result result = frame_good(h02, &nobody, frame, strlen(frame));

	ck_assert_str_eq(result.groups[0].identifier, "4106029800");
	ck_assert_ptr_null(result.groups[0].secret);
}
END_TEST

/* Each is good but for one thing. */
static const struct {
	const char *why, *frame;
	int reason;
} bad[] = {
	{ "latitude", "*HQ,4106029800,V1,060144,A,9010.2180,N,00506.8281,W,1,2,250526,FFFFFFFF#", REASON_BAD_VALUE },
	{ "minutes", "*HQ,4106029800,V1,060144,A,5060.2180,N,00506.8281,W,1,2,250526,FFFFFFFF#", REASON_BAD_VALUE },
	{ "no longitude", "*HQ,4106029800,V1,060144,A,5010.2180,N,,W,1,2,250526,FFFFFFFF#", REASON_BAD_VALUE },
	{ "day", "*HQ,4106029800,V1,060144," HERE ",310426,FFFFFFFF#", REASON_BAD_VALUE },
	{ "hour", "*HQ,4106029800,V1,240144," HERE ",250526,FFFFFFFF#", REASON_BAD_VALUE },
	{ "no place", "*HQ,4106029800,V1,060144#", REASON_BAD_FRAME },
	{ "no time before it", "*HQ,4106029800,V1,A,5010.2180,N,00506.8281,W,1,2,250526,FFFFFFFF#", REASON_BAD_FRAME },
	{ "maker", "*H,4106029800,V1,060144," HERE ",250526,FFFFFFFF#", REASON_BAD_FRAME },
	{ "no kind", "*HQ,4106029800#", REASON_BAD_FRAME },
	{ "an empty kind", "*HQ,4106029800,#", REASON_BAD_FRAME },
	{ "nothing", "*#", REASON_BAD_FRAME },
	{ "no device", "*HQ,,V1,060144," HERE ",250526,FFFFFFFF#", REASON_NO_DEVICE },
	{ "more cells than fields, NBR", "*HQ,7401004662,NBR,160453,234,10,0,3,21580,27766,-67,291019,FFFFFBFF#",
		REASON_BAD_FRAME },
	{ "cells without end, NBR", "*HQ,7401004662,NBR,160453,234,10,0,4294967295,2,1,1,291019,FFFFFBFF#",
		REASON_BAD_FRAME },
	{ "country, NBR", "*HQ,7401004662,NBR,160453,x,10,0,1,21580,27766,-67,291019,FFFFFBFF#", REASON_BAD_VALUE },
	{ "more cells than fields, V3",
		"*HQ,355488020882405,V3,095426,74001,02,010278,045142,128,-92,02DD,0,X,090517,F#", REASON_BAD_FRAME },
	{ "network, V3", "*HQ,355488020882405,V3,095426,740,01,010278,045142,128,-92,02DD,0,X,090517,FFFFFBFF#",
		REASON_BAD_FRAME },
	{ "date, V3", "*HQ,355488020882405,V3,095426,74001,01,010278,045142,128,-92,02DD,0,X,320517,FFFFFBFF#",
		REASON_BAD_VALUE },
	{ "country, VP1", "*hq,356327080425330,VP1,V,,002,92,3565,0#", REASON_BAD_VALUE },
	{ "neither place nor cells, VP1", "*hq,356327080425330,VP1,V,470,002#", REASON_BAD_FRAME },
	{ "fields, LINK", "*HQ,4209951296,LINK,101600,15,8,100,1234,7,250526#", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	int r = frame_refused(h02, &nobody, bad[_i].frame, strlen(bad[_i].frame));
	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	const uint8_t *frame = (const uint8_t *)good[0].frame;
	size_t len = strlen(good[0].frame);

	scratch->positions_max = 0;
	ck_assert_int_eq(h02->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->groups_max = 0;
	ck_assert_int_eq(h02->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 200; size++) { /* whatever does not fit, nothing is written past it */
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = h02->decode(&nobody, frame, len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
}
END_TEST

/* ---- binary ---- */

#define B_TIME "060144250526"
#define B_SHORT                                                                                                        \
	"24"                                                                                                           \
	"4106029800" B_TIME "50102180"                                                                                 \
	"06"                                                                                                           \
	"005068281"                                                                                                    \
	"6"                                                                                                            \
	"001090"                                                                                                       \
	"FFFFFFFF"                                                                                                     \
	"FF"                                                                                                           \
	"00"                                                                                                           \
	"24"
#define B_LONG(tail)                                                                                                   \
	"24"                                                                                                           \
	"4106029800" B_TIME "50102180"                                                                                 \
	"57"                                                                                                           \
	"005068281"                                                                                                    \
	"6"                                                                                                            \
	"001090"                                                                                                       \
	"FFFFFBFF" tail
#define B_IMEI                                                                                                         \
	"24"                                                                                                           \
	"3524830841932930" B_TIME "50102180"                                                                           \
	"00"                                                                                                           \
	"005068281"                                                                                                    \
	"6"                                                                                                            \
	"001090"                                                                                                       \
	"FFFFFFFF"                                                                                                     \
	"FF0112"                                                                                                       \
	"0064BA73005ECC"
#define CELL "01D60161CC4B9A35"

static const struct {
	const char *why, *hex, *device, *want;
	size_t but; /* a prefix that is a frame */
} binary[] = {
	{ "short", B_SHORT, "4106029800", TIME PLACE " batteryLevel=6 status=4294967295 ignition=true", 0 },
	{ "long, with a cell", B_LONG("00BDF09000000000" CELL), "4106029800",
		TIME PLACE " battery=87 status=4294966271 ignition=false cells='470,1,25036,19354'", 0 },
	{ "long, told by its reserved byte", B_LONG("FFBDF09000000000" CELL), "4106029800",
		TIME PLACE " battery=87 status=4294966271 ignition=false cells='470,1,25036,19354'", 0 },
	{ "long, told by what follows", B_LONG("FF00009000000000" CELL), "4106029800",
		TIME PLACE " battery=87 status=4294966271 ignition=false cells='470,1,25036,19354'", 32 },
	{ "long, no cell",
		B_LONG("00BDF09000000000"
		       "01D6010000000035"),
		"4106029800", TIME PLACE " battery=87 status=4294966271 ignition=false", 0 },
	{ "an id of 15 digits", B_IMEI, "352483084193293", TIME PLACE " status=4294967295 ignition=true", 0 },
	{ "not valid",
		"24"
		"4106029800" B_TIME "50102180"
		"F3"
		"005068281"
		"4"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800",
		TIME
		"50.1703,-5.1138017 invalid speed=0.514444 course=90 batteryLevel=3 status=4294967295 ignition=true",
		0 },
	{ "full",
		"24"
		"4106029800" B_TIME "50102180"
		"64"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME PLACE " battery=100 status=4294967295 ignition=true", 0 },
	{ "more than full",
		"24"
		"4106029800" B_TIME "50102180"
		"65"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME PLACE " status=4294967295 ignition=true", 0 },
	{ "the last step, charging",
		"24"
		"4106029800" B_TIME "50102180"
		"F6"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME PLACE " batteryLevel=6 status=4294967295 ignition=true", 0 },
	{ "a step too many, charging",
		"24"
		"4106029800" B_TIME "50102180"
		"F7"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME PLACE " status=4294967295 ignition=true", 0 },
	{ "seven per cent",
		"24"
		"4106029800" B_TIME "50102180"
		"07"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME PLACE " battery=7 status=4294967295 ignition=true", 0 },
	{ "long, a country that is none",
		B_LONG("00BDF09000000000"
		       "00C70161CC4B9A35"),
		"4106029800", TIME PLACE " battery=87 status=4294966271 ignition=false", 0 },
	{ "south and east",
		"24"
		"4106029800" B_TIME "50102180"
		"65"
		"005068281"
		"A"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		"4106029800", TIME "-50.1703,5.1138017 speed=0.514444 course=90 status=4294967295 ignition=true", 0 },
};

START_TEST(reads_binary)
{
	size_t len;
	const uint8_t *frame = hex_at_guard(binary[_i].hex, &len);
	struct protocol_result result = decoding(h02, &nobody, frame, len);

	ck_assert_uint_eq(result.positions_n, 1);
	ck_assert_str_eq(result.groups[0].identifier, binary[_i].device);
	ck_assert_msg(!strcmp(frame_summary(result.positions), binary[_i].want), "%s: %s", binary[_i].why,
		frame_summary(result.positions));
}
END_TEST

START_TEST(no_prefix_is_a_binary_frame)
{
	uint8_t copy[64];
	size_t len;
	const uint8_t *frame = hex_at_guard(binary[_i].hex, &len);

	memcpy(copy, frame, len);
	frame_prefixes(h02, &nobody, copy, len, binary[_i].but);
}
END_TEST

static const struct {
	const char *why, *hex;
	ssize_t first;
} streams[] = {
	{ "short, then short", B_SHORT B_SHORT, 32 },
	{ "short, then text", B_SHORT "2A48512C", 32 },
	{ "long, its 33rd byte an asterisk", B_LONG("FF00002AFF000000" CELL) B_SHORT, 45 },
	{ "short, then a line end", B_SHORT "0D0A", 32 },
	{ "short, then the first byte of another", B_SHORT "24", 32 },
	{ "long, then another", B_LONG("FF00009000000000" CELL) B_SHORT, 45 },
	{ "long, its 33rd byte looks like a beginning", B_LONG("FF000024FF000000" CELL) B_SHORT, 45 },
	{ "one byte longer, then another", B_LONG("FF03440069129344" CELL) "20" B_SHORT, 46 },
	{ "one byte longer", B_LONG("FF03440069129344" CELL) "20", 46 },
	{ "15 digits, then another", B_IMEI B_SHORT, 42 },
	{ "line ends", "0D0A0D0A24", 4 },
	{ "the rest of a frame", "00BDF09000000000" CELL "2A", 16 },
	{ "no digits", "24A106029800", -REASON_BAD_FRAME },
	{ "no such hour with either id",
		"244106029800"
		"240144"
		"250526"
		"60",
		-REASON_BAD_FRAME },
	{ "HTTP",
		"474554202F20485454502F312E310D0A557365722D4167656E743A206D6F6E69746F722F312E300D0A4163636570743A207465"
		"78742F"
		"68746D6C0D0A486F73743A20612E62632E64650D0A",
		-REASON_BAD_FRAME },
};

START_TEST(a_stream)
{
	size_t len;
	const uint8_t *bytes = hex_at_guard(streams[_i].hex, &len);
	ssize_t first = h02->frame(bytes, len, &decoding_limits);

	ck_assert_msg(first == streams[_i].first, "%s: %zd", streams[_i].why, first);
}
END_TEST

START_TEST(what_stands_between_is_passed_over)
{
	struct protocol_result result = frame_good(h02, &nobody, "\r\n", 2);

	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	frame_endless(h02, "*HQ,", '0');
}
END_TEST

static const struct {
	const char *why, *hex;
	int reason;
} bad_binary[] = {
	{ "longitude",
		"24"
		"4106029800" B_TIME "50102180"
		"06"
		"181068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		REASON_BAD_VALUE },
	{ "no digits in the longitude",
		"24"
		"4106029800" B_TIME "50102180"
		"06"
		"00A068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		REASON_BAD_VALUE },
	{ "31 February",
		"24"
		"4106029800"
		"060144310226"
		"50102180"
		"06"
		"005068281"
		"6"
		"001090"
		"FFFFFFFF"
		"FF"
		"00"
		"24",
		REASON_BAD_VALUE },
};

START_TEST(refuses_binary)
{
	uint8_t copy[64];
	size_t len;
	const uint8_t *frame = hex_at_guard(bad_binary[_i].hex, &len);

	memcpy(copy, frame, len);
	int r = frame_refused(h02, &nobody, copy, len);
	ck_assert_msg(r == bad_binary[_i].reason, "%s: %d", bad_binary[_i].why, r);
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *frame, *answer;
} answers[] = {
	{ "*HQ,4106029800,V1,060144," HERE ",250526,FFFFFFFF#", "*HQ,4106029800,V4,V1,20260102030405#" },
	{ "*hq,123456789012345,V1,060144," HERE ",250526,FFFFFFFF#", "*hq,123456789012345,V4,V1,20260102030405#" },
	{ "*HQ,1,NBR,160453,234,10,0,0,291019,FFFFFBFF,6#", "*HQ,1,V4,NBR,20260102030405#" },
	{ "*HQ,135790246811220,HTBT,100#", "*HQ,135790246811220,HTBT#" },
	{ "*HQ,135790246811220,V0#", "*HQ,135790246811220,V0#" },
	{ "*HQ,135790246811220,V8,060144," HERE ",250526,FFFFFFFF#", "" },
	{ "*HQ,pet-1,V1,060144," HERE ",250526,FFFFFFFF#", "" }, /* no such id in the document */
	{ "\r\n", "" },
};

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };

	frame_answered(h02, &s, answers[_i].frame, answers[_i].answer);
	ck_assert_str_eq(s.identifier, "");
}
END_TEST

START_TEST(binary_is_not_answered)
{
	struct protocol_session s = { 0 };
	size_t len;
	struct protocol_note note = decoding(h02, &s, hex_at_guard(B_SHORT, &len), 32).note;

	ck_assert_str_eq(frame_answer(h02, &s, &note, 0), "");
	ck_assert_str_eq(frame_answer(h02, &s, &(struct protocol_note){ 0 }, REASON_BAD_FRAME), " (close)");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("h02");
	TCase *t = tcase_create("h02");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, names_its_device);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_loop_test(t, reads_binary, 0, COUNT(binary));
	tcase_add_loop_test(t, no_prefix_is_a_binary_frame, 0, COUNT(binary));
	tcase_add_loop_test(t, a_stream, 0, COUNT(streams));
	tcase_add_test(t, what_stands_between_is_passed_over);
	tcase_add_loop_test(t, refuses_binary, 0, COUNT(bad_binary));
	tcase_add_loop_test(t, is_answered, 0, COUNT(answers));
	tcase_add_test(t, binary_is_not_answered);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
