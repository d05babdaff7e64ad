/* Source: ingest/protocols/teltonika_udp.c. Vectors: Teltonika wiki, "Teltonika Data Sending Protocols", and changes of them. What is in the
 * records: test_teltonika.c. */
#include "bytes.h"
#include "decoding.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <string.h>

extern const struct protocol protocol_teltonika_udp;
static const struct protocol *const udp = &protocol_teltonika_udp;
static const struct protocol_session nobody;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define NUMBERS "CAFE0105"
#define IMEI "000F333532303933303836343033363535"
#define RECORDS "08010000016B4F815B30010000000000000000000000000000000103021503010101425DBC000001"

static const struct {
	const char *why, *hex, *identifier, *attributes, *answer;
	size_t n;
} good[] = {
	{ "codec 8", "003D" NUMBERS IMEI RECORDS, "352093086403655",
		"priority=1 satellites=0 event=1 gsmSignal=3 input1=true externalVoltage=23.996", "0005cafe010501", 1 },
	{ "codec 8 extended",
		"005FCAFE0107000F3335323039333038363430333635358E010000016B4F831C68010000000000000000000000000000000001"
		"0005000100010100010011009D00010010015E2C880002000B000000003544C87A000E000000001DD7E06A000001",
		"352093086403655",
		"priority=1 satellites=0 event=1 input1=true axisX=157 odometer=22949000 iccid1=893700218 "
		"iccid2=500686954",
		"0005cafe010701", 1 },
	{ "codec 16",
		"0048CAFE0101000F33353230393430383532333135393210010000015117E40FE8000000000000000000000000000000000"
		"0EF05050400010000030000B40000EF01010042111A000001",
		"352094085231592",
		"satellites=0 event=239 input1=false input3=false output2=false ignition=true externalVoltage=4.378",
		"0005cafe010101", 1 },
	{ "no record", "0018" NUMBERS IMEI "080000", "352093086403655", NULL, "0005cafe010500", 0 },
};

static struct protocol_result decoded(const char *hex)
{
	size_t len;
	const uint8_t *datagram = hex_at_guard(hex, &len);

	return decoding(udp, &nobody, datagram, len);
}

static void expect_answer(const struct protocol_note *note, enum protocol_reason refused, const char *want)
{
	struct protocol_session s = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char got[2 * PROTOCOL_ANSWER_MAX + 1];
	struct protocol_answer a = udp->answer(&s, note, refused, 0, out);

	text_hex(got, out, a.len);
	ck_assert_str_eq(got, want);
	ck_assert(!a.close);
	ck_assert_str_eq(s.identifier, "");
}

START_TEST(reads)
{
	struct protocol_result r = decoded(good[_i].hex);

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_str_eq(r.groups[0].identifier, good[_i].identifier);
	ck_assert_ptr_null(r.groups[0].secret);
	ck_assert_uint_eq(r.groups[0].n, good[_i].n);
	ck_assert_uint_eq(r.positions_n, good[_i].n);
	if (good[_i].n > 0)
		ck_assert_str_eq(decoding_attributes(&r.positions[0]), good[_i].attributes);
	expect_answer(&r.note, 0, good[_i].answer);
	expect_answer(&r.note, REASON_UNKNOWN_DEVICE, "");
	expect_answer(&r.note, REASON_UNAVAILABLE, "");
}
END_TEST

START_TEST(a_part_is_refused)
{
	char hex[512];
	size_t len;

	for (size_t cut = 0; cut < strlen(good[_i].hex); cut += 2) {
		struct protocol_result result = { 0 };
		memcpy(hex, good[_i].hex, cut);
		hex[cut] = '\0';
		const uint8_t *datagram = hex_at_guard(hex, &len);
		ck_assert_int_eq(udp->decode(&nobody, datagram, len, decoding_scratch(), &result), REASON_BAD_FRAME);
		ck_assert_uint_eq(result.positions_n, 0);
	}
}
END_TEST

static const struct {
	const char *why, *hex;
	int reason;
} bad[] = {
	{ "longer than it says", "003D" NUMBERS IMEI RECORDS "00", REASON_BAD_FRAME },
	{ "shorter than it says", "003E" NUMBERS IMEI RECORDS, REASON_BAD_FRAME },
	{ "length of the IMEI", "003D" NUMBERS "000E333532303933303836343033363535" RECORDS, REASON_BAD_FRAME },
	{ "no digits", "003D" NUMBERS "000F33353230393330383634303336353A" RECORDS, REASON_BAD_FRAME },
	{ "codec", "0018" NUMBERS IMEI "070000", REASON_UNSUPPORTED },
	{ "codec 12", "0018" NUMBERS IMEI "0C0000", REASON_UNSUPPORTED },
	{ "no codec", "0015" NUMBERS IMEI, REASON_BAD_FRAME },
	{ "last count", "0018" NUMBERS IMEI "080001", REASON_BAD_FRAME },
	{ "first count", "0018" NUMBERS IMEI "080100", REASON_BAD_FRAME },
	{ "a byte too many", "0019" NUMBERS IMEI "08000000", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	struct protocol_result result = { 0 };
	size_t len;
	const uint8_t *datagram = hex_at_guard(bad[_i].hex, &len);
	int r = udp->decode(&nobody, datagram, len, decoding_scratch(), &result);

	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
	expect_answer(&result.note, (enum protocol_reason)r, "");
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_allow)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	size_t len;
	const uint8_t *datagram = hex_at_guard(good[0].hex, &len);

	scratch->positions_max = 0;
	ck_assert_int_eq(udp->decode(&nobody, datagram, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->groups_max = 0;
	ck_assert_int_eq(udp->decode(&nobody, datagram, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->arena.size = 8;
	ck_assert_int_eq(udp->decode(&nobody, datagram, len, scratch, &result), REASON_TOO_MANY);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("teltonika_udp");
	TCase *t = tcase_create("teltonika_udp");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, a_part_is_refused, 0, COUNT(good));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, refuses_what_the_scratch_does_not_allow);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
