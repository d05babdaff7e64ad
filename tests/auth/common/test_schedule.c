#include "auth/common/schedule.h"
#include "tests/lib/unit.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

static const int64_t AGE = 30LL * DAY, TOKEN_AGE = 15 * 60 * SECOND, NOW = 1000LL * DAY;

static const struct {
	const char *what;
	size_t n;
	struct key_times keys[4];
	size_t current, first_kept;
	bool make;
	struct key_times made;
} rows[] = {
	{ "the first key signs at once", 0, { { 0, 0 } }, 0, 0, true, { 1, 1000LL * DAY } },
	{ "its successor signs an age later", 1, { { 1, 1000LL * DAY } }, 0, 0, true, { 2, 1030LL * DAY } },
	{ "two keys are enough", 2, { { 1, 1000LL * DAY }, { 2, 1030LL * DAY } }, 0, 0, false, { 0, 0 } },
	{ "by a clock that is behind, the first signs", 2, { { 1, 1000LL * DAY + 5 }, { 2, 1030LL * DAY } }, 0, 0,
		false, { 0, 0 } },
	{ "the second takes over, a third is made, the first stays for its tokens", 2,
		{ { 1, 970LL * DAY }, { 2, 1000LL * DAY } }, 1, 0, true, { 3, 1030LL * DAY } },
	{ "the first stays while its tokens may live", 3,
		{ { 1, 970LL * DAY }, { 2, 1000LL * DAY - HOUR }, { 3, 1029LL * DAY } }, 1, 0, false, { 0, 0 } },
	{ "and goes after that", 3, { { 1, 970LL * DAY }, { 2, 1000LL * DAY - 2 * HOUR }, { 3, 1029LL * DAY } }, 1, 1,
		false, { 0, 0 } },
	{ "after a long sleep the newest signs, the others go", 3,
		{ { 1, 100LL * DAY }, { 2, 130LL * DAY }, { 3, 160LL * DAY } }, 2, 2, true, { 4, 1030LL * DAY } },
};

START_TEST(schedule)
{
	struct schedule s = schedule_keys(rows[_i].keys, rows[_i].n, NOW, AGE, TOKEN_AGE);

	ck_assert_msg(s.make == rows[_i].make, "%s", rows[_i].what);
	if (rows[_i].n > 0) {
		ck_assert_msg(s.current == rows[_i].current, "%s", rows[_i].what);
		ck_assert_msg(s.first_kept == rows[_i].first_kept, "%s", rows[_i].what);
	}
	if (s.make) {
		ck_assert_msg(s.made.number == rows[_i].made.number, "%s", rows[_i].what);
		ck_assert_msg(s.made.active_ms == rows[_i].made.active_ms, "%s", rows[_i].what);
	}
}
END_TEST

/* A year, looked at every hour: there is always a key that waits, and whoever fetched it when it was made has it before it signs. */
START_TEST(a_year)
{
	enum { KEYS_MAX = 32 };
	struct key_times keys[KEYS_MAX];
	size_t n = 0, first = 0, changes = 0, before = 0;

	for (int64_t now = NOW; now < NOW + 365LL * DAY; now += HOUR) {
		struct schedule s = schedule_keys(keys + first, n - first, now, AGE, TOKEN_AGE);
		for (; s.make; s = schedule_keys(keys + first, n - first, now, AGE, TOKEN_AGE)) {
			ck_assert_uint_lt(n, KEYS_MAX);
			ck_assert(n == 0 || s.made.active_ms >= now + AGE);
			keys[n++] = s.made;
		}
		ck_assert_uint_eq(first + s.current + 2, n);
		changes += first + s.current != before;
		before = first + s.current;
		first += s.first_kept;
		ck_assert_uint_le(n - first, 3);
	}
	ck_assert_uint_eq(changes, 12);
}
END_TEST

static const struct {
	int64_t made_ms, active_ms, now_ms, publish_ms, wanted_ms;
} hastened[] = {
	{ 0, 9000, 5000, 1000, 5000 }, /* shown for long */
	{ 4500, 9000, 5000, 1000, 5500 }, /* not yet for long enough */
	{ 4500, 5200, 5000, 1000, 5200 }, /* never later than it would anyway */
	{ 4500, 9000, 5000, 0, 5000 }, { 4500, 4900, 5000, 1000, 4900 }, /* it signs already */
};

START_TEST(a_key_that_waits_is_hastened)
{
	const struct key_times next = {
		.number = 2, .active_ms = hastened[_i].active_ms, .made_ms = hastened[_i].made_ms
	};

	ck_assert_int_eq(schedule_hasten(&next, hastened[_i].now_ms, hastened[_i].publish_ms), hastened[_i].wanted_ms);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/schedule");
	TCase *t = tcase_create("schedule");

	tcase_add_loop_test(t, schedule, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, a_year);
	tcase_add_loop_test(t, a_key_that_waits_is_hastened, 0, (int)(sizeof hastened / sizeof *hastened));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
