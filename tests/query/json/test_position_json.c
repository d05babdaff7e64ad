#include "query/json/position_json.h"
#include "tests/lib/unit.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const struct uuid device = { { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4c, 0xde, 0x8f, 0x01, 0x23, 0x45, 0x67,
	0x89, 0xab, 0xcd } };

static char out[POSITION_JSON_SIZE_MAX];

static const char *format(const struct position *p, unsigned flags, int64_t contact_ms)
{
	struct text t = text_in(out, sizeof out);

	position_json(&t, p, flags, contact_ms);
	ck_assert(text_ok(&t));
	return out;
}

START_TEST(a_plain_fix)
{
	struct position p = { .device = device,
		.time_ms = 1767323045000,
		.received_ms = 1767323046007,
		.lat_e7 = 501703000,
		.lon_e7 = -51138000,
		.has = POSITION_LOCATION };

	ck_assert_str_eq(format(&p, 0, 0),
		"{\"device\":\"01234567-89ab-4cde-8f01-23456789abcd\",\"time\":\"2026-01-02T03:04:05.000Z\","
		"\"received\":\"2026-01-02T03:04:06.007Z\",\"lat\":50.1703,\"lon\":-5.1138}");
}
END_TEST

START_TEST(everything_that_is_known)
{
	struct attribute attributes[] = {
		{ .name = "steps", .type = ATTRIBUTE_INT, .integer = INT64_MIN },
		{ .name = "charging", .type = ATTRIBUTE_BOOL, .boolean = true },
		{ .name = "hdop", .type = ATTRIBUTE_REAL, .real = 0.7 },
		{ .name = "alarm", .type = ATTRIBUTE_TEXT, .text = "a \"b\"\n" },
	};
	struct position p = { .device = device,
		.time_ms = 1,
		.received_ms = 2,
		.lat_e7 = -900000000,
		.lon_e7 = 1800000000,
		.speed_mps = 1.25f,
		.course_deg = 359.9f,
		.altitude_m = -3,
		.accuracy_m = 8,
		.battery_pct = 77.5f,
		.has = 0x3f,
		.invalid = true,
		.protocol = "osmand",
		.attributes = attributes,
		.attributes_n = 4 };

	ck_assert_str_eq(format(&p, POSITION_JSON_LATE, 3),
		"{\"device\":\"01234567-89ab-4cde-8f01-23456789abcd\",\"time\":\"1970-01-01T00:00:00.001Z\","
		"\"received\":\"1970-01-01T00:00:00.002Z\",\"lat\":-90,\"lon\":180,\"speed\":1.25,\"course\":359.9,"
		"\"altitude\":-3,\"accuracy\":8,\"battery\":77.5,\"valid\":false,\"protocol\":\"osmand\",\"late\":true,"
		"\"contact\":\"1970-01-01T00:00:00.003Z\",\"attributes\":{\"steps\":-9223372036854775808,\"charging\":"
		"true,"
		"\"hdop\":0.7,\"alarm\":\"a \\\"b\\\"\\n\"}}");
}
END_TEST

START_TEST(heard_of_but_never_fixed)
{
	struct position p = { .device = device, .battery_pct = 5, .has = POSITION_BATTERY };

	ck_assert_str_eq(format(&p, 0, 1767323045000), "{\"device\":\"01234567-89ab-4cde-8f01-23456789abcd\","
						       "\"battery\":5,\"contact\":\"2026-01-02T03:04:05.000Z\"}");
}
END_TEST

START_TEST(a_fix_whose_place_is_elsewhere)
{
	struct position p = { .device = device,
		.lat_e7 = 1,
		.lon_e7 = 2,
		.altitude_m = 3,
		.has = POSITION_LOCATION | POSITION_ALTITUDE };

	ck_assert_str_eq(format(&p, POSITION_JSON_PLACELESS, 0),
		"{\"device\":\"01234567-89ab-4cde-8f01-23456789abcd\",\"time\":"
		"\"1970-01-01T00:00:00.000Z\",\"altitude\":3}");
}
END_TEST

/* Reals of any size come back as they were, or as null where JSON has no word for them. */
START_TEST(a_real_of_any_size)
{
	static const double reals[] = { 0, -0.0, 1, -1.5, 0.001, 1e-7, -2.5e-300, 999999999.5, 1e15, 1.7e308, NAN,
		INFINITY };
	struct attribute a = { .name = "x", .type = ATTRIBUTE_REAL, .real = reals[_i] };
	struct position p = { .device = device, .attributes = &a, .attributes_n = 1 };
	json_t *json = json_loads(format(&p, 0, 0), JSON_REJECT_DUPLICATES, NULL);
	json_t *x = json_object_get(json_object_get(json, "attributes"), "x");

	ck_assert_ptr_nonnull(json);
	if (isfinite(a.real))
		ck_assert(fabs(json_number_value(x) - a.real) <= fabs(a.real) * 1e-14);
	else
		ck_assert(json_is_null(x));
	json_decref(json);
}
END_TEST

START_TEST(the_largest_fits_and_is_json)
{
	static char name[ATTRIBUTE_NAME_MAX + 1], text[ATTRIBUTE_TEXT_MAX + 1];
	static struct attribute attributes[POSITION_ATTRIBUTES_MAX];
	struct position p = { .device = device, .attributes = attributes, .attributes_n = POSITION_ATTRIBUTES_MAX };

	memset(name, 1, sizeof name - 1); /* each becomes \u0001 */
	memset(text, 1, sizeof text - 1);
	for (size_t i = 0; i < POSITION_ATTRIBUTES_MAX; i++)
		attributes[i] = (struct attribute){ .name = name, .type = ATTRIBUTE_TEXT, .text = text };
	json_t *json = json_loads(format(&p, 0, 0), 0, NULL);
	ck_assert_ptr_nonnull(json);
	json_decref(json);
}
END_TEST

START_TEST(without_attributes_a_small_buffer_does)
{
	char small[POSITION_JSON_SIZE];
	struct text t = text_in(small, sizeof small);
	struct position p = { .device = device,
		.time_ms = INT64_MAX,
		.received_ms = INT64_MAX,
		.lat_e7 = -899999999,
		.lon_e7 = -1799999999,
		.speed_mps = 3.4e38f,
		.course_deg = -3.4e38f,
		.altitude_m = -3.4e38f,
		.accuracy_m = 3.4e38f,
		.battery_pct = 3.4e38f,
		.has = 0x3f,
		.invalid = true,
		.protocol = "a-long-protocol-name" };

	position_json(&t, &p, POSITION_JSON_LATE, INT64_MAX);
	ck_assert(text_ok(&t));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("position_json");
	TCase *c = tcase_create("position_json");

	tcase_add_test(c, a_plain_fix);
	tcase_add_test(c, everything_that_is_known);
	tcase_add_test(c, heard_of_but_never_fixed);
	tcase_add_test(c, a_fix_whose_place_is_elsewhere);
	tcase_add_loop_test(c, a_real_of_any_size, 0, 12);
	tcase_add_test(c, the_largest_fits_and_is_json);
	tcase_add_test(c, without_attributes_a_small_buffer_does);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
