#include "base/clock.h"
#include "base/time.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const struct {
	const char *text;
	int64_t ms;
} good[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-01-02T03:04:05Z", 1767323045000 },
	{ "2026-01-02T03:04:05", 1767323045000 },
	{ "2026-01-02 03:04:05", 1767323045000 },
	{ "2026-01-02t03:04:05z", 1767323045000 },
	{ "2026-01-02T03:04:05.1Z", 1767323045100 },
	{ "2026-01-02T03:04:05.07", 1767323045070 },
	{ "2026-01-02T03:04:05.123456789Z", 1767323045123 },
	{ "2026-01-02T04:04:05+01:00", 1767323045000 },
	{ "2026-01-02T04:04:05+0100", 1767323045000 },
	{ "2026-01-01T21:34:05.5-05:30", 1767323045500 },
	{ "2026-01-02T03:04:05-00:00", 1767323045000 },
	{ "2024-02-29T00:00:00Z", 1709164800000 },
	{ "2000-02-29T23:59:59.999Z", 951868799999 },
	{ "2016-12-31T23:59:60Z", 1483228800000 }, /* a leap second is the next minute */
	{ "1969-12-31T23:00:00-01:00", -1 }, /* -1: refused, the year is not within bounds */
	{ "1970-01-01T00:30:00+00:30", 0 },
	{ "9999-12-31T23:59:59.999Z", 253402300799999 },
};

START_TEST(reads)
{
	int64_t ms = -2;
	int r = time_parse(&ms, good[_i].text, strlen(good[_i].text));

	if (good[_i].ms < 0) {
		ck_assert_int_eq(r, -EINVAL);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(ms, good[_i].ms);
}
END_TEST

/* Each is good but for one thing. */
static const char *const bad[] = {
	"",
	"2026-01-02",
	"2026-01-02T03:04",
	"026-01-02T03:04:05Z",
	"2026/01-02T03:04:05Z",
	"2026-01/02T03:04:05Z",
	"2026-1-02T03:04:05Z",
	"2026-01-2T03:04:05Z",
	"2026-01-02_03:04:05Z",
	"2026-01-02T3:04:05Z",
	"2026-01-02T03.04:05Z",
	"2026-01-02T03:04-05Z",
	"2026-01-02T03:04:5Z",
	"2026-00-02T03:04:05Z",
	"2026-13-02T03:04:05Z",
	"2026-01-00T03:04:05Z",
	"2026-01-32T03:04:05Z",
	"2026-04-31T03:04:05Z",
	"2026-02-29T03:04:05Z",
	"2100-02-29T03:04:05Z",
	"2026-01-02T24:04:05Z",
	"2026-01-02T03:60:05Z",
	"2026-01-02T03:04:61Z",
	"2026-01-02T03:04:05.Z",
	"2026-01-02T03:04:05.1234567890Z",
	"2026-01-02T03:04:05ZZ",
	"2026-01-02T03:04:05Z ",
	" 2026-01-02T03:04:05Z",
	"2026-01-02T03:04:05+",
	"2026-01-02T03:04:05+1",
	"2026-01-02T03:04:05+01",
	"2026-01-02T03:04:05+01:",
	"2026-01-02T03:04:05+01:0",
	"2026-01-02T03:04:05+24:00",
	"2026-01-02T03:04:05+01:60",
	"2026-01-02T03:04:05*01:00",
	"1970-01-01T00:00:00+00:01",
	"9999-12-31T23:59:59-00:01",
	"1969-12-31T23:59:59Z",
	"-026-01-02T03:04:05Z",
};

START_TEST(refuses)
{
	int64_t ms = 77;

	ck_assert_int_eq(time_parse(&ms, bad[_i], strlen(bad[_i])), -EINVAL);
	ck_assert_int_eq(ms, 77);
}
END_TEST

/* Property: no proper prefix of a full time reads past its end; the shorter times among them are times. */
START_TEST(prefixes)
{
	const char *text = "2026-01-02T03:04:05.123+01:00";
	int64_t ms;

	for (size_t n = 0; n < strlen(text); n++) {
		char *exact = malloc(n ? n : 1); /* the sanitizer's red zone begins at the end */
		memcpy(exact, text, n);
		bool whole = n == 19 || (n >= 21 && n <= 23);
		ck_assert_int_eq(time_parse(&ms, exact, n) == 0, whole);
		free(exact);
	}
}
END_TEST

START_TEST(agrees_with_libc_on_every_day)
{
	char text[TIME_TEXT_SIZE], theirs[32];

	for (int64_t day = 0; day < 2932896; day += _i + 1) {
		time_t t = day * 86400 + 12345;
		struct tm tm;
		int64_t ms;
		gmtime_r(&t, &tm);
		strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S.678Z", &tm);
		time_format(text, t * 1000 + 678);
		ASSERT_IN_LOOP(!strcmp(text, theirs));
		ASSERT_IN_LOOP(time_from_utc(&ms, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
				       tm.tm_sec, 678) == 0);
		ASSERT_IN_LOOP(ms == t * 1000 + 678);
	}
}
END_TEST

START_TEST(format_is_clamped)
{
	char text[TIME_TEXT_SIZE];

	time_format(text, -1);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
	time_format(text, INT64_MAX);
	ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(parts_out_of_range)
{
	int64_t ms;

	ck_assert_int_eq(time_from_utc(&ms, 2026, 1, 1, -1, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(time_from_utc(&ms, 2026, 1, 1, 0, -1, 0, 0), -EINVAL);
	ck_assert_int_eq(time_from_utc(&ms, 2026, 1, 1, 0, 0, -1, 0), -EINVAL);
	ck_assert_int_eq(time_from_utc(&ms, 2026, 1, 1, 0, 0, 0, -1), -EINVAL);
	ck_assert_int_eq(time_from_utc(&ms, 2026, 1, 1, 0, 0, 0, 1000), -EINVAL);
	ck_assert_int_eq(time_from_utc(&ms, 10000, 1, 1, 0, 0, 0, 0), -EINVAL);
}
END_TEST

START_TEST(clocks_run)
{
	int64_t a = clock_mono_ns(), b = clock_mono_ns();

	ck_assert_int_ge(b, a);
	ck_assert_int_le(a / 1000000, clock_mono_ms());
	ck_assert_int_le(llabs(clock_real_ms() / 1000 - (int64_t)time(NULL)), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("time");
	TCase *c = tcase_create("time");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, reads, 0, LENGTH(good));
	tcase_add_loop_test(c, refuses, 0, LENGTH(bad));
	tcase_add_test(c, prefixes);
	tcase_add_loop_test(c, agrees_with_libc_on_every_day, 12, 13);
	tcase_add_test(c, format_is_clamped);
	tcase_add_test(c, parts_out_of_range);
	tcase_add_test(c, clocks_run);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
