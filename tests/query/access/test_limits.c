#include "query/access/limits.h"
#include "tests/lib/unit.h"

#include <string.h>

/* ---- reading ---- */

#define GOOD "\"live\":true,\"history\":true,\"blur\":0,\"expires\":9000"

static const struct {
	const char *json;
	bool good;
} rows[] = {
	{ "{" GOOD "}", true },
	{ "{" GOOD ",\"from\":-1,\"until\":5000}", true },
	{ "{" GOOD ",\"later\":[]}", true },
	{ "{\"live\":false,\"history\":false,\"blur\":7,\"expires\":0}", true },
	{ "{}", false },
	{ "[]", false },
	{ "null", false },
	{ "{\"live\":true,\"history\":true,\"expires\":9000}", false },
	{ "{\"live\":true,\"blur\":0,\"expires\":9000}", false },
	{ "{\"history\":true,\"blur\":0,\"expires\":9000}", false },
	{ "{\"live\":1,\"history\":true,\"blur\":0,\"expires\":9000}", false },
	{ "{\"live\":true,\"history\":true,\"blur\":3,\"expires\":9000}", false },
	{ "{\"live\":true,\"history\":true,\"blur\":8,\"expires\":9000}", false },
	{ "{\"live\":true,\"history\":true,\"blur\":4.5,\"expires\":9000}", false },
	{ "{\"live\":true,\"history\":true,\"blur\":0,\"expires\":\"soon\"}", false },
	{ "{" GOOD ",\"from\":\"2026\"}", false },
	{ "{" GOOD ",\"until\":null}", false },
};

static int read_text(struct limits *ret, const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	int r = limits_read(ret, json);

	json_decref(json);
	return r;
}

START_TEST(reading)
{
	struct limits l;

	ck_assert_msg((read_text(&l, rows[_i].json) == 0) == rows[_i].good, "%s", rows[_i].json);
}
END_TEST

START_TEST(what_is_read)
{
	struct limits l;

	ck_assert_int_eq(read_text(&l, "{" GOOD ",\"from\":10,\"until\":20}"), 0);
	ck_assert(l.limited && l.live && l.history);
	ck_assert_int_eq(l.expires_ms, 9000);
	ck_assert(!limits_show(&l, 9) && limits_show(&l, 10) && limits_show(&l, 19) && !limits_show(&l, 20));
	ck_assert(!limits_ended(&l, 8999) && limits_ended(&l, 9000));
	ck_assert_int_eq(read_text(&l, "{" GOOD "}"), 0);
	ck_assert(limits_show(&l, INT64_MIN) && limits_show(&l, INT64_MAX - 1));
	ck_assert_int_eq(limits_read(&l, NULL), 0);
	ck_assert(!l.limited && limits_show(&l, 0) && !limits_ended(&l, INT64_MAX));
}
END_TEST

START_TEST(the_same)
{
	struct limits a, b;

	ck_assert_int_eq(read_text(&a, "{" GOOD ",\"from\":10}"), 0);
	b = a;
	b.expires_ms = 1; /* shows the same, for less long */
	ck_assert(limits_same(&a, &b));
	b.from_ms = 11;
	ck_assert(!limits_same(&a, &b));
	b = (struct limits){ 0 };
	ck_assert(!limits_same(&a, &b));
}
END_TEST

/* ---- applying ---- */

static const struct attribute attributes[] = { { .name = "iccid", .type = ATTRIBUTE_TEXT, .text = "8944" } };

static struct position whole(void)
{
	return (struct position){
		.device = { { 7 } },
		.time_ms = 1000,
		.received_ms = 2000,
		.lat_e7 = 501703123,
		.lon_e7 = -51138456,
		.speed_mps = 1.5F,
		.course_deg = 90,
		.altitude_m = 33,
		.accuracy_m = 4,
		.battery_pct = 80,
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       POSITION_BATTERY,
		.invalid = true,
		.protocol = "teltonika",
		.attributes = attributes,
		.attributes_n = 1,
	};
}

START_TEST(a_person_sees_all)
{
	struct position p = whole(), before = p;

	limits_apply(&(struct limits){ .blur = 4 }, &p);
	ck_assert_int_eq(memcmp(&p, &before, sizeof p), 0);
}
END_TEST

START_TEST(a_stranger_does_not_see_what_names_the_tracker)
{
	struct position p = whole();

	limits_apply(&(struct limits){ .limited = true }, &p);
	ck_assert_ptr_null(p.protocol);
	ck_assert_uint_eq(p.attributes_n, 0);
	ck_assert_int_eq(p.lat_e7, 501703123);
	ck_assert(position_has(&p, POSITION_SPEED | POSITION_BATTERY));
}
END_TEST

START_TEST(blurred_there_is_a_cell_and_a_time)
{
	struct position p = whole(), other = p;

	limits_apply(&(struct limits){ .limited = true, .blur = _i }, &p);
	ck_assert_uint_eq(p.has, POSITION_LOCATION | POSITION_ACCURACY);
	ck_assert_int_ne(p.lat_e7, 501703123);
	ck_assert_int_ne(p.lon_e7, -51138456);
	ck_assert(p.accuracy_m > 50 && p.accuracy_m < 30000);
	ck_assert(uuid_same(&p.device, &other.device) && p.time_ms == 1000 && p.invalid);
	ck_assert_int_eq(p.received_ms, 0);
	ck_assert_ptr_null(p.protocol);
	ck_assert_uint_eq(p.attributes_n, 0);
	other.lat_e7 = p.lat_e7; /* another place in the same cell */
	limits_apply(&(struct limits){ .limited = true, .blur = _i }, &other);
	ck_assert_int_eq(memcmp(&p, &other, sizeof p), 0);
}
END_TEST

START_TEST(blurred_without_a_place)
{
	struct position p = { .time_ms = 0, .received_ms = 5, .battery_pct = 3, .has = POSITION_BATTERY };

	limits_apply(&(struct limits){ .limited = true, .blur = 5 }, &p);
	ck_assert_uint_eq(p.has, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");

	tcase_add_loop_test(t, reading, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, what_is_read);
	tcase_add_test(t, the_same);
	tcase_add_test(t, a_person_sees_all);
	tcase_add_test(t, a_stranger_does_not_see_what_names_the_tracker);
	tcase_add_loop_test(t, blurred_there_is_a_cell_and_a_time, LIMITS_BLUR_MIN, LIMITS_BLUR_MAX + 1);
	tcase_add_test(t, blurred_without_a_place);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
