/* Source: ingest/protocols/watch.c, watch_read.c. Vectors: the document's examples, and frames made here from it. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_watch;
static const struct protocol *const watch = &protocol_watch;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HERE "250526,060144,A,50.170300,N,5.1138017,W,3.60,90.0,15.0,9,80,66,1234,5,"
#define NOWHERE "250526,060144,V,0.0,N,0.0,E,22.0,0,-1,0,100,98,0,0,"
#define SAYS_HERE                                                                                                      \
	"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=1 course=90 altitude=15 battery=66 satellites=9 "           \
	"gsmSignal=80 steps=1234 rolls=5 status="
#define SAYS_NOWHERE "2026-05-25T06:01:44.000Z - battery=98 satellites=0 gsmSignal=100 steps=0 rolls=0 status=0"

/* ---- frames made here ---- */

/* With the length of @content, escapes among it counted as one. */
static size_t make(uint8_t *out, size_t size, const char *content)
{
	size_t n = strlen(content);

	for (const char *c = content; *c; c++)
		n -= *c == '}' && c[1] >= 1 && c[1] <= 5;
	return (size_t)snprintf((char *)out, size, "[3G*4700222306*%04zX*%s]", n, content);
}

static const struct {
	const char *why, *content, *want;
} good[] = {
	{ "a fix, cells and access points",
		"UD," HERE "00000000,2,255,460,0,9360,4082,131,9360,4092,-85,2,Home,68:77:24:1b:e7:a7,-59,Cafe,"
		"68:77:24:1b:e7:a8,-75,13.8",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=1 course=90 altitude=15 accuracy=13.8 battery=66 "
		"satellites=9 gsmSignal=80 steps=1234 rolls=5 status=0 cells='460,0,9360,4082,131;460,0,9360,4092,-85' "
		"wifi='68:77:24:1b:e7:a7,-59;68:77:24:1b:e7:a8,-75'" },
	{ "no fix, access points alone", "UD," NOWHERE "00000000,0,1,eduroam,f4:db:e6:d2:a8:00,-53,0.0",
		SAYS_NOWHERE " wifi='f4:db:e6:d2:a8:00,-53'" },
	{ "no fix, nothing else", "UD," NOWHERE "00000000,0,0,58.0",
		"2026-05-25T06:01:44.000Z - accuracy=58 battery=98 "
		"satellites=0 gsmSignal=100 steps=0 rolls=0 status=0" },
	{ "what belongs to cells, empty", "UD," NOWHERE "00000000,0,1,,,,00", SAYS_NOWHERE },
	{ "a comma in a name", "UD," NOWHERE "00000000,0,1,Bed, Bath,f4:db:e6:d2:a8:00,-53,0.0",
		SAYS_NOWHERE " wifi='f4:db:e6:d2:a8:00,-53'" },
	{ "brackets in a name", "UD," NOWHERE "00000000,0,1,[LG] A]C,f4:db:e6:d2:a8:00,-53,0.0",
		SAYS_NOWHERE " wifi='f4:db:e6:d2:a8:00,-53'" },
	{ "what is no escape in a name", "UD," NOWHERE "00000000,0,1,}\x06}a}},f4:db:e6:d2:a8:00,-53,0.0",
		SAYS_NOWHERE " wifi='f4:db:e6:d2:a8:00,-53'" },
	{ "escapes in a name", "UD," NOWHERE "00000000,0,1,}\x01}\x02}\x03}\x05}x,f4:db:e6:d2:a8:00,-53,0.0",
		SAYS_NOWHERE " wifi='f4:db:e6:d2:a8:00,-53'" },
	{ "network behind the kind", "UD_LTE," HERE "00000000,1,1,425,01,10223,8012811,100,0,",
		SAYS_HERE "0 cells='425,1,10223,8012811,100'" },
	{ "from the memory", "UD2_WCDMA," HERE "00000000,0,0,", SAYS_HERE "0 stored=true" },
	{ "weather wanted", "WT," HERE "00000010,0,0,", SAYS_HERE "16 motion=true" },
	{ "SOS", "AL," HERE "00010000,0,0,", SAYS_HERE "65536 alarm='sos'" },
	{ "taken off, moving", "AL_LTE," HERE "00100010,0,0,", SAYS_HERE "1048592 alarm='removed' motion=true" },
	{ "every alarm", "AL," HERE "007F0000,0,0,",
		SAYS_HERE "8323072 alarm='sos,lowBattery,geofenceExit,geofenceEnter,removed,fall'" },
	{ "battery low, four digits", "AL," HERE "0001,0,0,", SAYS_HERE "1 alarm='lowBattery'" },
	{ "a status that is none", "AL," HERE "x,0,0,",
		"2026-05-25T06:01:44.000Z 50.1703,-5.1138017 speed=1 course=90 altitude=15 battery=66 satellites=9 "
		"gsmSignal=80 steps=1234 rolls=5" },
	{ "the last place", "UD,250526,060144,V,50.1703,S, 5.1138017,E,0.00,0.0",
		"2026-05-25T06:01:44.000Z -50.1703,5.1138017 invalid speed=0 course=0" },
	{ "no hemisphere", "UD,250526,060144,A,50.1703,N,5.1138017,,0.00,0.0", "2026-05-25T06:01:44.000Z -" },
	{ "no date", "UD,000000,060144,V,0,N,0,E,0,0", "- -" },
	{ "more cells than are there", "UD," HERE "00000000,3,255,460,0,9360,4082,131",
		SAYS_HERE "0 cells='460,0,9360,4082,131'" },
	{ "cells without a country", "UD," HERE "00000000,1,255,,,9360,4082,131,0,", SAYS_HERE "0" },
	{ "a link", "LK", "- -" },
	{ "a link that counts steps", "LK,50,100,87", "- - battery=87 steps=50 rolls=100" },
	{ "a battery beyond full", "LK,50,100,101", "- - steps=50 rolls=100" },
	{ "a heart", "heart,72", "- - heartRate=72" },
	{ "no heart", "heart,0", "- -" },
	{ "a body", "btemp2,1,38.6", "- - temperature=38.6" },
	{ "blood", "bphrt,120,80,72,0,0,0,0", "- - systolic=120 diastolic=80 heartRate=72" },
	{ "breath", "oxygen,0,98", "- - bloodOxygen=98" },
	{ "a question", "TKQ", "- - event='TKQ'" },
	{ "voice", "TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff", "- - event='TK'" },
	{ "something else", "rcapture", "- - event='rcapture'" },
	{ "nothing", "", "- -" },
};

START_TEST(reads)
{
	uint8_t frame[1024];
	size_t len = make(frame, sizeof frame, good[_i].content);
	struct protocol_result result = frame_good(watch, &nobody, frame, len);

	ck_assert_uint_eq(result.positions_n, 1);
	ck_assert_str_eq(result.groups[0].identifier, "4700222306");
	ck_assert_msg(!strcmp(frame_summary(result.positions), good[_i].want), "%s: %s", good[_i].why,
		frame_summary(result.positions));
}
END_TEST

/* But for one that ends in the middle of a name, where a bracket closes that none opened: it looks like a whole frame of a maker who
 * miscounts. */
START_TEST(no_prefix_is_a_frame)
{
	uint8_t frame[1024];
	size_t len = make(frame, sizeof frame, good[_i].content);
	const uint8_t *closed = memmem(frame, len, "A]C", 3);

	frame_prefixes(watch, &nobody, frame, len, closed ? (size_t)(closed - frame) + 2 : 0);
}
END_TEST

static const struct {
	const char *why, *frame, *says;
} variants[] = {
	{ "the document's example",
		"[SG*8800000015*0087*UD,220414,134652,A,22.571707,N,113.8613968,E,0.1,0.0,100,7,60,90,1000,50,0000,4,1,"
		"460,0,9360,4082,131,9360,4092,148,9360,4091,143,9360,4153,141]", /* which counts wrong, as the document does */
		"2014-04-22T13:46:52.000Z 22.571707,113.8613968 speed=0.0277778 course=0 altitude=100 battery=90 "
		"satellites=7 gsmSignal=60 steps=1000 rolls=50 status=0 "
		"cells='460,0,9360,4082,131;460,0,9360,4092,148;460,0,9360,4091,143;460,0,9360,4153,141'" },
	{ "with an index", "[ZJ*014111001350304*0033*000B*LK,50,10,87]", "- - battery=87 steps=50 rolls=10" },
	{ "counts too little", "[SG*9059056143*0003*LK,50,10,87]", "- - battery=87 steps=50 rolls=10" },
	{ "counts too much", "[SG*9059056143*0010*LK,50,10,87]", "- - battery=87 steps=50 rolls=10" },
};

START_TEST(reads_what_makers_vary)
{
	ck_assert_msg(!strcmp(frame_says(watch, &nobody, variants[_i].frame), variants[_i].says), "%s: %s",
		variants[_i].why, frame_says(watch, &nobody, variants[_i].frame));
}
END_TEST

static const struct {
	const char *why, *stream;
	ssize_t first;
} streams[] = {
	{ "two", "[3G*1*0002*LK][3G*1*0002*LK]", 14 },
	{ "two, miscounted", "[3G*1*0003*LK][3G*1*0003*LK]", 14 },
	{ "two, counted as one", "[3G*1*0009*LK][3G*1*0009*LK]", 14 },
	{ "a bracket inside, counted right", "[3G*1*0005*a][b,][3G", 17 },
	{ "a bracket inside, miscounted", "[3G*1*0004*[a]b]\r\n", 16 },
	{ "breaks off, and the next one", "[3G*1*0009*LK,5[3G*1*0002*LK]", -REASON_BAD_FRAME },
	{ "breaks off, and what may be the next one", "[3G*1*0009*LK,5[3G*1*000", PROTOCOL_MORE },
	{ "another's frame inside", "[3G*1*0029*a,[3G*2*0002*LK]", PROTOCOL_MORE },
	{ "line ends", "\r\n\r\n[3G", 4 },
	{ "an opening bracket", "[", PROTOCOL_MORE },
	{ "no bracket", "3G*1*0002*LK]", -REASON_BAD_FRAME },
	{ "a maker of one letter", "[3*1*0002*LK]", -REASON_BAD_FRAME },
	{ "a maker of three", "[3GX*1*0002*LK]", -REASON_BAD_FRAME },
	{ "another bracket", "(3G*1*0002*LK]", -REASON_BAD_FRAME },
	{ "no asterisk behind the maker", "[3GX1*0002*LK]", -REASON_BAD_FRAME },
	{ "a maker of none", "[*", -REASON_BAD_FRAME },
	{ "an id of other characters", "[3G*1-2", -REASON_BAD_FRAME },
	{ "an id without end", "[3G*1234567890123456789012345", -REASON_BAD_FRAME },
	{ "a length of three digits", "[3G*1*002*LK]", -REASON_BAD_FRAME },
	{ "a length of five digits", "[3G*1*00002*LK]", -REASON_BAD_FRAME },
	{ "a length of letters", "[3G*1*000x*LK]", -REASON_BAD_FRAME },
	{ "nothing of HTTP", "GET / HTTP/1.1\r\n", -REASON_BAD_FRAME },
};

START_TEST(a_stream)
{
	size_t len = strlen(streams[_i].stream);
	ssize_t first = watch->frame(bytes_at_guard(streams[_i].stream, len), len, &decoding_limits);

	ck_assert_msg(first == streams[_i].first, "%s: %zd", streams[_i].why, first);
}
END_TEST

START_TEST(an_endless_frame)
{
	frame_endless(watch, "[3G*1*FFFF*", 'x');
	frame_endless(watch, "[3G*1*0001*", 'x');
	frame_endless(watch, "[3G*1*0001*", '[');
}
END_TEST

static const struct {
	const char *why, *content;
	int reason;
} bad[] = {
	{ "latitude", "UD,250526,060144,A,90.1703,N,5.1138017,W,3.60,90.0", REASON_BAD_VALUE },
	{ "longitude", "UD,250526,060144,A,50.1703,N,180.1138017,W,3.60,90.0", REASON_BAD_VALUE },
	{ "no longitude", "UD,250526,060144,A,50.1703,N,,W,3.60,90.0", REASON_BAD_VALUE },
	{ "a hemisphere that is none", "UD,250526,060144,A,50.1703,E,5.1138017,W,3.60,90.0", REASON_BAD_VALUE },
	{ "31 April", "UD,310426,060144,A,50.1703,N,5.1138017,W,3.60,90.0", REASON_BAD_VALUE },
	{ "60 minutes", "UD,250526,066044,A,50.1703,N,5.1138017,W,3.60,90.0", REASON_BAD_VALUE },
	{ "too few fields", "UD,250526,060144,A,50.1703,N,5.1138017,W,3.60", REASON_BAD_FRAME },
	{ "no fields", "AL", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	uint8_t frame[1024];
	size_t len = make(frame, sizeof frame, bad[_i].content);
	int r = frame_refused(watch, &nobody, frame, len);

	ck_assert_msg(r == bad[_i].reason, "%s: %d", bad[_i].why, r);
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_hold)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	uint8_t frame[1024];
	size_t len = make(frame, sizeof frame, good[6].content);

	scratch->positions_max = 0;
	ck_assert_int_eq(watch->decode(&nobody, frame, len, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 400; size++) {
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = watch->decode(&nobody, frame, len, scratch, &result);
		ck_assert(r == 0 || r == REASON_TOO_MANY);
	}
	ck_assert_int_eq(frame_refused(watch, &nobody, "[3G**0002*LK]", 13), REASON_NO_DEVICE);
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *frame, *answer;
} answers[] = {
	{ "[3G*8800000015*0002*LK]", "[3G*8800000015*0002*LK]" },
	{ "[CS*8800000015*000B*LK,50,10,87]", "[CS*8800000015*0002*LK]" },
	{ "[3G*8800000015*0003*TKQ]", "[3G*8800000015*0003*TKQ]" },
	{ "[3G*8800000015*0004*TKQ2]", "[3G*8800000015*0004*TKQ2]" },
	{ "[ZJ*014111001332708*00Af*0002*LK]", "[ZJ*014111001332708*00af*0002*LK]" },
	{ "[3G*8800000015*0020*AL_LTE,250526,060144,V,0,N,0,E,0,0]", "[3G*8800000015*0002*AL]" },
	{ "[3G*8800000015*0011*INIT,13800000000,]", "[3G*8800000015*0006*INIT,1]" },
	{ "[3G*8800000015*0020*UD,250526,060144,V,0,N,0,E,0,0]", "" },
	{ "[3G*8800000015*0005*TK,xx]", "" },
	{ "[3G*petone*0002*LK]", "" }, /* no such id in the document */
	{ "\n", "" },
};

START_TEST(is_answered)
{
	struct protocol_session s = { 0 };

	frame_answered(watch, &s, answers[_i].frame, answers[_i].answer);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, reads_what_makers_vary, 0, COUNT(variants));
	tcase_add_loop_test(t, a_stream, 0, COUNT(streams));
	tcase_add_test(t, an_endless_frame);
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_hold);
	tcase_add_loop_test(t, is_answered, 0, COUNT(answers));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
