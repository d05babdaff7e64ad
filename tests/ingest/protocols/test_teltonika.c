/* Source: ingest/protocols/teltonika.c, teltonika_io.c. Vectors: Teltonika wiki, "Teltonika Data Sending Protocols", and
 * records made here from that page's description. */
#include "bytes.h"
#include "decoding.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_teltonika;
static const struct protocol *const teltonika = &protocol_teltonika;
static const struct protocol_session logged_in = { .identifier = "356307042441013" };

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define RECORD(priority, place) "000001970B2EC800" priority place
#define HERE                                                                                                           \
	"F5C9F0721DE64EF0000F005A090012" /* lon -17.1315086, lat 50.1632752, 15 m, 90 degrees, 9 satellites, 18 km/h */

static const struct {
	const char *why, *hex;
	size_t n;
	int64_t time_ms; /* of the first record */
	const char *attributes;
} good[] = {
	{ "codec 8, first example",
		"000000000000003608010000016B40D8EA30010000000000000000000000000000000105021503010101425E0F01F10000601A"
		"014E0000000000000000010000C7CF",
		1, 1560161086000,
		"priority=1 satellites=0 event=1 gsmSignal=3 input1=true externalVoltage=24.079 operator=24602" },
	{ "codec 8, second example",
		"000000000000002808010000016B40D9AD80010000000000000000000000000000000103021503010101425E100000010000F2"
		"2A",
		1, 1560161136000, "priority=1 satellites=0 event=1 gsmSignal=3 input1=true externalVoltage=24.08" },
	{ "codec 8, two records",
		"000000000000004308020000016B40D57B480100000000000000000000000000000001010101000000000000016B40D5C19801"
		"0000000000000000000000000000000101010101000000020000252C",
		2, 1560160861000, "priority=1 satellites=0 event=1 input1=false" },
	{ "codec 8 extended",
		"000000000000004A8E010000016B412CEE000100000000000000000000000000000000010005000100010100010011001D0001"
		"0010015E2C880002000B000000003544C87A000E000000001DD7E06A00000100002994",
		1, 1560166592000,
		"priority=1 satellites=0 event=1 input1=true axisX=29 odometer=22949000 iccid1=893700218 "
		"iccid2=500686954" },
	{ "codec 16",
		"000000000000005F10020000016BDBC7833000000000000000000000000000000000000B05040200010000030002000B002700"
		"42563A00000000016BDBC7871800000000000000000000000000000000000B05040200010000030002000B00260042563A0000"
		"0200005FB3",
		2, 1562760414000, "satellites=0 event=11 input1=false input3=false iccid1=39 externalVoltage=22.074" },
};

/* ---- packets made here: a body gets its length and checksum ---- */

static uint16_t crc_by_bits(const uint8_t *p, size_t n)
{
	uint16_t crc = 0;

	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
	}
	return crc;
}

static const uint8_t *packet(const char *body_hex, size_t *ret_len)
{
	uint8_t buf[8192] = { 0 };
	size_t n = strlen(body_hex) / 2;

	ck_assert_int_eq(text_unhex(buf + 8, n, body_hex, 2 * n), 0);
	uint16_t crc = crc_by_bits(buf + 8, n);
	buf[6] = (uint8_t)(n >> 8);
	buf[7] = (uint8_t)n;
	buf[8 + n + 2] = (uint8_t)(crc >> 8);
	buf[8 + n + 3] = (uint8_t)crc;
	*ret_len = n + 12;
	return bytes_at_guard(buf, n + 12);
}

static struct position decode_body(const char *body_hex)
{
	size_t len;
	const uint8_t *frame = packet(body_hex, &len);
	struct protocol_result result = decoding(teltonika, &logged_in, frame, len);

	ck_assert_uint_eq(result.positions_n, 1);
	return result.positions[0];
}

START_TEST(reads_the_published_examples)
{
	size_t len;
	const uint8_t *frame = hex_at_guard(good[_i].hex, &len);
	struct protocol_result result = decoding(teltonika, &logged_in, frame, len);

	ck_assert_uint_eq(result.positions_n, good[_i].n);
	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.groups[0].n, good[_i].n);
	ck_assert_str_eq(result.groups[0].identifier, "356307042441013");
	ck_assert_ptr_null(result.groups[0].secret);
	ck_assert_int_eq(result.positions[0].time_ms, good[_i].time_ms);
	ck_assert_uint_eq(result.positions[0].has, 0); /* none of the examples has a fix */
	ck_assert_str_eq(decoding_attributes(&result.positions[0]), good[_i].attributes);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	struct protocol_result result;
	size_t len, whole = strlen(good[_i].hex) / 2;
	char hex[1024];

	for (size_t cut = 0; cut < whole; cut++) {
		memcpy(hex, good[_i].hex, 2 * cut);
		hex[2 * cut] = '\0';
		const uint8_t *frame = hex_at_guard(hex, &len);
		ck_assert_int_eq(teltonika->frame(frame, len, &decoding_limits), PROTOCOL_MORE);
		ck_assert_int_ne(teltonika->decode(&logged_in, frame, len, decoding_scratch(), &result), 0);
	}
}
END_TEST

START_TEST(a_fix)
{
	struct position p = decode_body("0801" RECORD("00", HERE) "0005"
								  "02EF011504"
								  "02423138430FA0"
								  "0110000186A0"
								  "00"
								  "01");

	ck_assert_int_eq(p.time_ms, 1748239304704);
	ck_assert_int_eq(p.lat_e7, 501632752);
	ck_assert_int_eq(p.lon_e7, -171315086);
	ck_assert_uint_eq(p.has, POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE);
	ck_assert_float_eq_tol(p.speed_mps, 5.f, 1e-6f);
	ck_assert_float_eq(p.course_deg, 90.f);
	ck_assert_float_eq(p.altitude_m, 15.f);
	ck_assert(!p.invalid);
	ck_assert_str_eq(decoding_attributes(&p),
		"satellites=9 ignition=true gsmSignal=4 externalVoltage=12.6 batteryVoltage=4 odometer=100000");
}
END_TEST

/* One record whose elements are @io, in codec 8 extended. */
static struct position with_elements(const char *io)
{
	char body[1024];

	snprintf(body, sizeof body, "8E01" RECORD("00", HERE) "00000001%s01", io);
	return decode_body(body);
}

static const struct {
	const char *why, *io, *attributes;
} elements[] = {
	{ "below zero", "0000000000010048FFFFFFF600000000", "temperature=-1" },
	{ "an axis",
		"0000000100"
		"11FFF0"
		"000000000000",
		"axisX=-16" },
	{ "unknown, one byte", "000101F4070000000000000000", "io500=7" },
	{ "unknown, too large for a number",
		"00000000000000010"
		"1F4FFFFFFFFFFFFFFFF0000",
		"io500='ffffffffffffffff'" },
	{ "a flag that is none", "000100F0020000000000000000", "io240=2" },
	{ "a code", "0000000000000001004E00000000A1B2C3D40000", "iButton='00000000a1b2c3d4'" },
	{ "variable length", "000000000000000000010181000401AB02CD", "io385='01ab02cd'" },
	{ "variable length, empty", "0000000000000000000101810000", "" },
	{ "precision",
		"0000000200B5000B00B600060000000000"
		"00",
		"pdop=1.1 hdop=0.6" },
	{ "said twice", "000200EF0100EF000000000000000000", "ignition=false" },
	{ "alarms",
		"000400EC0100F20100F70500FC00"
		"0000000000000000",
		"alarmButton=true manDown=true crash=5 unplugged=false alarm='sos,fall,accident'" },
	{ "other alarms",
		"000300F60100F90100FC01"
		"0000000000000000",
		"towing=true jamming=true unplugged=true alarm='towing,jamming,powerCut'" },
	{ "alarms that are over", "000200EC0000F7000000000000000000", "alarmButton=false crash=0" },
};

START_TEST(an_element)
{
	char want[128];
	struct position p = with_elements(elements[_i].io);

	snprintf(want, sizeof want, "satellites=9%s%s", *elements[_i].attributes ? " " : "", elements[_i].attributes);
	ck_assert_msg(!strcmp(decoding_attributes(&p), want), "%s: %s", elements[_i].why, decoding_attributes(&p));
}
END_TEST

START_TEST(the_battery)
{
	struct position p = with_elements("00010071570000000000000000");
	ck_assert(position_has(&p, POSITION_BATTERY));
	ck_assert_float_eq(p.battery_pct, 87.f);
	p = with_elements("00010071FF0000000000000000");
	ck_assert(!position_has(&p, POSITION_BATTERY));
}
END_TEST

static const struct {
	const char *why, *place;
	uint32_t has;
	bool invalid;
} places[] = {
	{ "no satellites: the last fix, kept as invalid", "F5C9F0721DE64EF0000F0000000000", POSITION_LOCATION, true },
	{ "never a fix", "000000000000000000000000000000", 0, false },
	{ "the Gulf of Guinea, really", "000000000000000000000000090000",
		POSITION_LOCATION | POSITION_ALTITUDE | POSITION_COURSE | POSITION_SPEED, false },
	{ "no such latitude", "F5C9F07235A4E901000F005A090012", 0, false },
	{ "no such longitude", "6B49D2011DE64EF0000F005A090012", 0, false },
	{ "no speed", "F5C9F0721DE64EF0000F005A09FFFF", POSITION_LOCATION | POSITION_ALTITUDE | POSITION_COURSE,
		false },
	{ "no such angle", "F5C9F0721DE64EF0000F0169090012", POSITION_LOCATION | POSITION_ALTITUDE | POSITION_SPEED,
		false },
	{ "a full circle", "F5C9F0721DE64EF0000F0168090012",
		POSITION_LOCATION | POSITION_ALTITUDE | POSITION_COURSE | POSITION_SPEED, false },
};

START_TEST(a_place)
{
	char body[256];

	snprintf(body, sizeof body, "0801" RECORD("02", "%s") "00000000000001", places[_i].place);
	struct position p = decode_body(body);
	ck_assert_msg(p.has == places[_i].has && p.invalid == places[_i].invalid, "%s: %x", places[_i].why, p.has);
	if (p.has & POSITION_COURSE)
		ck_assert_float_lt(p.course_deg, 360.f);
	ck_assert_int_eq(decoding_attribute(&p, "priority")->integer, 2);
}
END_TEST

START_TEST(a_device_that_speaks_of_itself)
{
	struct position p = decode_body("0C01060000000A23464D323D372E300D0A01");
	ck_assert_uint_eq(p.has, 0);
	ck_assert_int_eq(p.time_ms, 0);
	ck_assert_str_eq(decoding_attributes(&p), "result='#FM2=7.0'");
	p = decode_body("0C010600000003FF00FE01");
	ck_assert_str_eq(decoding_attributes(&p), "result='ff00fe'");
}
END_TEST

/* ---- refusals ---- */

/* Each is good but for one thing. */
static const struct {
	const char *why, *hex;
	ssize_t frame; /* PROTOCOL_MORE or -reason */
} bad_frames[] = {
	{ "first byte", "01", -REASON_BAD_FRAME },
	{ "a login of another length", "0010", -REASON_BAD_FRAME },
	{ "preamble", "00000001", -REASON_BAD_FRAME },
	{ "no body", "0000000000000002", -REASON_BAD_FRAME },
	{ "length", "0000000000001FF5", -REASON_TOO_LARGE },
	{ "length of 32 bits", "00000000FFFFFFFF", -REASON_TOO_LARGE },
	{ "the longest", "0000000000001FF4", PROTOCOL_MORE },
	{ "nothing yet", "", PROTOCOL_MORE },
};

START_TEST(frame_refuses)
{
	size_t len;
	const uint8_t *buf = hex_at_guard(bad_frames[_i].hex, &len);

	ck_assert_msg(teltonika->frame(buf, len, &decoding_limits) == bad_frames[_i].frame, "%s", bad_frames[_i].why);
}
END_TEST

static const struct {
	const char *why, *body;
	int reason;
} bad_bodies[] = {
	{ "codec", "0701" RECORD("00", HERE) "00000000000001", REASON_UNSUPPORTED },
	{ "last count", "0801" RECORD("00", HERE) "00000000000002", REASON_BAD_FRAME },
	{ "first count", "0802" RECORD("00", HERE) "00000000000002", REASON_BAD_FRAME },
	{ "a byte too many", "0801" RECORD("00", HERE) "0000000000000100", REASON_BAD_FRAME },
	{ "a byte too few", "0801" RECORD("00", HERE) "000000000001", REASON_BAD_FRAME },
	{ "element past the end",
		"0801" RECORD("00", HERE) "0001FF1501000000"
					  "01",
		REASON_BAD_FRAME },
	{ "variable length past the end", "8E01" RECORD("00", HERE) "0000000100000000000000000001018100FF01AB01",
		REASON_BAD_FRAME },
	{ "codec 12, a command", "0C01050000000A23464D323D372E300D0A01", REASON_UNSUPPORTED },
	{ "codec 12, length", "0C01060000000B23464D323D372E300D0A01", REASON_BAD_FRAME },
};

START_TEST(decode_refuses)
{
	struct protocol_result result = { 0 };
	size_t len;
	const uint8_t *frame = packet(bad_bodies[_i].body, &len);

	ck_assert_int_eq(teltonika->frame(frame, len, &decoding_limits), (ssize_t)len);
	int r = teltonika->decode(&logged_in, frame, len, decoding_scratch(), &result);
	ck_assert_msg(r == bad_bodies[_i].reason, "%s: %d", bad_bodies[_i].why, r);
	ck_assert_uint_eq(result.positions_n, 0);
}
END_TEST

START_TEST(decode_refuses_what_the_session_or_the_scratch_does_not_allow)
{
	static const struct protocol_session nobody;
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	uint8_t spoilt[256];
	size_t len;
	const uint8_t *frame = hex_at_guard(good[2].hex, &len);

	ck_assert_int_eq(teltonika->decode(&nobody, frame, len, scratch, &result), REASON_NO_DEVICE);
	scratch->positions_max = 1;
	ck_assert_int_eq(teltonika->decode(&logged_in, frame, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->arena.size = 16;
	ck_assert_int_eq(teltonika->decode(&logged_in, frame, len, scratch, &result), REASON_TOO_MANY);

	memcpy(spoilt, frame, len);
	for (size_t i = 8; i < len; i++) { /* every byte of body and checksum is covered */
		spoilt[i] ^= 0x10;
		ck_assert_int_eq(
			teltonika->decode(&logged_in, bytes_at_guard(spoilt, len), len, decoding_scratch(), &result),
			REASON_BAD_CHECKSUM);
		spoilt[i] ^= 0x10;
	}
}
END_TEST

/* ---- sessions ---- */

static void expect_answer(struct protocol_session *s, const struct protocol_note *note, enum protocol_reason refused,
	const char *hex, bool close)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char got[2 * PROTOCOL_ANSWER_MAX + 1];
	struct protocol_answer a = teltonika->answer(s, note, refused, 0, out);

	text_hex(got, out, a.len);
	ck_assert_str_eq(got, hex);
	ck_assert_int_eq(a.close, close);
}

static struct protocol_note note_of(struct protocol_session *s, const char *hex)
{
	size_t len;
	const uint8_t *frame = hex_at_guard(hex, &len);

	return decoding(teltonika, s, frame, len).note;
}

#define LOGIN "000F333536333037303432343431303133"

START_TEST(a_session)
{
	struct protocol_session s = { 0 };
	struct protocol_note login = note_of(&s, LOGIN);

	ck_assert_str_eq(decoding(teltonika, &s, hex_at_guard(LOGIN, &(size_t){ 0 }), 17).groups[0].identifier,
		"356307042441013");
	expect_answer(&s, &login, REASON_UNKNOWN_DEVICE, "00", true);
	expect_answer(&s, &login, REASON_UNAVAILABLE, "", true);
	ck_assert_str_eq(s.identifier, "");
	expect_answer(&s, &login, 0, "01", false);
	ck_assert_str_eq(s.identifier, "356307042441013");

	struct protocol_note two = note_of(&s, good[2].hex), ping = note_of(&s, "FFFFFF");
	expect_answer(&s, &two, 0, "00000002", false);
	expect_answer(&s, &two, REASON_BAD_CHECKSUM, "00000000", true);
	expect_answer(&s, &two, REASON_UNAVAILABLE, "", true);
	expect_answer(&s, &ping, 0, "", false);
	struct protocol_note response = note_of(&s, "00000000000000100C010600000008010300010015D5C5010000D988");
	expect_answer(&s, &response, 0, "", false);
	expect_answer(&s, &(struct protocol_note){ 0 }, REASON_BAD_FRAME, "", true);
}
END_TEST

START_TEST(pings_are_frames_of_their_own)
{
	size_t len;
	const uint8_t *buf = hex_at_guard("FFFF" LOGIN, &len);

	ck_assert_int_eq(teltonika->frame(buf, len, &decoding_limits), 2);
	ck_assert_int_eq(teltonika->frame(buf + 2, len - 2, &decoding_limits), 17);
	struct protocol_result result = decoding(teltonika, &logged_in, hex_at_guard("FF", &len), 1);
	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
}
END_TEST

START_TEST(an_imei_is_digits)
{
	static const struct protocol_session nobody;
	struct protocol_result result;
	size_t len;
	const uint8_t *frame = hex_at_guard("000F33353633303730343234343130313A", &len);

	ck_assert_int_eq(teltonika->frame(frame, len, &decoding_limits), 17);
	ck_assert_int_eq(teltonika->decode(&nobody, frame, len, decoding_scratch(), &result), REASON_BAD_FRAME);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("teltonika");
	TCase *t = tcase_create("teltonika");

	tcase_add_loop_test(t, reads_the_published_examples, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, a_fix);
	tcase_add_loop_test(t, an_element, 0, COUNT(elements));
	tcase_add_test(t, the_battery);
	tcase_add_loop_test(t, a_place, 0, COUNT(places));
	tcase_add_test(t, a_device_that_speaks_of_itself);
	tcase_add_loop_test(t, frame_refuses, 0, COUNT(bad_frames));
	tcase_add_loop_test(t, decode_refuses, 0, COUNT(bad_bodies));
	tcase_add_test(t, decode_refuses_what_the_session_or_the_scratch_does_not_allow);
	tcase_add_test(t, a_session);
	tcase_add_test(t, pings_are_frames_of_their_own);
	tcase_add_test(t, an_imei_is_digits);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
