#include "auth/common/document.h"
#include "auth/common/export.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct uuid id = { { 0x01, 0x90 } };
static const uint8_t hash[32] = { 9, 8, 7 };

static void expect(bson_t *doc, const char *const *left_out, const char *json)
{
	json_t *shown = export_json(doc, left_out);
	char *text = json_dumps(shown, JSON_COMPACT);

	ck_assert_str_eq(text, json);
	free(text);
	json_decref(shown);
	bson_destroy(doc);
}

#define ID "01900000-0000-0000-0000-000000000000"

START_TEST(whatever_a_document_has_is_shown)
{
	expect(BCON_NEW("_id", BCON_UUID(&id), "name", BCON_UTF8("Misty"), "at", BCON_DATE_TIME(0), "n", BCON_INT32(7),
		       "big", BCON_INT64(1LL << 40), "w", BCON_DOUBLE(4.5), "yes", BCON_BOOL(true), "no", BCON_NULL),
		NULL,
		"{\"id\":\"" ID "\",\"name\":\"Misty\",\"at\":\"1970-01-01T00:00:00.000Z\",\"n\":7,"
		"\"big\":1099511627776,\"w\":4.5,\"yes\":true,\"no\":null}");
}
END_TEST

START_TEST(what_is_inside_is_shown_too)
{
	expect(BCON_NEW("pet", "{", "species", BCON_UTF8("cat"), "tags", "[", BCON_UTF8("a"), BCON_INT32(1), "]", "}"),
		NULL, "{\"pet\":{\"species\":\"cat\",\"tags\":[\"a\",1]}}");
}
END_TEST

/* Hashes and sealed texts are binaries; a password's hash is a text. */
START_TEST(secrets_are_not)
{
	expect(BCON_NEW("_id", BCON_UUID(&id), "password", BCON_UTF8("$argon2id$"), "secret",
		       BCON_BYTES(hash, sizeof hash), "totp", "{", "sealed", BCON_BYTES(hash, sizeof hash), "since",
		       BCON_DATE_TIME(0), "}", "recovery", "[", BCON_BYTES(hash, sizeof hash), "]"),
		NULL, "{\"id\":\"" ID "\",\"totp\":{\"since\":\"1970-01-01T00:00:00.000Z\"},\"recovery\":[]}");
}
END_TEST

START_TEST(nor_what_is_ours)
{
	static const char *const left_out[] = { "note", NULL };

	expect(BCON_NEW("a", BCON_INT32(1), "event", "{", "id", BCON_UUID(&id), "}", "announced", BCON_BOOL(true),
		       "note", BCON_UTF8("x")),
		left_out, "{\"a\":1}");
}
END_TEST

static bson_t *nested(int depth)
{
	bson_t *inner = bson_new();

	for (int i = 0; i < depth; i++) {
		bson_t *outer = BCON_NEW("d", BCON_DOCUMENT(inner));
		bson_destroy(inner);
		inner = outer;
	}
	return inner;
}

START_TEST(an_event_that_is_a_text_is_somebodys)
{
	expect(BCON_NEW("event", BCON_UTF8("device.added")), NULL, "{\"event\":\"device.added\"}");
}
END_TEST

START_TEST(depth_is_bounded)
{
	bson_t *doc = nested(100);
	json_t *shown = export_json(doc, NULL), *at = shown;
	int depth = 0;

	while ((at = json_object_get(at, "d")))
		depth++;
	ck_assert_int_gt(depth, 8);
	ck_assert_int_lt(depth, 32);
	json_decref(shown);
	bson_destroy(doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/export");
	TCase *t = tcase_create("export");

	tcase_add_test(t, whatever_a_document_has_is_shown);
	tcase_add_test(t, what_is_inside_is_shown_too);
	tcase_add_test(t, secrets_are_not);
	tcase_add_test(t, nor_what_is_ours);
	tcase_add_test(t, an_event_that_is_a_text_is_somebodys);
	tcase_add_test(t, depth_is_bounded);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
