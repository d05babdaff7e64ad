#include "records.h"
#include "ingest/writer/document.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <math.h>

static void expect_json(const bson_t *doc, const char *want)
{
	char *json = bson_as_relaxed_extended_json(doc, NULL);

	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(json, want);
	bson_free(json);
}

#define DEVICE_JSON "{ \"$binary\" : { \"base64\" : \"BwcHBwcHBwcHBwcHBwcHBw==\", \"subType\" : \"04\" } }"
#define ID_JSON "\"_id\" : { \"d\" : " DEVICE_JSON ", \"t\" : { \"$date\" : \"2026-01-01T00:00:00.250Z\" } }"
#define RECEIVED_JSON "\"received\" : { \"$date\" : \"2026-01-01T00:00:01.250Z\" }"

START_TEST(unknown_fields_are_absent)
{
	struct position p = fix(7, 1767225600250);
	bson_t doc = BSON_INITIALIZER;

	ck_assert_int_eq(document_position(&doc, &p), 0);
	expect_json(&doc,
		"{ " ID_JSON ", \"lat\" : 50.170299999999997453, \"lon\" : -5.1138000000000003453, " RECEIVED_JSON
		", \"protocol\" : \"osmand\" }");
	bson_destroy(&doc);
}
END_TEST

START_TEST(known_fields_are_all_there)
{
	static const struct attribute attributes[] = {
		{ .name = "motion", .type = ATTRIBUTE_BOOL, .boolean = true },
		{ .name = "steps", .type = ATTRIBUTE_INT, .integer = 5000000000 },
		{ .name = "hdop", .type = ATTRIBUTE_REAL, .real = 0.75 },
		{ .name = "alarm", .type = ATTRIBUTE_TEXT, .text = "sos" },
	};
	struct position p = fix(7, 1767225600250);
	bson_t doc = BSON_INITIALIZER;

	p.has |= POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY;
	p.speed_mps = 1.5f;
	p.course_deg = 270;
	p.altitude_m = -2.25f;
	p.accuracy_m = 4;
	p.battery_pct = 88;
	p.invalid = true;
	p.protocol = NULL;
	p.attributes = attributes;
	p.attributes_n = 4;
	ck_assert_int_eq(document_position(&doc, &p), 0);
	expect_json(&doc, "{ " ID_JSON ", \"lat\" : 50.170299999999997453, \"lon\" : -5.1138000000000003453"
			  ", \"speed\" : 1.5, \"course\" : 270.0, \"altitude\" : -2.25, \"accuracy\" : 4.0"
			  ", \"battery\" : 88.0, \"valid\" : false, " RECEIVED_JSON
			  ", \"attributes\" : { \"motion\" : true, \"steps\" : 5000000000, \"hdop\" : 0.75"
			  ", \"alarm\" : \"sos\" } }");
	bson_destroy(&doc);
}
END_TEST

/* Degrees come back as they were, to the last digit. */
START_TEST(degrees_are_exact)
{
	static const int32_t rows[] = { 0, 1, -1, 900000000, -900000000, 501703001, 123456789, -899999999 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct position p = fix(7, 1);
		bson_t doc = BSON_INITIALIZER;
		bson_iter_t lat;
		p.lat_e7 = rows[i];
		ck_assert_int_eq(document_position(&doc, &p), 0);
		ck_assert(bson_iter_init_find(&lat, &doc, "lat"));
		ck_assert_int_eq(lround(bson_iter_double(&lat) * 1e7), rows[i]);
		bson_destroy(&doc);
	}
}
END_TEST

#define AS_NEW_JSON(field, date) "{ \"$gte\" : [ \"$" field "\", { \"$date\" : \"" date "\" } ] }"
#define CONTACT_JSON(date, battery)                                                                                    \
	"{ \"$cond\" : [ " AS_NEW_JSON("contact", date) ", { \"contact\" : \"$contact\" }, { \"$literal\" : { "        \
							"\"contact\" : { \"$date\" : \"" date "\" }" battery           \
							" } } ] }"

START_TEST(latest_takes_a_fix)
{
	struct position p = fix(7, 1767225600250);
	struct report r = {
		.device = p.device, .contact_ms = 1767225601250, .has_fix = true, .time_ms = 1767225600250
	};
	bson_t doc = BSON_INITIALIZER, filter = BSON_INITIALIZER, update = BSON_INITIALIZER;

	ck_assert_int_eq(document_position(&doc, &p), 0);
	ck_assert_int_eq(document_latest(&filter, &update, &r, &doc), 0);
	expect_json(&filter, "{ \"_id\" : " DEVICE_JSON " }");
	expect_json(&update,
		"{ \"0\" : { \"$replaceWith\" : { \"$mergeObjects\" : [ { \"$cond\" : [ " AS_NEW_JSON(
			"time", "2026-01-01T00:00:00.250Z") ", \"$$ROOT\", { \"$literal\" : { \"_id\" : " DEVICE_JSON
							    ", \"time\" : { \"$date\" : \"2026-01-01T00:00:00.250Z\" }"
							    ", \"loc\" : { \"type\" : \"Point\", \"coordinates\" : [ "
							    "-5.1138000000000003453, 50.170299999999997453 ] }"
							    ", \"lat\" : 50.170299999999997453, \"lon\" : "
							    "-5.1138000000000003453, " RECEIVED_JSON
							    ", \"protocol\" : \"osmand\" } } ] }, " CONTACT_JSON(
								    "2026-01-01T00:00:01.250Z", "") " ] } } }");
	bson_destroy(&doc);
	bson_destroy(&filter);
	bson_destroy(&update);
}
END_TEST

START_TEST(latest_takes_a_contact)
{
	struct report r = {
		.device = device(7), .contact_ms = 1767225601250, .has_battery = true, .battery_pct = 41.5
	};
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;

	ck_assert_int_eq(document_latest(&filter, &update, &r, NULL), 0);
	expect_json(&update, "{ \"0\" : { \"$replaceWith\" : { \"$mergeObjects\" : [ \"$$ROOT\", " CONTACT_JSON(
				     "2026-01-01T00:00:01.250Z", ", \"battery\" : 41.5") " ] } } }");
	bson_destroy(&filter);
	bson_destroy(&update);
}
END_TEST

START_TEST(a_fix_without_a_place_is_refused)
{
	struct report r = { .device = device(7), .has_fix = true };
	bson_t doc = BSON_INITIALIZER, filter = BSON_INITIALIZER, update = BSON_INITIALIZER;

	ck_assert_int_eq(document_latest(&filter, &update, &r, &doc), -EOVERFLOW);
	bson_destroy(&doc);
	bson_destroy(&filter);
	bson_destroy(&update);
}
END_TEST

START_TEST(the_collections_are_as_designed)
{
	bson_t *options = document_positions_options(), *keys = document_latest_index();

	expect_json(options, "{ \"clusteredIndex\" : { \"key\" : { \"_id\" : 1 }, \"unique\" : true } }");
	expect_json(keys, "{ \"loc\" : \"2dsphere\" }");
	bson_destroy(options);
	bson_destroy(keys);
}
END_TEST

/* MinKey and MaxKey sort before and behind every date. */
START_TEST(a_range_holds_all_of_a_device)
{
	struct uuid id = device(7);
	bson_t *first = document_first_key(&id), *last = document_last_key(&id);
	bson_iter_t i;

	ck_assert(bson_iter_init_find(&i, first, "t") && BSON_ITER_HOLDS_MINKEY(&i));
	ck_assert(bson_iter_init_find(&i, last, "t") && BSON_ITER_HOLDS_MAXKEY(&i));
	ck_assert(bson_iter_init(&i, first) && bson_iter_next(&i));
	ck_assert_str_eq(bson_iter_key(&i), "d");
	bson_destroy(first);
	bson_destroy(last);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer document");
	TCase *t = tcase_create("document");

	tcase_add_test(t, unknown_fields_are_absent);
	tcase_add_test(t, known_fields_are_all_there);
	tcase_add_test(t, degrees_are_exact);
	tcase_add_test(t, latest_takes_a_fix);
	tcase_add_test(t, latest_takes_a_contact);
	tcase_add_test(t, a_fix_without_a_place_is_refused);
	tcase_add_test(t, the_collections_are_as_designed);
	tcase_add_test(t, a_range_holds_all_of_a_device);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
