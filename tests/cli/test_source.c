#include "cli/simulation/source.h"
#include "tests/lib/unit.h"

static struct position fixes[] = { { .time_ms = 1000 }, { .time_ms = 61000 }, { .time_ms = 181000 } };
static const struct track track = { .fixes = fixes, .n = 3 };

enum { NOW = 10000000 };

static const struct {
	struct source_clock clock;
	int64_t stamps[3], due[3];
} plays[] = {
	{ { NOW, 1, TIMES_LIVE }, { NOW, NOW + 60000, NOW + 180000 }, { 0, 60000, 180000 } },
	{ { NOW, 60, TIMES_LIVE }, { NOW, NOW + 1000, NOW + 3000 }, { 0, 1000, 3000 } },
	{ { NOW, 1e6, TIMES_LIVE }, { NOW, NOW + 1, NOW + 2 }, { 0, 0, 0 } },
	{ { NOW, 0, TIMES_PAST }, { NOW - 180000, NOW - 120000, NOW }, { 0, 0, 0 } },
	{ { NOW, 10, TIMES_PAST }, { NOW - 180000, NOW - 120000, NOW }, { 0, 6000, 18000 } },
	{ { NOW, 0, TIMES_KEPT }, { 1000, 61000, 181000 }, { 0, 0, 0 } },
	{ { NOW, 2, TIMES_KEPT }, { 1000, 61000, 181000 }, { 0, 30000, 90000 } },
	/* in whole seconds */
	{ { NOW + 999, 1, TIMES_LIVE, 1000 }, { NOW, NOW + 60000, NOW + 180000 }, { 0, 60000, 180000 } },
	{ { NOW + 999, 1e6, TIMES_LIVE, 1000 }, { NOW, NOW + 1000, NOW + 2000 }, { 0, 0, 0 } },
	{ { NOW + 999, 0, TIMES_PAST, 1000 }, { NOW - 180000, NOW - 120000, NOW }, { 0, 0, 0 } },
	{ { NOW, 0, TIMES_KEPT, 1000 }, { 1000, 61000, 181000 }, { 0, 0, 0 } },
};

START_TEST(tracks)
{
	struct source s;
	struct position p;
	int64_t due;

	source_of_track(&s, &plays[_i].clock, &track);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(source_next(&s, &plays[_i].clock, &p, &due));
		ck_assert_int_eq(p.time_ms, plays[_i].stamps[i]);
		ck_assert_int_eq(due, plays[_i].due[i]);
	}
	ck_assert(!source_next(&s, &plays[_i].clock, &p, &due));
	ck_assert(!source_next(&s, &plays[_i].clock, &p, &due));
}
END_TEST

/* What is left of three fixes at 1, 61 and 181 s when those from one time to another are known. */
static const struct {
	int64_t first_ms, last_ms, left[3];
} skips[] = {
	{ 0, 0, { 1000, 61000, 181000 } },
	{ 0, 999, { 1000, 61000, 181000 } },
	{ 1000, 1000, { 61000, 181000 } },
	{ 1001, 60999, { 1000, 61000, 181000 } },
	{ 61000, 180999, { 1000, 181000 } },
	{ 61000, 181000, { 1000 } },
	{ 500, 200000, { 0 } },
};

START_TEST(what_is_known_is_left_out)
{
	const struct source_clock clock = { NOW, 0, TIMES_KEPT };
	struct source s;
	struct position p;
	int64_t due;

	source_of_track(&s, &clock, &track);
	source_skip(&s, skips[_i].first_ms, skips[_i].last_ms);
	for (const int64_t *left = skips[_i].left; *left && left < skips[_i].left + 3; left++) {
		ck_assert(source_has_next(&s, &clock));
		ck_assert(source_has_next(&s, &clock)); /* a look ahead takes nothing */
		ck_assert(source_next(&s, &clock, &p, &due));
		ck_assert_int_eq(p.time_ms, *left);
	}
	ck_assert(!source_has_next(&s, &clock));
	ck_assert(!source_next(&s, &clock, &p, &due));
}
END_TEST

START_TEST(what_stamps_cannot_tell_apart_is_left_out)
{
	static struct position close_by[] = { { .time_ms = 1000 }, { .time_ms = 1999 }, { .time_ms = 2000 } };
	static const struct track fast = { .fixes = close_by, .n = 3 };
	struct source_clock clock = { NOW, 0, TIMES_KEPT, 1000 };
	struct source s;
	struct position p;
	int64_t due;

	source_of_track(&s, &clock, &fast);
	ck_assert(source_next(&s, &clock, &p, &due));
	ck_assert_int_eq(p.time_ms, 1000);
	ck_assert(source_next(&s, &clock, &p, &due));
	ck_assert_int_eq(p.time_ms, 2000);
	ck_assert(!source_next(&s, &clock, &p, &due));
}
END_TEST

START_TEST(an_animals_past_ends)
{
	const struct source_clock clock = { 1767323045000, 0, TIMES_PAST };
	const struct animal_options o = { .seed = 1, .start_ms = clock.real_ms - 86400000 };
	struct source s;
	struct position p;
	int64_t due, n = 0;

	source_of_animal(&s, &o, clock.real_ms);
	for (; source_next(&s, &clock, &p, &due); n++) {
		ck_assert_int_ge(p.time_ms, o.start_ms);
		ck_assert_int_le(p.time_ms, clock.real_ms);
		ck_assert_int_eq(due, 0);
	}
	ck_assert_int_gt(n, 2);
}
END_TEST

START_TEST(a_live_animal_is_stamped_as_it_is_due)
{
	const struct source_clock clock = { 1767323045000, 60, TIMES_LIVE };
	const struct animal_options o = { .seed = 1, .start_ms = clock.real_ms, .interval_ms = 60000 };
	struct source s;
	struct position p;
	int64_t due, before = -1;

	source_of_animal(&s, &o, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert(source_next(&s, &clock, &p, &due));
		ck_assert_int_eq(p.time_ms, clock.real_ms + due);
		if (i > 0)
			ck_assert_int_le(llabs(due - before - 1000), 1);
		before = due;
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("source");
	TCase *c = tcase_create("source");

	tcase_add_loop_test(c, tracks, 0, (int)(sizeof plays / sizeof *plays));
	tcase_add_loop_test(c, what_is_known_is_left_out, 0, (int)(sizeof skips / sizeof *skips));
	tcase_add_test(c, what_stamps_cannot_tell_apart_is_left_out);
	tcase_add_test(c, an_animals_past_ends);
	tcase_add_test(c, a_live_animal_is_stamped_as_it_is_due);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
