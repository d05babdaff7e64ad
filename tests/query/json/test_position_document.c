#include "query/json/position_document.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <string.h>

static const struct uuid device = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static struct position_document d;

static void append_uuid(bson_t *b, const char *name)
{
	bson_append_binary(b, name, -1, BSON_SUBTYPE_UUID, device.b, sizeof device.b);
}

/* {_id: {d, t}}, as history has it. */
static bson_t *history(int64_t time_ms)
{
	bson_t *b = bson_new(), id;

	bson_append_document_begin(b, "_id", -1, &id);
	append_uuid(&id, "d");
	bson_append_date_time(&id, "t", -1, time_ms);
	bson_append_document_end(b, &id);
	return b;
}

static bson_t *latest(void)
{
	bson_t *b = bson_new();

	append_uuid(b, "_id");
	return b;
}

/* Reads and destroys. */
static bool read_and_drop(bson_t *b)
{
	memset(&d, 0xee, sizeof d); /* nothing may be left of the document before */
	bool r = position_document_read(&d, b);
	bson_destroy(b);
	return r;
}

START_TEST(a_document_of_history)
{
	bson_t *b = history(1767323045000);

	BSON_APPEND_DOUBLE(b, "lat", 50.1703);
	BSON_APPEND_DOUBLE(b, "lon", -5.1138);
	BSON_APPEND_DATE_TIME(b, "received", 1767323046000);
	BSON_APPEND_DOUBLE(b, "speed", 1.25);
	BSON_APPEND_DOUBLE(b, "course", 359.5);
	BSON_APPEND_DOUBLE(b, "altitude", -3);
	BSON_APPEND_DOUBLE(b, "accuracy", 8);
	BSON_APPEND_INT32(b, "battery", 77);
	BSON_APPEND_BOOL(b, "valid", false);
	ck_assert(position_document_read(&d, b));
	ck_assert(uuid_same(&d.position.device, &device));
	ck_assert_int_eq(d.position.time_ms, 1767323045000);
	ck_assert_int_eq(d.position.received_ms, 1767323046000);
	ck_assert_int_eq(d.position.lat_e7, 501703000);
	ck_assert_int_eq(d.position.lon_e7, -51138000);
	ck_assert_uint_eq(d.position.has, 0x3f);
	ck_assert(d.position.speed_mps == 1.25f && d.position.course_deg == 359.5f && d.position.altitude_m == -3);
	ck_assert(d.position.accuracy_m == 8 && d.position.battery_pct == 77);
	ck_assert(d.position.invalid);
	ck_assert_ptr_null(d.position.protocol);
	ck_assert_uint_eq(d.position.attributes_n, 0);
	ck_assert_int_eq(d.contact_ms, 0);
	bson_destroy(b);
}
END_TEST

START_TEST(a_document_of_latest)
{
	bson_t *b = latest();

	BSON_APPEND_DATE_TIME(b, "time", 5);
	BSON_APPEND_DATE_TIME(b, "contact", 7);
	BSON_APPEND_DOUBLE(b, "lat", 1);
	BSON_APPEND_DOUBLE(b, "lon", 2);
	BSON_APPEND_UTF8(b, "protocol", "osmand");
	ck_assert(position_document_read(&d, b));
	ck_assert(uuid_same(&d.position.device, &device));
	ck_assert_int_eq(d.position.time_ms, 5);
	ck_assert_int_eq(d.contact_ms, 7);
	ck_assert_uint_eq(d.position.has, POSITION_LOCATION);
	ck_assert_str_eq(d.position.protocol, "osmand");
	ck_assert(!d.position.invalid);
	bson_destroy(b);
}
END_TEST

START_TEST(heard_of_but_never_fixed)
{
	bson_t *b = latest();

	BSON_APPEND_DATE_TIME(b, "contact", 7);
	ck_assert(read_and_drop(b));
	ck_assert_int_eq(d.position.time_ms, 0);
	ck_assert_uint_eq(d.position.has, 0);
}
END_TEST

/* What the writer stores of an e7 coordinate is a double near it: each must come back as it was. */
START_TEST(coordinates_come_back_exactly)
{
	for (int32_t e7 = -1800000000 + _i; e7 <= 1800000000 - 9973; e7 += 9973) {
		bson_t b = BSON_INITIALIZER;
		append_uuid(&b, "_id");
		BSON_APPEND_DOUBLE(&b, "lat", 0);
		BSON_APPEND_DOUBLE(&b, "lon", (double)e7 / 1e7);
		ASSERT_IN_LOOP(position_document_read(&d, &b));
		ASSERT_IN_LOOP(d.position.lon_e7 == e7);
		bson_destroy(&b);
	}
}
END_TEST

START_TEST(attributes_of_every_type)
{
	bson_t *b = history(1), a;

	BSON_APPEND_DOCUMENT_BEGIN(b, "attributes", &a);
	BSON_APPEND_BOOL(&a, "charging", true);
	BSON_APPEND_INT32(&a, "steps", -5);
	BSON_APPEND_INT64(&a, "odometer", INT64_MAX);
	BSON_APPEND_DOUBLE(&a, "hdop", 0.7);
	BSON_APPEND_UTF8(&a, "alarm", "low");
	BSON_APPEND_NULL(&a, "nothing");
	bson_append_document_end(b, &a);
	ck_assert(position_document_read(&d, b));
	ck_assert_uint_eq(d.position.attributes_n, 5);
	ck_assert(d.position.attributes[0].type == ATTRIBUTE_BOOL && d.position.attributes[0].boolean);
	ck_assert(d.position.attributes[1].type == ATTRIBUTE_INT && d.position.attributes[1].integer == -5);
	ck_assert(d.position.attributes[2].integer == INT64_MAX);
	ck_assert(d.position.attributes[3].type == ATTRIBUTE_REAL && d.position.attributes[3].real == 0.7);
	ck_assert_str_eq(d.position.attributes[4].name, "alarm");
	ck_assert_str_eq(d.position.attributes[4].text, "low");
	bson_destroy(b);
}
END_TEST

START_TEST(more_attributes_than_a_position_has)
{
	bson_t *b = history(1), a;
	char name[8];

	BSON_APPEND_DOCUMENT_BEGIN(b, "attributes", &a);
	for (int i = 0; i < POSITION_ATTRIBUTES_MAX + 10; i++) {
		snprintf(name, sizeof name, "a%d", i);
		bson_append_int32(&a, name, -1, i);
	}
	bson_append_document_end(b, &a);
	ck_assert(read_and_drop(b));
	ck_assert_uint_eq(d.position.attributes_n, POSITION_ATTRIBUTES_MAX);
}
END_TEST

START_TEST(fields_of_another_type_are_unknown)
{
	bson_t *b = history(1);

	BSON_APPEND_UTF8(b, "lat", "50");
	BSON_APPEND_DOUBLE(b, "lon", -5);
	BSON_APPEND_UTF8(b, "received", "now");
	BSON_APPEND_DOUBLE(b, "speed", NAN);
	BSON_APPEND_BOOL(b, "course", true);
	BSON_APPEND_INT32(b, "valid", 0);
	BSON_APPEND_INT32(b, "protocol", 0);
	BSON_APPEND_INT32(b, "attributes", 0);
	ck_assert(read_and_drop(b));
	ck_assert_uint_eq(d.position.has, 0);
	ck_assert_int_eq(d.position.received_ms, 0);
	ck_assert(!d.position.invalid);
	ck_assert_ptr_null(d.position.protocol);
	ck_assert_uint_eq(d.position.attributes_n, 0);
}
END_TEST

START_TEST(a_place_on_no_map_is_unknown)
{
	static const double bad[][2] = { { 90.1, 0 }, { -90.1, 0 }, { 0, 180.1 }, { 0, -180.1 }, { NAN, 0 },
		{ 0, INFINITY }, { 1e300, 0 } };
	bson_t *b = history(1);

	BSON_APPEND_DOUBLE(b, "lat", bad[_i][0]);
	BSON_APPEND_DOUBLE(b, "lon", bad[_i][1]);
	ck_assert(read_and_drop(b));
	ck_assert_uint_eq(d.position.has, 0);
}
END_TEST

START_TEST(a_document_of_no_device)
{
	bson_t *b = bson_new();

	ck_assert(!read_and_drop(b));
	b = BCON_NEW("_id", BCON_INT32(1));
	ck_assert(!read_and_drop(b));
	b = BCON_NEW("_id", "{", "d", "x", "}");
	ck_assert(!read_and_drop(b));
	b = bson_new();
	bson_append_binary(b, "_id", -1, BSON_SUBTYPE_UUID, device.b, 15);
	ck_assert(!read_and_drop(b));
	b = bson_new();
	bson_append_binary(b, "_id", -1, BSON_SUBTYPE_BINARY, device.b, 16);
	ck_assert(!read_and_drop(b));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("position_document");
	TCase *c = tcase_create("position_document");

	tcase_add_test(c, a_document_of_history);
	tcase_add_test(c, a_document_of_latest);
	tcase_add_test(c, heard_of_but_never_fixed);
	tcase_add_loop_test(c, coordinates_come_back_exactly, 0, 4);
	tcase_add_test(c, attributes_of_every_type);
	tcase_add_test(c, more_attributes_than_a_position_has);
	tcase_add_test(c, fields_of_another_type_are_unknown);
	tcase_add_loop_test(c, a_place_on_no_map_is_unknown, 0, 7);
	tcase_add_test(c, a_document_of_no_device);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
