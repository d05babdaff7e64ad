#include "base/text.h"
#include "cli/simulation/teltonika.h"
#include "replies.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))
#define IMEI "356307042441013"

/* ---- GT06 ---- */

#define GT06_PLACE "78782222110618010339c90561f807008c74c4241c00000101000100000100"
#define GT06_ANSWER_2 "78780522000207180d0a"

/* The first as the vendor's document has it, "GT06 GPS Tracker Communication Protocol" 1.8.1. */
START_TEST(gt06_login)
{
	ck_assert_str_eq(replies_login_hex("gt06", "123456789012345"), "78780d01012345678901234500018cdd0d0a");
	ck_assert_str_eq(replies_login_hex("gt06", "12345678901234"), "");
	ck_assert_str_eq(replies_login_hex("gt06", "1234567890123456"), "");
	ck_assert_str_eq(replies_login_hex("gt06", "12345678901234x"), "");
}
END_TEST

START_TEST(gt06_places)
{
	ck_assert_str_eq(replies_frame_hex("gt06", IMEI, 1), GT06_PLACE "00000002bd090d0a"
									"78780a13000404000200033ee00d0a");
	ck_assert_str_eq(replies_frame_hex("gt06", IMEI, 2), GT06_PLACE "00010002e7d50d0a" /* from the memory */
		GT06_PLACE "00000003ac800d0a"
									"78780a13000404000200044a5f0d0a");
}
END_TEST

/* South and east, not valid, fast, full: flags, bounds. */
START_TEST(gt06_other_place)
{
	struct position p = replies_fix;
	uint8_t frame[128];
	char hex[2 * 12 + 1];

	p.lat_e7 = -p.lat_e7;
	p.lon_e7 = -p.lon_e7;
	p.speed_mps = 1000;
	p.course_deg = 332;
	p.invalid = true;
	p.battery_pct = 100;
	ck_assert_uint_eq(dialect_find("gt06")->frame(frame, sizeof frame, IMEI, "", &p, 1), 39 + 15);
	text_hex(hex, frame + 11, 11);
	ck_assert_str_eq(hex, "0561f807008c74c4ff014c");
	ck_assert_uint_eq(frame[39 + 5], 6);
}
END_TEST

/* ---- JT/T 808 ---- */

#define JT808_LOCATION "000000000000000a02fd89cb004e07fb009b01680000170624090357310109d40147"

/* A terminal of 2019 has twenty digits, the code a length. */
START_TEST(jt808_login)
{
	ck_assert_str_eq(replies_login_hex("jt808", IMEI),
		"7e0100404c0100000356307042441013"
		"0000"
		"002c012c"
		"505452434b000000000000"
		"73696d756c61746564000000000000000000000000000000000000000000"
		"323434313031330000000000000000000000000000000000000000000000"
		"00"
		"087e"
		"7e010240330100000356307042441013"
		"0001"
		"0f333536333037303432343431303133"
		"333536333037303432343431303133"
		"312e300000000000000000000000000000000000"
		"407e");
	ck_assert_str_eq(replies_login_hex("jt808", "013800138000"), "7e01000025013800138000"
								     "0000"
								     "002c012c"
								     "505452434b"
								     "73696d756c617465640000000000000000000000"
								     "30313338303030"
								     "00"
								     "917e"
								     "7e0102000c013800138000"
								     "0001"
								     "303133383030313338303030"
								     "a47e");
	ck_assert_str_eq(replies_login_hex("jt808", ""), "");
	ck_assert_str_eq(replies_login_hex("jt808", "01380013800x"), "");
	ck_assert_str_eq(replies_login_hex("jt808", "123456789012345678901"), "");
}
END_TEST

START_TEST(jt808_locations)
{
	ck_assert_str_eq(replies_frame_hex("jt808", IMEI, 1), "7e020040220100000356307042441013"
							      "0002" JT808_LOCATION "477e");
	ck_assert_str_eq(replies_frame_hex("jt808", IMEI, 2), "7e0704404b0100000356307042441013"
							      "0002"
							      "000200"
							      "0022" JT808_LOCATION "0022" JT808_LOCATION "197e");
	ck_assert_str_eq(replies_frame_hex("jt808", "013800138000", 1), "7e02000022013800138000"
									"0002" JT808_LOCATION "bc7e");
	ck_assert_str_eq(replies_frame_hex("jt808", "cat", 1), "");
}
END_TEST

/* A byte that looks like a mark, and one that looks like an escape, are not sent as they are. */
START_TEST(jt808_escapes)
{
	struct position p = replies_fix;
	uint8_t frame[128];
	char hex[2 * sizeof frame + 1];

	p.has = POSITION_LOCATION | POSITION_ALTITUDE;
	p.altitude_m = 0x7d7e;
	size_t n = dialect_find("jt808")->frame(frame, sizeof frame, "013800138000", "", &p, 1);
	text_hex(hex, frame, n);
	ck_assert_str_eq(hex, "7e0200001f013800138000"
			      "0002"
			      "000000000000000a02fd89cb004e07fb7d017d0200000000170624090357310109"
			      "e27e");
}
END_TEST

/* ---- Teltonika: the examples of "Teltonika Data Sending Protocols" ---- */

static const struct teltonika_io io_1[] = { { 21, 1, 3 }, { 1, 1, 1 }, { 66, 2, 24079 }, { 241, 4, 24602 },
	{ 78, 8, 0 } };
static const struct teltonika_io io_2[] = { { 21, 1, 3 }, { 1, 1, 1 }, { 66, 2, 24080 } };
static const struct teltonika_io io_3a[] = { { 1, 1, 0 } }, io_3b[] = { { 1, 1, 1 } };
static const struct teltonika_io io_8e[] = { { 1, 1, 1 }, { 17, 2, 29 }, { 16, 4, 22949000 }, { 11, 8, 893700218 },
	{ 14, 8, 500686954 } };
static const struct teltonika_io io_16a[] = { { 1, 1, 0 }, { 3, 1, 0 }, { 11, 2, 39 }, { 66, 2, 22074 } };
static const struct teltonika_io io_16b[] = { { 1, 1, 0 }, { 3, 1, 0 }, { 11, 2, 38 }, { 66, 2, 22074 } };
static const struct teltonika_io io_udp[] = { { 21, 1, 3 }, { 1, 1, 1 }, { 66, 2, 23996 } };
static const struct teltonika_io io_udp_8e[] = { { 1, 1, 1 }, { 17, 2, 157 }, { 16, 4, 22949000 }, { 11, 8, 893700218 },
	{ 14, 8, 500686954 } };

static const struct published {
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
	{ TELTONIKA_16,
		"000000000000005f10020000016bdbc7833000000000000000000000000000000000000b05040200010000030002000b002700"
		"42563a00000000016bdbc7871800000000000000000000000000000000000b05040200010000030002000b00260042563a0000"
		"0200005fb3",
		2,
		{ { .time_ms = 1562760414000, .event = 11, .generation = 5, .io = io_16a, .io_n = 4 },
			{ .time_ms = 1562760415000, .event = 11, .generation = 5, .io = io_16b, .io_n = 4 } } },
};

static void compare(size_t (*make)(uint8_t *out, size_t size, const struct published *p), const struct published *p)
{
	uint8_t frame[256];
	char hex[2 * sizeof frame + 1];
	size_t n = make(frame, sizeof frame, p);

	ck_assert_uint_gt(n, 0);
	text_hex(hex, frame, n);
	ck_assert_str_eq(hex, p->hex);
	for (size_t size = 0; size < n; size++)
		ck_assert_uint_eq(make(frame, size, p), 0);
}

static size_t make_frame(uint8_t *out, size_t size, const struct published *p)
{
	return teltonika_frame(out, size, p->codec, p->records, p->n);
}

START_TEST(teltonika_published)
{
	compare(make_frame, &published[_i]);
}
END_TEST

static const struct published datagrams[] = {
	{ TELTONIKA_8,
		"003dcafe0105000f33353230393330383634303336353508010000016b4f815b30010000000000000000000000000000000103"
		"021503010101425dbc000001",
		1, { { .time_ms = 1560407006000, .priority = 1, .event = 1, .io = io_udp, .io_n = 3 } } },
	{ TELTONIKA_8E,
		"005fcafe0107000f3335323039333038363430333635358e010000016b4f831c68010000000000000000000000000000000001"
		"00050001000101000100110"
		"09d00010010015e2c880002000b000000003544c87a000e000000001dd7e06a000001",
		1, { { .time_ms = 1560407121000, .priority = 1, .event = 1, .io = io_udp_8e, .io_n = 5 } } },
};

static size_t make_datagram(uint8_t *out, size_t size, const struct published *p)
{
	return teltonika_datagram(
		out, size, "352093086403655", p->codec == TELTONIKA_8 ? 5 : 7, p->codec, p->records, p->n);
}

START_TEST(teltonika_published_datagrams)
{
	compare(make_datagram, &datagrams[_i]);
}
END_TEST

/* The same document: IMEI 356307042441013 as a tracker says it first. */
START_TEST(teltonika_login_frame)
{
	ck_assert_str_eq(replies_login_hex("teltonika-8", IMEI), "000f333536333037303432343431303133");
}
END_TEST

/* A position as a record: units, signs, order. */
#define TELTONIKA_RECORD                                                                                               \
	"0000015cd7a07848"                                                                                             \
	"00"                                                                                                           \
	"fcf3b032"                                                                                                     \
	"1de761ee"                                                                                                     \
	"009b"                                                                                                         \
	"0000"                                                                                                         \
	"09"                                                                                                           \
	"0024"

START_TEST(teltonika_positions)
{
	ck_assert_str_eq(replies_frame_hex("teltonika-8", IMEI, 1), "0000000000000023"
								    "0801" TELTONIKA_RECORD "0001"
								    "017147"
								    "000000" /* the battery's level */
								    "01"
								    "00007ea3");
	ck_assert_str_eq(replies_frame_hex("teltonika-8e", IMEI, 1), "000000000000002c"
								     "8e01" TELTONIKA_RECORD "00000001"
								     "0001007147"
								     "0000000000000000"
								     "01"
								     "00000f26");
	ck_assert_str_eq(replies_frame_hex("teltonika-16", IMEI, 1), "0000000000000026"
								     "1001" TELTONIKA_RECORD "00000701"
								     "01007147"
								     "000000"
								     "01"
								     "0000be2a");
}
END_TEST

START_TEST(teltonika_datagram_of_positions)
{
	ck_assert_str_eq(replies_frame_hex("teltonika-udp-8", IMEI, 1), "0038"
									"cafe0101"
									"000f333536333037303432343431303133"
									"0801" TELTONIKA_RECORD "0001"
									"017147"
									"000000"
									"01");
}
END_TEST

/* ---- all of them ---- */

/* A datagram is not to be cut on its way. */
START_TEST(the_most_records_fit)
{
	enum { DATAGRAM_MAX = 1472 };
	static const char *const names[] = { "gt06", "jt808", "teltonika-8", "teltonika-8e", "teltonika-16",
		"teltonika-udp-8", "teltonika-udp-8e", "teltonika-udp-16" };
	static struct position many[255];
	uint8_t frame[DIALECT_FRAME_MAX];
	const struct dialect *d = dialect_find(names[_i]);

	ck_assert_uint_gt(d->records_max, 1);
	for (size_t i = 0; i < d->records_max; i++)
		many[i] = replies_fix;
	size_t n = d->frame(frame, d->udp ? DATAGRAM_MAX : sizeof frame, IMEI, "", many, d->records_max);
	ck_assert_uint_gt(n, 0);
}
END_TEST

#define HEX true

/* JT/T 808: to @serial and @id, with its result. */
#define JT808_ANSWER "7e8001400501000003563070424410130000"
#define JT808_REGISTERED "7e8100401201000003563070424410130000000000333536333037303432343431303133f37e"

static const struct reply_case answers[] = {
	/* the first as the vendor's document has it */
	{ "welcome", "gt06", true, 0, "787805010001d9dc0d0a", HEX, REPLY_WELCOME },
	{ "welcome to another", "gt06", true, 0, "787805010002ebbe0d0a", HEX, REPLY_GARBAGE },
	{ "taken", "gt06", false, 1, GT06_ANSWER_2 "787805130003cae30d0a", HEX, REPLY_TAKEN, .taken = 1 },
	{ "two taken", "gt06", false, 2, GT06_ANSWER_2 "78780522000316910d0a787805130004be5c0d0a", HEX, REPLY_TAKEN,
		.taken = 2 },
	{ "taken, and more", "gt06", false, 1, GT06_ANSWER_2 "787805130003cae30d0a7878", HEX, REPLY_TAKEN, .rest = 2,
		.taken = 1 },
	{ "the second of two", "gt06", false, 2, "78780522000316910d0a", HEX, REPLY_GARBAGE },
	{ "wrong crc", "gt06", false, 1, "78780522000207190d0a787805130003cae30d0a", HEX, REPLY_GARBAGE },
	{ "something else", "gt06", false, 1, "00", HEX, REPLY_GARBAGE },

	{ "welcome", "jt808", true, 0, JT808_REGISTERED JT808_ANSWER "0001010200d77e", HEX, REPLY_WELCOME },
	{ "no such terminal", "jt808", true, 0, "7e8100400301000003563070424410130000000004d77e", HEX, REPLY_DENIED },
	{ "not the right code", "jt808", true, 0, JT808_REGISTERED JT808_ANSWER "0001010201d67e", HEX, REPLY_DENIED },
	{ "registered without a code", "jt808", true, 0, "7e8100400301000003563070424410130000000000d37e", HEX,
		REPLY_GARBAGE },
	{ "authenticated twice", "jt808", true, 0, JT808_ANSWER "0001010200d77e", HEX, REPLY_GARBAGE },
	{ "taken", "jt808", false, 1, JT808_ANSWER "0002020000d57e", HEX, REPLY_TAKEN, .taken = 1 },
	{ "taken, of 2013, with escapes", "jt808", false, 1, "7e800100050138001380007d017d0200020200002d7e", HEX,
		REPLY_TAKEN, .taken = 1 },
	{ "a batch taken, and more", "jt808", false, 28, JT808_ANSWER "0002070400d47e7e", HEX, REPLY_TAKEN, .rest = 1,
		.taken = 28 },
	{ "an alarm is noted", "jt808", false, 1, JT808_ANSWER "0002020004d17e", HEX, REPLY_TAKEN, .taken = 1 },
	{ "failed", "jt808", false, 1, JT808_ANSWER "0002020001d47e", HEX, REPLY_LATER },
	{ "wrong", "jt808", false, 1, JT808_ANSWER "0002020002d77e", HEX, REPLY_REFUSED },
	{ "not supported", "jt808", false, 1, JT808_ANSWER "0002020003d67e", HEX, REPLY_REFUSED },
	{ "of no result", "jt808", false, 1, JT808_ANSWER "0002020005d07e", HEX, REPLY_GARBAGE },
	{ "to a batch, of one", "jt808", false, 1, JT808_ANSWER "0002070400d47e", HEX, REPLY_GARBAGE },
	{ "to another message", "jt808", false, 1, JT808_ANSWER "0003020000d47e", HEX, REPLY_GARBAGE },
	{ "longer", "jt808", false, 1, "7e8001400601000003563070424410130000000202000000d67e", HEX, REPLY_GARBAGE },
	{ "a text", "jt808", false, 1, "7e83004006010000035630704244101300000068656c6c6fb67e", HEX, REPLY_GARBAGE },
	{ "wrong check", "jt808", false, 1, JT808_ANSWER "0002020000d47e", HEX, REPLY_GARBAGE },
	{ "no escape", "jt808", false, 1, JT808_ANSWER "0002020000d57d7e", HEX, REPLY_GARBAGE },
	{ "shorter than it says", "jt808", false, 1, "7e8001400501000003563070424410130000000202d57e", HEX,
		REPLY_GARBAGE },
	{ "nothing", "jt808", false, 1, "7e7e", HEX, REPLY_GARBAGE },
	{ "something else", "jt808", false, 1, "00", HEX, REPLY_GARBAGE },

	{ "welcome", "teltonika-8", true, 0, "01", HEX, REPLY_WELCOME },
	{ "not known", "teltonika-8", true, 0, "00", HEX, REPLY_DENIED },
	{ "something else", "teltonika-8", true, 0, "02", HEX, REPLY_GARBAGE },
	{ "taken", "teltonika-8", false, 5, "00000005", HEX, REPLY_TAKEN, .taken = 5 },
	{ "three of five", "teltonika-16", false, 5, "00000003", HEX, REPLY_TAKEN, .taken = 3 },
	{ "none", "teltonika-8e", false, 5, "00000000", HEX, REPLY_LATER },
	{ "more than were sent", "teltonika-8e", false, 5, "00000006", HEX, REPLY_GARBAGE },
};

/* A datagram is whole: the beginning of an answer is none. */
static const struct reply_case datagram_answers[] = {
	{ "taken", "teltonika-udp-8", false, 5, "0005cafe010505", HEX, REPLY_TAKEN, .taken = 5 },
	{ "three of five", "teltonika-udp-8e", false, 5, "0005cafe010503", HEX, REPLY_TAKEN, .taken = 3 },
	{ "none", "teltonika-udp-16", false, 5, "0005cafe010500", HEX, REPLY_LATER },
	{ "more than were sent", "teltonika-udp-8", false, 5, "0005cafe010506", HEX, REPLY_GARBAGE },
	{ "to another datagram", "teltonika-udp-8", false, 5, "0005cafe010405", HEX, REPLY_GARBAGE },
	{ "to another channel", "teltonika-udp-8", false, 5, "0005cafd010505", HEX, REPLY_GARBAGE },
	{ "wrong length", "teltonika-udp-8", false, 5, "0006cafe010505", HEX, REPLY_GARBAGE },
	{ "longer", "teltonika-udp-8", false, 5, "0006cafe01050500", HEX, REPLY_GARBAGE },
	{ "shorter", "teltonika-udp-8", false, 5, "0004cafe0105", HEX, REPLY_GARBAGE },
	{ "nothing", "teltonika-udp-8", false, 5, "", HEX, REPLY_GARBAGE },
};

START_TEST(answers_are_read)
{
	replies_check(&answers[_i]);
	replies_check_beginnings(&answers[_i]);
}
END_TEST

START_TEST(datagram_answers_are_read)
{
	replies_check(&datagram_answers[_i]);
}
END_TEST

/* What never ends is not waited for. */
START_TEST(an_endless_message_is_garbage)
{
	static uint8_t endless[1024] = { 0x7e };

	ck_assert_int_eq(dialect_find("jt808")->read(endless, 64, false, 1).kind, REPLY_MORE);
	ck_assert_int_eq(dialect_find("jt808")->read(endless, sizeof endless, false, 1).kind, REPLY_GARBAGE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect_binary");
	TCase *c = tcase_create("dialect_binary");

	tcase_add_test(c, gt06_login);
	tcase_add_test(c, gt06_places);
	tcase_add_test(c, gt06_other_place);
	tcase_add_test(c, jt808_login);
	tcase_add_test(c, jt808_locations);
	tcase_add_test(c, jt808_escapes);
	tcase_add_loop_test(c, teltonika_published, 0, LENGTH(published));
	tcase_add_loop_test(c, teltonika_published_datagrams, 0, LENGTH(datagrams));
	tcase_add_test(c, teltonika_login_frame);
	tcase_add_test(c, teltonika_positions);
	tcase_add_test(c, teltonika_datagram_of_positions);
	tcase_add_loop_test(c, the_most_records_fit, 0, 8);
	tcase_add_loop_test(c, answers_are_read, 0, LENGTH(answers));
	tcase_add_loop_test(c, datagram_answers_are_read, 0, LENGTH(datagram_answers));
	tcase_add_test(c, an_endless_message_is_garbage);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
