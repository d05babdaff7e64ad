#include "auth/devices/device.h"
#include "tests/lib/unit.h"

#include <string.h>

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define OWNER "7c9e6679-7425-40de-944b-e07fc1f90ae7"

static struct uuid id_of(const char *text)
{
	struct uuid u;

	ck_assert_int_eq(uuid_parse(&u, text, strlen(text)), 0);
	return u;
}

/* ---- identifiers and secrets ---- */

static const struct {
	const char *text;
	bool good;
} identifiers[] = {
	{ "356307042441013", true },
	{ "a", true },
	{ "A-b_c.9", true },
	{ X60 "xxxx", true },
	{ X60 "xxxxx", false },
	{ "", false },
	{ "a b", false },
	{ "a:b", false },
	{ "a/b", false },
	{ "ü", false },
	{ "a\n", false },
	{ "$a", false },
};

START_TEST(identifier)
{
	ck_assert_msg(identifier_good(identifiers[_i].text, strlen(identifiers[_i].text)) == identifiers[_i].good, "%s",
		identifiers[_i].text);
}
END_TEST

START_TEST(identifier_with_a_nul)
{
	ck_assert(!identifier_good("a\0b", 3));
}
END_TEST

START_TEST(made_ones_are_good_and_differ)
{
	char a[IDENTIFIER_SIZE], b[IDENTIFIER_SIZE], secret[SECRET_SIZE], other[SECRET_SIZE];
	uint8_t hash[SHA256_SIZE], wanted[SHA256_SIZE];

	identifier_make(a);
	identifier_make(b);
	ck_assert(identifier_good(a, strlen(a)));
	ck_assert_str_ne(a, b);
	secret_make(secret, hash);
	secret_make(other, wanted);
	ck_assert_uint_eq(strlen(secret), 32);
	ck_assert_str_ne(secret, other);
	/* Of the text, as a tracker presents it. */
	crypto_hash_sha256(wanted, (const uint8_t *)secret, strlen(secret));
	ck_assert_int_eq(memcmp(hash, wanted, sizeof hash), 0);
}
END_TEST

/* ---- JSON ---- */

static bson_t *sample(void)
{
	struct uuid id = id_of(ID), owner = id_of(OWNER);

	return BCON_NEW("_id", BCON_UUID(&id), "owner", BCON_UUID(&owner), "name", BCON_UTF8("Blue \"collar\""),
		"identifier", BCON_UTF8("356307042441013"), "created", BCON_DATE_TIME(1767323045000));
}

START_TEST(json)
{
	bson_t *doc = sample();
	json_t *got = device_json(doc);
	json_t *wanted = json_pack("{ss ss ss sn sn sn ss ss}", "id", ID, "name", "Blue \"collar\"", "identifier",
		"356307042441013", "pet", "retention_days", "rules", "created", "2026-01-02T03:04:05.000Z", "rights",
		"owner");

	ck_assert(json_equal(got, wanted));
	json_decref(got);
	BCON_APPEND(doc, "pet", "{", "name", BCON_UTF8("Misty"), "}", "retention_days", BCON_INT32(30), "rules", "{",
		"clock_offset_s", BCON_INT32(-7200), "}");
	got = device_json(doc);
	ck_assert_int_eq(json_integer_value(json_object_get(got, "retention_days")), 30);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(got, "pet"), "name")), "Misty");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(got, "rules"), "clock_offset_s")), -7200);
	json_decref(got);
	json_decref(wanted);
	bson_destroy(doc);
}
END_TEST

START_TEST(json_for_others)
{
	bson_t *doc = sample();
	json_t *got = device_shared_json(doc), *name = device_name_json(doc);
	json_t *wanted = json_pack("{ss ss sn sn ss}", "id", ID, "name", "Blue \"collar\"", "pet", "rules", "created",
		"2026-01-02T03:04:05.000Z");
	json_t *wanted_name = json_pack("{ss ss sn}", "id", ID, "name", "Blue \"collar\"", "pet_name");

	ck_assert(json_equal(got, wanted)); /* neither identifier nor secret */
	ck_assert(json_equal(name, wanted_name));
	json_decref(got);
	json_decref(name);
	BCON_APPEND(doc, "pet", "{", "name", BCON_UTF8("Misty"), "}");
	got = device_shared_json(doc);
	name = device_name_json(doc);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(got, "pet"), "name")), "Misty");
	ck_assert_str_eq(json_string_value(json_object_get(name, "pet_name")), "Misty");
	json_decref(got);
	json_decref(name);
	json_decref(wanted);
	json_decref(wanted_name);
	bson_destroy(doc);
}
END_TEST

START_TEST(no_json_of_half_a_device)
{
	bson_t doc = BSON_INITIALIZER;
	struct uuid id = id_of(ID);

	ck_assert_ptr_null(device_json(&doc));
	ck_assert_ptr_null(device_shared_json(&doc));
	ck_assert_ptr_null(device_name_json(&doc));
	BCON_APPEND(&doc, "_id", BCON_UUID(&id), "name", BCON_UTF8("n"), "identifier", BCON_UTF8("i"));
	ck_assert_ptr_null(device_json(&doc));
	ck_assert_ptr_null(device_shared_json(&doc));
	bson_destroy(&doc);
}
END_TEST

/* ---- events ---- */

static void expect_plan(const bson_t *doc, const char *event, bool remove)
{
	struct outbox_plan p;
	struct uuid id = id_of(ID), owner = id_of(OWNER);
	char wanted[OUTBOX_VALUE_MAX];

	ck_assert(device_plan(doc, &p));
	ck_assert_uint_eq(p.n, 2);
	ck_assert_int_eq(p.remove, remove);
	snprintf(wanted, sizeof wanted, "{\"event\":\"%s\",\"id\":\"" ID "\",\"identifier\":\"356307042441013\"}",
		event);
	ck_assert_int_eq(p.messages[0].topic, OUTBOX_DEVICES);
	ck_assert(uuid_same(&p.messages[0].key, &id));
	ck_assert_str_eq(p.messages[0].value, wanted);
	ck_assert_int_eq(p.messages[1].topic, OUTBOX_ACCESS);
	ck_assert(uuid_same(&p.messages[1].key, &owner));
	ck_assert_str_eq(p.messages[1].value, "{\"event\":\"devices_changed\",\"user\":\"" OWNER "\"}");
}

START_TEST(plans)
{
	bson_t *doc = sample();
	struct uuid id = id_of(ID), owner = id_of(OWNER);

	expect_plan(doc, "created", false);
	BSON_APPEND_BOOL(doc, "announced", true);
	expect_plan(doc, "changed", false);
	bson_destroy(doc);
	doc = BCON_NEW("_id", BCON_UUID(&id), "former_owner", BCON_UUID(&owner), "released",
		BCON_UTF8("356307042441013"), "deleted", BCON_DATE_TIME(1));
	expect_plan(doc, "deleted", true);
	bson_destroy(doc);
}
END_TEST

START_TEST(no_plan_of_half_a_device)
{
	struct outbox_plan p;
	bson_t *doc = sample();

	BSON_APPEND_DATE_TIME(doc, "deleted", 1); /* but not released */
	ck_assert(!device_plan(doc, &p));
	bson_destroy(doc);
	doc = bson_new();
	ck_assert(!device_plan(doc, &p));
	bson_destroy(doc);
}
END_TEST

/* ---- cursors ---- */

START_TEST(cursor)
{
	struct device_cursor c = { .created_ms = 1767323045123, .id = id_of(ID) }, got;
	char text[CURSOR_SIZE];

	device_cursor_write(&c, text);
	ck_assert(device_cursor_read(&got, text));
	ck_assert_int_eq(got.created_ms, c.created_ms);
	ck_assert(uuid_same(&got.id, &c.id));
	ck_assert(!device_cursor_read(&got, ""));
	ck_assert(!device_cursor_read(&got, "AAAA"));
	ck_assert(!device_cursor_read(&got, "not a cursor at all, not at all!"));
	text[strlen(text) - 1] = '\0';
	ck_assert(!device_cursor_read(&got, text));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/devices/device");
	TCase *t = tcase_create("device");

	tcase_add_loop_test(t, identifier, 0, (int)(sizeof identifiers / sizeof *identifiers));
	tcase_add_test(t, identifier_with_a_nul);
	tcase_add_test(t, made_ones_are_good_and_differ);
	tcase_add_test(t, json);
	tcase_add_test(t, json_for_others);
	tcase_add_test(t, no_json_of_half_a_device);
	tcase_add_test(t, plans);
	tcase_add_test(t, no_plan_of_half_a_device);
	tcase_add_test(t, cursor);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
