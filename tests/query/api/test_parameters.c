#include "query/api/parameters.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct uuid device = { { 1, 2, 3 } }, other = { { 4, 5, 6 } };

static struct history_range range;
static struct complaint complaint;

static int history(const struct history_texts *t)
{
	return history_parameters(&range, &complaint, t, &device);
}

START_TEST(nothing_asked_for)
{
	ck_assert_int_eq(history(&(struct history_texts){ 0 }), 0);
	ck_assert(range.from_ms == 0 && range.to_ms == 253402300800000);
	ck_assert(!range.descending && !range.geojson);
	ck_assert_int_eq(range.limit, 1000);
}
END_TEST

START_TEST(everything_asked_for)
{
	ck_assert_int_eq(history(&(struct history_texts){ .from = "2026-01-02T03:04:05+01:00",
				 .to = "2026-01-02T03:04:05.5Z",
				 .order = "desc",
				 .limit = "10000",
				 .format = "geojson" }),
		0);
	ck_assert_int_eq(range.from_ms, 1767319445000);
	ck_assert_int_eq(range.to_ms, 1767323045500);
	ck_assert(range.descending && range.geojson);
	ck_assert_int_eq(range.limit, 10000);
}
END_TEST

static const struct {
	struct history_texts t;
	const char *code;
} bad[] = {
	{ { .from = "" }, "invalid_time" },
	{ { .from = "yesterday" }, "invalid_time" },
	{ { .to = "2026-02-30T00:00:00Z" }, "invalid_time" },
	{ { .from = "2026-01-02T03:04:05 01:00" }, "invalid_time" },
	{ { .from = "2026-01-02T00:00:00Z", .to = "2026-01-01T23:59:59.999Z" }, "invalid_time" },
	{ { .order = "" }, "invalid_order" },
	{ { .order = "ASC" }, "invalid_order" },
	{ { .limit = "0" }, "invalid_limit" },
	{ { .limit = "10001" }, "invalid_limit" },
	{ { .limit = "-1" }, "invalid_limit" },
	{ { .limit = "" }, "invalid_limit" },
	{ { .limit = "1e3" }, "invalid_limit" },
	{ { .limit = "9223372036854775808" }, "invalid_limit" },
	{ { .format = "gpx" }, "invalid_format" },
	{ { .cursor = "" }, "invalid_cursor" },
	{ { .cursor = "abc" }, "invalid_cursor" },
};

START_TEST(refused)
{
	range.limit = 77;
	ck_assert_int_eq(history(&bad[_i].t), PARAMETERS_E_INVALID);
	ck_assert_str_eq(complaint.code, bad[_i].code);
	ck_assert_int_eq(range.limit, 77);
}
END_TEST

static const char *cursor(enum cursor_kind kind, bool descending, const struct uuid *d, int64_t time_ms)
{
	static char text[CURSOR_TEXT_SIZE];

	cursor_format(
		text, &(struct cursor){ .kind = kind, .descending = descending, .device = *d, .time_ms = time_ms });
	return text;
}

START_TEST(a_cursor_narrows_the_range)
{
	struct history_texts t = { .from = "1970-01-01T00:00:01Z", .to = "1970-01-01T00:00:09Z" };

	t.cursor = cursor(CURSOR_HISTORY, false, &device, 5000);
	ck_assert_int_eq(history(&t), 0);
	ck_assert(range.from_ms == 5001 && range.to_ms == 9000);
	t.cursor = cursor(CURSOR_HISTORY, false, &device, 500); /* before the range: another from since */
	ck_assert_int_eq(history(&t), 0);
	ck_assert(range.from_ms == 1000 && range.to_ms == 9000);
	t.cursor = cursor(CURSOR_HISTORY, false, &device, INT64_MAX);
	ck_assert_int_eq(history(&t), 0);
	ck_assert(range.from_ms == 253402300800000);
	t.order = "desc";
	t.cursor = cursor(CURSOR_HISTORY, true, &device, 5000);
	ck_assert_int_eq(history(&t), 0);
	ck_assert(range.from_ms == 1000 && range.to_ms == 5000);
	t.cursor = cursor(CURSOR_HISTORY, true, &device, 9500);
	ck_assert_int_eq(history(&t), 0);
	ck_assert(range.to_ms == 9000);
}
END_TEST

START_TEST(a_cursor_of_another_request)
{
	struct history_texts t = { 0 };

	t.cursor = cursor(CURSOR_HISTORY, false, &other, 5000);
	ck_assert_int_eq(history(&t), PARAMETERS_E_INVALID);
	t.cursor = cursor(CURSOR_HISTORY, true, &device, 5000);
	ck_assert_int_eq(history(&t), PARAMETERS_E_INVALID);
	t.cursor = cursor(CURSOR_LATEST, false, &device, 5000);
	ck_assert_int_eq(history(&t), PARAMETERS_E_INVALID);
	ck_assert_str_eq(complaint.code, "invalid_cursor");
}
END_TEST

START_TEST(latest_of_all)
{
	struct latest_range r;

	ck_assert_int_eq(latest_parameters(&r, &complaint, NULL, NULL), 0);
	ck_assert(!r.after_any && r.limit == 100);
	ck_assert_int_eq(latest_parameters(&r, &complaint, "1000", cursor(CURSOR_LATEST, false, &other, 0)), 0);
	ck_assert(r.after_any && r.limit == 1000 && uuid_same(&r.after, &other));
	ck_assert_int_eq(latest_parameters(&r, &complaint, "1001", NULL), PARAMETERS_E_INVALID);
	ck_assert_str_eq(complaint.code, "invalid_limit");
	ck_assert_int_eq(latest_parameters(&r, &complaint, NULL, cursor(CURSOR_HISTORY, false, &other, 0)),
		PARAMETERS_E_INVALID);
	ck_assert_str_eq(complaint.code, "invalid_cursor");
	ck_assert_int_eq(latest_parameters(&r, &complaint, NULL, "%"), PARAMETERS_E_INVALID);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("parameters");
	TCase *c = tcase_create("parameters");

	tcase_add_test(c, nothing_asked_for);
	tcase_add_test(c, everything_asked_for);
	tcase_add_loop_test(c, refused, 0, sizeof bad / sizeof *bad);
	tcase_add_test(c, a_cursor_narrows_the_range);
	tcase_add_test(c, a_cursor_of_another_request);
	tcase_add_test(c, latest_of_all);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
