#include "base/position.h"
#include "tests/lib/unit.h"

#include <math.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const char long_text[] =
	"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

static struct position good(void)
{
	static const struct attribute attributes[] = {
		{ "ignition", ATTRIBUTE_BOOL, .boolean = true },
		{ "steps", ATTRIBUTE_INT, .integer = INT64_MIN },
		{ "temperature", ATTRIBUTE_REAL, .real = -40.5 },
		{ "alarm", ATTRIBUTE_TEXT, .text = "" },
	};

	return (struct position){
		.time_ms = 253402300799999,
		.received_ms = 1767323045000,
		.lat_e7 = -900000000,
		.lon_e7 = 1800000000,
		.course_deg = 359.9f,
		.altitude_m = -400,
		.battery_pct = 100,
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       POSITION_BATTERY,
		.attributes = attributes,
		.attributes_n = LENGTH(attributes),
	};
}

START_TEST(within_bounds)
{
	struct position p = good();

	ck_assert_ptr_null(position_fault(&p));
	ck_assert_ptr_null(position_fault(&(struct position){ 0 })); /* a contact that says nothing */
}
END_TEST

/* One thing wrong at a time: field, and the value for it. */
static const struct {
	const char *field;
	double value;
} faults[] = {
	{ "time", -1 },
	{ "time", 253402300800000 },
	{ "received", -1 },
	{ "received", 253402300800000 },
	{ "latitude", -900000001 },
	{ "latitude", 900000001 },
	{ "longitude", -1800000001 },
	{ "longitude", 1800000001 },
	{ "speed", -0.1 },
	{ "speed", NAN },
	{ "speed", INFINITY },
	{ "course", -0.1 },
	{ "course", 360 },
	{ "course", NAN },
	{ "altitude", NAN },
	{ "altitude", -INFINITY },
	{ "accuracy", -1 },
	{ "accuracy", NAN },
	{ "accuracy", INFINITY },
	{ "battery", -1 },
	{ "battery", 100.5 },
	{ "battery", NAN },
};

static void set(struct position *p, const char *field, double v)
{
	if (!strcmp(field, "time"))
		p->time_ms = (int64_t)v;
	else if (!strcmp(field, "received"))
		p->received_ms = (int64_t)v;
	else if (!strcmp(field, "latitude"))
		p->lat_e7 = (int32_t)v;
	else if (!strcmp(field, "longitude"))
		p->lon_e7 = (int32_t)v;
	else if (!strcmp(field, "speed"))
		p->speed_mps = (float)v;
	else if (!strcmp(field, "course"))
		p->course_deg = (float)v;
	else if (!strcmp(field, "altitude"))
		p->altitude_m = (float)v;
	else if (!strcmp(field, "accuracy"))
		p->accuracy_m = (float)v;
	else
		p->battery_pct = (float)v;
}

START_TEST(names_the_field)
{
	struct position p = good();

	set(&p, faults[_i].field, faults[_i].value);
	ck_assert_pstr_eq(position_fault(&p), faults[_i].field);
	if (_i >= 4) { /* what is not there cannot be wrong */
		p.has = 0;
		ck_assert_ptr_null(position_fault(&p));
	}
}
END_TEST

static const struct attribute bad_attributes[] = {
	{ NULL, ATTRIBUTE_BOOL, .boolean = true },
	{ "", ATTRIBUTE_BOOL, .boolean = true },
	{ long_text, ATTRIBUTE_BOOL, .boolean = true },
	{ "not utf-8 \xff", ATTRIBUTE_BOOL, .boolean = true },
	{ "type", 0, .boolean = true },
	{ "type", 5, .boolean = true },
	{ "real", ATTRIBUTE_REAL, .real = NAN },
	{ "real", ATTRIBUTE_REAL, .real = INFINITY },
	{ "text", ATTRIBUTE_TEXT, .text = NULL },
	{ "text", ATTRIBUTE_TEXT, .text = long_text },
	{ "text", ATTRIBUTE_TEXT, .text = "\xc3" },
};

START_TEST(names_the_attributes)
{
	struct position p = good();

	p.attributes = &bad_attributes[_i];
	p.attributes_n = 1;
	ck_assert_pstr_eq(position_fault(&p), "attributes");
}
END_TEST

START_TEST(counts_the_attributes)
{
	struct attribute many[POSITION_ATTRIBUTES_MAX + 1];
	struct position p = good();

	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		many[i] = (struct attribute){ "a", ATTRIBUTE_INT, .integer = 1 };
	p.attributes = many;
	p.attributes_n = POSITION_ATTRIBUTES_MAX;
	ck_assert_ptr_null(position_fault(&p));
	p.attributes_n++;
	ck_assert_pstr_eq(position_fault(&p), "attributes");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("position");
	TCase *c = tcase_create("position");

	tcase_add_test(c, within_bounds);
	tcase_add_loop_test(c, names_the_field, 0, LENGTH(faults));
	tcase_add_loop_test(c, names_the_attributes, 0, LENGTH(bad_attributes));
	tcase_add_test(c, counts_the_attributes);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
