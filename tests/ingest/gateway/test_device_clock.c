/* Source: ingest/gateway/device_clock.c; IS-GPS-200 for the ten bits of the week. Time is given. */
#include "ingest/gateway/device_clock.h"
#include "tests/lib/unit.h"

#define DAY 86400000LL
#define WEEKS_1024 (7168 * DAY)
#define NOW 1767323045000LL /* 2026-01-02 */

static const struct device_clock_bounds usual = { .future_max_ms = DAY, .rollover_ms = 90 * DAY };

static const struct {
	const char *what;
	int64_t said, meant;
	int fault;
} readings[] = {
	{ "now", NOW, NOW, 0 },
	{ "an old buffer", NOW - 400 * DAY, NOW - 400 * DAY, 0 },
	{ "the first millisecond", 1, 1, 0 },
	{ "no date", 0, 0, DEVICE_CLOCK_NONE },
	{ "before 1970", -1, -1, DEVICE_CLOCK_NONE },
	{ "a day ahead", NOW + DAY, NOW + DAY, 0 },
	{ "more than a day ahead", NOW + DAY + 1, NOW + DAY + 1, DEVICE_CLOCK_AHEAD },
	{ "1024 weeks ago", NOW - WEEKS_1024, NOW, DEVICE_CLOCK_ROLLED_OVER },
	{ "2048 weeks ago", NOW - 2 * WEEKS_1024, NOW, DEVICE_CLOCK_ROLLED_OVER },
	{ "as far ahead as may be, 1024 weeks ago", NOW + DAY - WEEKS_1024, NOW + DAY, DEVICE_CLOCK_ROLLED_OVER },
	{ "farther ahead", NOW + DAY + 1 - WEEKS_1024, NOW + DAY + 1 - WEEKS_1024, 0 },
	{ "as old as may be, 1024 weeks ago", NOW - 90 * DAY - WEEKS_1024, NOW - 90 * DAY, DEVICE_CLOCK_ROLLED_OVER },
	{ "older", NOW - 90 * DAY - 1 - WEEKS_1024, NOW - 90 * DAY - 1 - WEEKS_1024, 0 },
	{ "as old as may be", NOW - 90 * DAY, NOW - 90 * DAY, 0 },
};

START_TEST(what_a_reading_means)
{
	int64_t time_ms = readings[_i].said;
	int fault = device_clock_check(&time_ms, NOW, &usual);

	ck_assert_msg(fault == readings[_i].fault, "%s: %d", readings[_i].what, fault);
	ck_assert_msg(time_ms == readings[_i].meant, "%s: %lld", readings[_i].what, (long long)time_ms);
}
END_TEST

START_TEST(no_rollover_when_it_is_off)
{
	const struct device_clock_bounds off = { .future_max_ms = DAY };
	int64_t time_ms = NOW - WEEKS_1024;

	ck_assert_int_eq(device_clock_check(&time_ms, NOW, &off), 0);
	ck_assert_int_eq(time_ms, NOW - WEEKS_1024);
}
END_TEST

START_TEST(an_offset_is_added)
{
	ck_assert_int_eq(device_clock_utc(NOW, 0), NOW);
	ck_assert_int_eq(device_clock_utc(NOW, -7200), NOW - 7200000);
	ck_assert_int_eq(device_clock_utc(NOW, 86400), NOW + DAY);
	ck_assert_int_eq(device_clock_utc(0, 3600), 0);
	ck_assert_int_eq(device_clock_utc(-5, 3600), -5);
	ck_assert_int_lt(device_clock_utc(1000, -3600), 0); /* no date then */
	ck_assert_int_eq(device_clock_utc(INT64_MAX, 3600), INT64_MAX); /* what a device may say, too */
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("device_clock");
	TCase *t = tcase_create("device_clock");

	tcase_add_loop_test(t, what_a_reading_means, 0, sizeof readings / sizeof *readings);
	tcase_add_test(t, no_rollover_when_it_is_off);
	tcase_add_test(t, an_offset_is_added);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
