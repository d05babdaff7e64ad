/* What is read of a contact and shown of an unknown tracker; the collection itself is in tests/system. */
#include "auth/common/document.h"
#include "auth/devices/unknown.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(a_contact)
{
	json_t *entry = json_pack("{ss ss ss si}", "identifier", "356307042441013", "protocol", "gt06", "address",
		"192.0.2.7", "count", 3);
	struct contact c;

	ck_assert_ptr_null(contact_read(&c, entry));
	ck_assert_str_eq(c.identifier, "356307042441013");
	ck_assert_str_eq(c.protocol, "gt06");
	ck_assert_str_eq(c.address, "192.0.2.7");
	ck_assert_int_eq(c.n, 3);
	json_decref(entry);
}
END_TEST

static const char *const good[] = {
	"{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":\"2001:db8::1\",\"count\":1}",
	"{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":null,\"count\":1}",
	"{\"identifier\":\"i\",\"protocol\":\"p\",\"count\":1000000000}",
	/* no identifier of any device, but what a tracker may have said */
	"{\"identifier\":\"a b\",\"protocol\":\"p\",\"count\":1}",
	"{\"identifier\":\"\",\"protocol\":\"p\",\"count\":1}",
};

START_TEST(good_contact)
{
	json_t *entry = json_loads(good[_i], 0, NULL);
	struct contact c;

	ck_assert_msg(!contact_read(&c, entry), "%s", good[_i]);
	json_decref(entry);
}
END_TEST

static const struct {
	const char *json, *member;
} bad[] = {
	{ "7", "identifier" },
	{ "{\"protocol\":\"p\",\"count\":1}", "identifier" },
	{ "{\"identifier\":7,\"protocol\":\"p\",\"count\":1}", "identifier" },
	{ "{\"identifier\":\"i\",\"count\":1}", "protocol" },
	{ "{\"identifier\":\"i\",\"protocol\":\"\\u001b[2J\",\"count\":1}", "protocol" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":\"\\u001b[2J\",\"count\":1}", "address" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":\"192.0.2.0/24\",\"count\":1}", "address" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":\"\",\"count\":1}", "address" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"address\":7,\"count\":1}", "address" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\"}", "count" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"count\":0}", "count" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"count\":1.5}", "count" },
	{ "{\"identifier\":\"i\",\"protocol\":\"p\",\"count\":1000000001}", "count" },
};

START_TEST(bad_contact)
{
	json_t *entry = json_loads(bad[_i].json, JSON_DECODE_ANY, NULL);
	struct contact c = { .n = 77 };
	char member[32];
	const char *wrong = contact_read(&c, entry);

	snprintf(member, sizeof member, "\"%s\" ", bad[_i].member);
	ck_assert_ptr_nonnull(wrong);
	ck_assert_msg(!strncmp(wrong, member, strlen(member)), "%s: %s", bad[_i].json, wrong);
	ck_assert_int_eq(c.n, 77);
	json_decref(entry);
}
END_TEST

START_TEST(shown)
{
	bson_t *doc = BCON_NEW("_id", BCON_UTF8("356307042441013"), "protocol", BCON_UTF8("gt06"), "first",
		BCON_DATE_TIME(1767323045000), "last", BCON_DATE_TIME(1767323046000), "contacts", BCON_INT64(5), "code",
		BCON_UTF8("7kq2mzpw"), "guesses", BCON_INT32(3));
	json_t *wanted = json_pack("{ss ss sn ss ss si ss}", "identifier", "356307042441013", "protocol", "gt06",
		"address", "first_contact", "2026-01-02T03:04:05.000Z", "last_contact", "2026-01-02T03:04:06.000Z",
		"contacts", 5, "code", "7kq2mzpw");
	json_t *got = unknown_json(doc);

	ck_assert(json_equal(got, wanted));
	json_decref(got);
	BSON_APPEND_UTF8(doc, "address", "192.0.2.7");
	json_object_set_new(wanted, "address", json_string("192.0.2.7"));
	got = unknown_json(doc);
	ck_assert(json_equal(got, wanted));
	json_decref(got);
	json_decref(wanted);
	bson_destroy(doc);
}
END_TEST

START_TEST(half_of_one_is_not_shown)
{
	bson_t *doc = BCON_NEW("_id", BCON_UTF8("356307042441013"), "protocol", BCON_UTF8("gt06"));

	ck_assert_ptr_null(unknown_json(doc));
	bson_destroy(doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/devices/unknown");
	TCase *t = tcase_create("unknown");

	tcase_add_test(t, a_contact);
	tcase_add_loop_test(t, good_contact, 0, LENGTH(good));
	tcase_add_loop_test(t, bad_contact, 0, LENGTH(bad));
	tcase_add_test(t, shown);
	tcase_add_test(t, half_of_one_is_not_shown);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
