/* Source: ingest/protocols/sentence.c */
#include "bytes.h"
#include "decoding.h"

#include "ingest/protocols/sentence.h"

#include "tests/lib/unit.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* @text as a slice that ends where nobody may read on; valid until the next call. */
static struct slice at_end(const char *text)
{
	return slice_of((const char *)bytes_at_guard(text, strlen(text)), strlen(text));
}

static struct slice of(const char *text)
{
	return slice_of(text, strlen(text));
}

static struct sentence over(const char *text)
{
	struct slice s = at_end(text);
	return sentence_over(s.s, s.n);
}

/* ---- frames ---- */

START_TEST(a_frame_ends_with_its_last_byte)
{
	static const char text[] = "*HQ,1#*HQ";

	for (size_t n = 0; n < sizeof text; n++) {
		ssize_t want = n < 6 ? PROTOCOL_MORE : 6;
		ck_assert_int_eq(sentence_frame(bytes_at_guard(text, n), n, '#', 100), want);
	}
	ck_assert_int_eq(sentence_frame(bytes_at_guard(text, 6), 6, '#', 6), 6);
	ck_assert_int_eq(sentence_frame(bytes_at_guard(text, 6), 6, '#', 5), -REASON_TOO_LARGE);
	ck_assert_int_eq(sentence_frame(bytes_at_guard(text, 5), 5, '#', 5), -REASON_TOO_LARGE);
}
END_TEST

START_TEST(blanks_come_before_a_frame)
{
	static const uint8_t text[] = "\r\n \0*";

	ck_assert_uint_eq(sentence_blanks(bytes_at_guard(text, 4), 4), 4);
	ck_assert_uint_eq(sentence_blanks(bytes_at_guard(text, 5), 5), 4);
	ck_assert_uint_eq(sentence_blanks(bytes_at_guard(text, 0), 0), 0);
}
END_TEST

START_TEST(what_cannot_be_read_does_not_end_a_connection)
{
	for (int r = 0; r < REASONS; r++) {
		bool stays = r == 0 || r == REASON_BAD_CHECKSUM || r == REASON_UNSUPPORTED || r == REASON_BAD_VALUE;
		ck_assert_int_eq(sentence_closes((enum protocol_reason)r), !stays);
	}
}
END_TEST

/* ---- fields ---- */

START_TEST(fields_by_delimiter)
{
	struct sentence s = over("one,,three,");

	ck_assert(slice_is(sentence_field(&s, ','), "one"));
	ck_assert(slice_is(sentence_field(&s, ','), ""));
	ck_assert(slice_is(sentence_field(&s, ','), "three"));
	ck_assert(slice_is(sentence_field(&s, ','), "") && sentence_ok(&s));
	ck_assert(slice_is(sentence_field(&s, ','), "") && !sentence_ok(&s));
	ck_assert(slice_is(sentence_field(&s, ','), "") && !sentence_ok(&s));

	s = over("");
	ck_assert(slice_is(sentence_field(&s, ','), "") && sentence_ok(&s));
	ck_assert(slice_is(sentence_field(&s, ','), "") && !sentence_ok(&s));
}
END_TEST

START_TEST(fields_by_width)
{
	struct sentence s = over("ABC1234");

	ck_assert(!sentence_skip(&s, "ABCD") && sentence_skip(&s, "AB") && !sentence_skip(&s, "C1234."));
	ck_assert(slice_is(sentence_take(&s, 5), "C1234") && sentence_ok(&s));
	ck_assert(slice_is(sentence_take(&s, 0), "") && sentence_ok(&s));
	ck_assert(slice_is(sentence_take(&s, 1), "") && !sentence_ok(&s));
	ck_assert(!sentence_skip(&s, ""));
}
END_TEST

START_TEST(all_fields_at_once)
{
	struct slice f[4];
	struct sentence s = over("a,b,c");

	ck_assert_uint_eq(sentence_split(&s, ',', f, COUNT(f)), 3);
	ck_assert(slice_is(f[0], "a") && slice_is(f[2], "c") && !s.more);
	ck_assert_uint_eq(sentence_split(&s, ',', f, COUNT(f)), 0);
	s = over("a,b,c,d");
	ck_assert_uint_eq(sentence_split(&s, ',', f, COUNT(f)), 4);
	ck_assert(slice_is(f[3], "d"));
	s = over("a,b,c,d,e");
	ck_assert_uint_eq(sentence_split(&s, ',', f, COUNT(f)), 4);
	ck_assert(slice_is(f[3], "d,e") && !s.more && s.left == 0);
	s = over("");
	ck_assert_uint_eq(sentence_split(&s, ',', f, COUNT(f)), 1);
}
END_TEST

/* ---- numbers ---- */

static const struct {
	const char *text;
	int decimals, r;
	int64_t want;
} decimals[] = {
	{ "12.345", 3, 0, 12345 },
	{ "-12.345", 2, 0, -1235 },
	{ "12.344", 2, 0, 1234 },
	{ "12.34499", 2, 0, 1234 },
	{ "+7", 1, 0, 70 },
	{ ".5", 1, 0, 5 },
	{ "5.", 1, 0, 50 },
	{ "0.5", 0, 0, 1 },
	{ "9.96", 1, 0, 100 },
	{ "00012.5", 1, 0, 125 },
	{ "92233720368547758", 0, 0, 92233720368547758 },
	{ "9999999999999999999", 0, REASON_BAD_VALUE, 0 },
	{ "99999999999", 9, REASON_BAD_VALUE, 0 },
	{ "", 1, REASON_BAD_VALUE, 0 },
	{ "-", 1, REASON_BAD_VALUE, 0 },
	{ ".", 1, REASON_BAD_VALUE, 0 },
	{ "1.2.3", 1, REASON_BAD_VALUE, 0 },
	{ "1,2", 1, REASON_BAD_VALUE, 0 },
	{ "1e2", 1, REASON_BAD_VALUE, 0 },
	{ " 1", 1, REASON_BAD_VALUE, 0 },
};

START_TEST(a_decimal)
{
	int64_t v = 0;

	ck_assert_int_eq(sentence_decimal(&v, at_end(decimals[_i].text), decimals[_i].decimals), decimals[_i].r);
	ck_assert_int_eq(v, decimals[_i].want);
}
END_TEST

START_TEST(whole_numbers)
{
	uint64_t h = 7;
	uint32_t u = 7;
	int64_t v = 7;

	ck_assert(sentence_hex(&h, at_end("00fFffffffffffff")) == 0 && h == 0x00FFFFFFFFFFFFFF);
	ck_assert(sentence_hex(&h, at_end("aF90")) == 0 && h == 0xAF90);
	ck_assert(sentence_hex(&h, at_end("`")) && sentence_hex(&h, at_end(":")) && sentence_hex(&h, at_end("@")));
	ck_assert(sentence_hex(&h, at_end("00ffffffffffffff")) == 0);
	ck_assert(sentence_hex(&h, at_end("00FFFFFFFFFFFFFFF")) && sentence_hex(&h, at_end("")) &&
		  sentence_hex(&h, at_end("1g")) && sentence_hex(&h, at_end("-1")));
	ck_assert_uint_eq(h, 0x00FFFFFFFFFFFFFF);
	ck_assert(sentence_unsigned(&u, at_end("4294967295")) == 0 && u == UINT32_MAX);
	ck_assert(sentence_unsigned(&u, at_end("4294967296")) && sentence_unsigned(&u, at_end("+1")) &&
		  sentence_unsigned(&u, at_end("")));
	ck_assert_uint_eq(u, UINT32_MAX);
	ck_assert(sentence_int(&v, at_end("-9223372036854775808")) == 0 && v == INT64_MIN);
	ck_assert(sentence_int(&v, at_end("1.0")) != 0 && v == INT64_MIN);
}
END_TEST

/* ---- times ---- */

static const struct {
	const char *date, *time;
	enum sentence_date order;
	int64_t want; /* -1: refused */
} times[] = {
	{ "130998", "120000", SENTENCE_DMY, 905688000000 },
	{ "250526", "060144", SENTENCE_DMY, 1779688904000 },
	{ "260525", "060144.5", SENTENCE_YMD, 1779688904500 },
	{ "20260525", "0601", SENTENCE_YMD, 1779688860000 },
	{ "25052026", "060144.12345", SENTENCE_DMY, 1779688904123 },
	{ "250526", "060144.", SENTENCE_DMY, 1779688904000 },
	{ "791231", "235959", SENTENCE_YMD, 3471292799000 },
	{ "060180", "000000", SENTENCE_DMY, 315964800000 }, /* GPS began */
	{ "290225", "000000", SENTENCE_DMY, -1 },
	{ "25052:", "060144", SENTENCE_DMY, -1 },
	{ "250526", "06014:", SENTENCE_DMY, -1 },
	{ "000000", "000000", SENTENCE_DMY, -1 },
	{ "250526", "240000", SENTENCE_DMY, -1 },
	{ "250526", "06014", SENTENCE_DMY, -1 },
	{ "250526", "060144Z", SENTENCE_DMY, -1 },
	{ "250526", "060144.1x", SENTENCE_DMY, -1 },
	{ "250526", "06014a", SENTENCE_DMY, -1 },
	{ "2505261", "060144", SENTENCE_DMY, -1 },
	{ "25-526", "060144", SENTENCE_DMY, -1 },
	{ "", "060144", SENTENCE_DMY, -1 },
	{ "250526", "", SENTENCE_DMY, -1 },
};

START_TEST(a_time)
{
	int64_t ms = -1;
	int r = sentence_time(&ms, times[_i].order, of(times[_i].date), at_end(times[_i].time));

	ck_assert_int_eq(r, times[_i].want < 0 ? REASON_BAD_VALUE : 0);
	ck_assert_int_eq(ms, times[_i].want);
}
END_TEST

START_TEST(no_time)
{
	struct position p = { 0 };

	ck_assert_int_eq(sentence_when(&p, SENTENCE_DMY, of(""), of("060144")), 0);
	ck_assert_int_eq(sentence_when(&p, SENTENCE_DMY, of("000000"), of("060144")), 0);
	ck_assert_int_eq(sentence_when(&p, SENTENCE_DMY, of("250526"), of("")), 0);
	ck_assert_int_eq(sentence_when(&p, SENTENCE_DMY, of("000100"), of("060144")), REASON_BAD_VALUE);
	ck_assert_int_eq(p.time_ms, 0);
	ck_assert_int_eq(sentence_when(&p, SENTENCE_DMY, of("250526"), of("060144")), 0);
	ck_assert_int_eq(p.time_ms, 1779688904000);
}
END_TEST

START_TEST(a_stamp)
{
	int64_t ms = -1;

	ck_assert(sentence_stamp(&ms, at_end("20260525060144")) == 0 && ms == 1779688904000);
	ck_assert(sentence_stamp(&ms, at_end("260525060144")) == 0 && ms == 1779688904000);
	ck_assert(sentence_stamp(&ms, at_end("2605250601")) == 0 && ms == 1779688860000);
	ck_assert(sentence_stamp(&ms, at_end("202605250601")) != 0); /* a month of 26 */
	ck_assert(sentence_stamp(&ms, at_end("")) != 0 && sentence_stamp(&ms, at_end("26052506014")) != 0);
}
END_TEST

/* ---- places ---- */

static const struct {
	const char *text, *side;
	int32_t want; /* 0: refused */
} degrees[] = {
	{ "5011.3672", "N", 501894533 },
	{ "5011.3672", "S", -501894533 },
	{ "00506.8281", "W", -51138017 },
	{ "00506.8281", "e", 51138017 },
	{ "38.6508", "W", -6441800 }, /* minutes alone */
	{ "1", "N", 166667 },
	{ "2827.612321", "N", 284602054 }, /* .6123210 / 60 = .01020535 */
	{ "9000.0000", "N", 900000000 },
	{ "18000", "W", -1800000000 },
	{ "4959.99999999999", "N", 500000000 },
	{ "4960.0000", "N", 500000000 },
	{ "9000.001", "N", 0 },
	{ "18000.001", "E", 0 },
	{ "4960.0001", "N", 0 },
	{ "5011.3672", "", 0 },
	{ "5011.3672", "X", 0 },
	{ "5011.3672", "NN", 0 },
	{ "-5011.3672", "N", 0 },
	{ "", "N", 0 },
	{ "5011,3672", "N", 0 },
};

START_TEST(a_coordinate)
{
	int32_t e7 = 0;
	int r = sentence_degrees(&e7, at_end(degrees[_i].text), of(degrees[_i].side));

	ck_assert_int_eq(r, degrees[_i].want ? 0 : REASON_BAD_VALUE);
	ck_assert_int_eq(e7, degrees[_i].want);
}
END_TEST

/* Against arithmetic done another way. */
START_TEST(coordinates_are_rounded_right)
{
	for (int64_t m = 0; m < 600000; m += 7) {
		char text[24];
		int32_t e7;
		snprintf(text, sizeof text, "07%02" PRId64 ".%04" PRId64, m / 10000, m % 10000);
		ASSERT_IN_LOOP(sentence_degrees(&e7, of(text), of("E")) == 0);
		double want = 7e7 + (double)m * 1e7 / 600000;
		ASSERT_IN_LOOP(fabs((double)e7 - want) <= 0.5);
	}
}
END_TEST

START_TEST(a_place)
{
	struct position p = { 0 };

	ck_assert_int_eq(sentence_place(&p, of("5011.3672"), of("E"), of("00506.8281"), of("W")), REASON_BAD_VALUE);
	ck_assert_int_eq(sentence_place(&p, of("5011.3672"), of("N"), of("00506.8281"), of("S")), REASON_BAD_VALUE);
	ck_assert_int_eq(sentence_place(&p, of("5011.3672"), of("N"), of("18100.0000"), of("W")), REASON_BAD_VALUE);
	ck_assert(p.has == 0 && p.lat_e7 == 0 && p.lon_e7 == 0);
	ck_assert_int_eq(sentence_place(&p, of("5011.3672"), of("N"), of("00506.8281"), of("W")), 0);
	ck_assert(p.has == POSITION_LOCATION && p.lat_e7 == 501894533 && p.lon_e7 == -51138017);
}
END_TEST

static const struct {
	bool valid;
	int read;
	int32_t lat_e7;
	int want;
	bool has, invalid;
} fixes[] = {
	{ true, 0, 5, 0, true, false },
	{ true, 0, 0, 0, true, false },
	{ true, REASON_BAD_VALUE, 5, REASON_BAD_VALUE, true, false },
	{ false, 0, 5, 0, true, true },
	{ false, 0, 0, 0, false, false },
	{ false, REASON_BAD_VALUE, 5, 0, false, false },
};

START_TEST(a_fix)
{
	struct position p = { .lat_e7 = fixes[_i].lat_e7, .has = POSITION_LOCATION | POSITION_SPEED };

	ck_assert_int_eq(sentence_fix(&p, fixes[_i].valid, fixes[_i].read), fixes[_i].want);
	ck_assert_int_eq(position_has(&p, POSITION_LOCATION), fixes[_i].has);
	ck_assert_int_eq(p.invalid, fixes[_i].invalid);
	ck_assert(position_has(&p, POSITION_SPEED));
}
END_TEST

/* ---- attributes, identifiers ---- */

START_TEST(an_attribute)
{
	static char long_text[ATTRIBUTE_TEXT_MAX + 1];
	static uint8_t memory[1024];
	struct arena arena = arena_over(memory, sizeof memory);
	struct report r;

	memset(long_text, 'x', sizeof long_text);

	report_begin(&r, &arena);
	sentence_put_text(&r, "a", of(""));
	sentence_put_text(&r, "a", slice_of("x\0y", 3));
	sentence_put_int(&r, "b", of("1.5"));
	sentence_put_int(&r, "b", of(""));
	sentence_put_text(&r, "a", slice_of(long_text, ATTRIBUTE_TEXT_MAX + 1));
	ck_assert_uint_eq(r.extra.n, 0);
	sentence_put_text(&r, "c", slice_of(long_text, ATTRIBUTE_TEXT_MAX));
	ck_assert_uint_eq(r.extra.n, 1);
	attributes_begin(&r.extra);
	sentence_put_text(&r, "a", at_end("text"));
	sentence_put_int(&r, "b", at_end("-15"));
	ck_assert_uint_eq(r.extra.n, 2);
	ck_assert_str_eq(r.extra.at[0].text, "text");
	ck_assert_int_eq(r.extra.at[1].integer, -15);
}
END_TEST

START_TEST(a_device_is_named)
{
	static const char sixty_five[] = "12345678901234567890123456789012345678901234567890123456789012345";
	struct protocol_scratch *scratch = decoding_scratch();
	struct protocol_result result = { .positions_n = 2 };

	ck_assert_int_eq(sentence_group(&result, scratch, of("")), REASON_NO_DEVICE);
	ck_assert_int_eq(sentence_group(&result, scratch, of(sixty_five)), REASON_UNKNOWN_DEVICE);
	ck_assert_int_eq(sentence_group(&result, scratch, slice_of("1\0002", 3)), REASON_UNKNOWN_DEVICE);
	ck_assert_uint_eq(result.groups_n, 0);
	ck_assert_int_eq(sentence_group(&result, scratch, slice_of(sixty_five, 64)), 0);
	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.groups[0].n, 2);
	ck_assert(strlen(result.groups[0].identifier) == 64 && !result.groups[0].secret && result.groups[0].first == 0);
	scratch->groups_max = 0;
	ck_assert_int_eq(sentence_group(&result, scratch, of("1")), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->arena.size = 1;
	ck_assert_int_eq(sentence_group(&result, scratch, of("1")), REASON_TOO_MANY);
}
END_TEST

START_TEST(digits_are_packed)
{
	static const char digits[] = "123456789012345";
	uint8_t packed[SENTENCE_PACKED];
	char back[SENTENCE_DIGITS + 1];

	for (size_t n = 1; n <= 15; n++) {
		ck_assert(sentence_pack(packed, slice_of(digits, n)));
		sentence_unpack(back, packed);
		ck_assert(strlen(back) == n && memcmp(back, digits, n) == 0);
	}
	ck_assert(!sentence_pack(packed, of("")) && !sentence_pack(packed, of("1234567890123456")) &&
		  !sentence_pack(packed, of("12a")));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sentence");
	TCase *t = tcase_create("sentence");

	tcase_add_test(t, a_frame_ends_with_its_last_byte);
	tcase_add_test(t, blanks_come_before_a_frame);
	tcase_add_test(t, what_cannot_be_read_does_not_end_a_connection);
	tcase_add_test(t, fields_by_delimiter);
	tcase_add_test(t, fields_by_width);
	tcase_add_test(t, all_fields_at_once);
	tcase_add_loop_test(t, a_decimal, 0, COUNT(decimals));
	tcase_add_test(t, whole_numbers);
	tcase_add_loop_test(t, a_time, 0, COUNT(times));
	tcase_add_test(t, no_time);
	tcase_add_test(t, a_stamp);
	tcase_add_loop_test(t, a_coordinate, 0, COUNT(degrees));
	tcase_add_test(t, coordinates_are_rounded_right);
	tcase_add_test(t, a_place);
	tcase_add_loop_test(t, a_fix, 0, COUNT(fixes));
	tcase_add_test(t, an_attribute);
	tcase_add_test(t, a_device_is_named);
	tcase_add_test(t, digits_are_packed);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
