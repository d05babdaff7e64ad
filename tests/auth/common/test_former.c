#include "auth/common/document.h"
#include "auth/common/erasure.h"
#include "auth/common/former.h"
#include "tests/lib/unit.h"

static const struct former_addresses two = { { { "a@example.org", 5 }, { "b@example.org", 7 } }, 2 };

START_TEST(comes_back_as_it_was)
{
	bson_t doc = BSON_INITIALIZER;
	struct former_addresses f;

	former_append(&doc, &two);
	ck_assert(former_read(&doc, &f));
	ck_assert_uint_eq(f.n, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(f.at[i].email, two.at[i].email);
		ck_assert_int_eq(f.at[i].until_ms, two.at[i].until_ms);
	}
	bson_destroy(&doc);
}
END_TEST

START_TEST(none_are_no_member)
{
	bson_t doc = BSON_INITIALIZER;
	struct former_addresses f = { .n = 1 };

	former_append(&doc, &(struct former_addresses){ 0 });
	ck_assert(bson_empty(&doc));
	ck_assert(former_read(&doc, &f));
	ck_assert_uint_eq(f.n, 0);
	bson_destroy(&doc);
}
END_TEST

START_TEST(reads_no_more_than_fit)
{
	bson_t doc = BSON_INITIALIZER, list, pair;
	struct former_addresses f;
	char key[24];

	BSON_APPEND_ARRAY_BEGIN(&doc, "former", &list);
	for (int i = 0; i < FORMER_MAX + 1; i++) {
		snprintf(key, sizeof key, "%d", i);
		BSON_APPEND_DOCUMENT_BEGIN(&list, key, &pair);
		BCON_APPEND(&pair, "email", BCON_UTF8("a@example.org"), "until", BCON_DATE_TIME(i));
		bson_append_document_end(&list, &pair);
	}
	bson_append_array_end(&doc, &list);
	ck_assert(former_read(&doc, &f));
	ck_assert_uint_eq(f.n, FORMER_MAX);
	bson_destroy(&doc);
}
END_TEST

START_TEST(refuses_what_makes_no_sense)
{
	char long_text[EMAIL_SIZE + 1];
	struct former_addresses f;

	memset(long_text, 'a', EMAIL_SIZE);
	long_text[EMAIL_SIZE] = '\0';
	bson_t *bad[] = {
		BCON_NEW("former", BCON_UTF8("a@example.org")),
		BCON_NEW("former", "[", BCON_UTF8("a@example.org"), "]"),
		BCON_NEW("former", "[", "{", "email", BCON_UTF8("a@example.org"), "}", "]"),
		BCON_NEW("former", "[", "{", "email", BCON_INT32(1), "until", BCON_DATE_TIME(1), "}", "]"),
		BCON_NEW("former", "[", "{", "email", BCON_UTF8(long_text), "until", BCON_DATE_TIME(1), "}", "]"),
		NULL,
	};
	for (size_t i = 0; bad[i]; i++) {
		ck_assert_msg(!former_read(bad[i], &f), "%zu", i);
		bson_destroy(bad[i]);
	}
}
END_TEST

static void put(bson_t *filter, const char *email)
{
	BSON_APPEND_UTF8(filter, "who", email);
}

/* Each until it was given up, and the last until the end was asked for. */
START_TEST(each_address_is_found_until_it_was_another_s)
{
	struct erasure_subject who = { .email = "c@example.org", .former = two, .requested_ms = 9 };
	bson_t *filter = erasure_filter_addresses(&who, put, "time");
	bson_t *wanted = BCON_NEW("$or", "[", "{", "who", BCON_UTF8("c@example.org"), "time", "{", "$lte",
		BCON_DATE_TIME(9), "}", "}", "{", "who", BCON_UTF8("a@example.org"), "time", "{", "$lte",
		BCON_DATE_TIME(5), "}", "}", "{", "who", BCON_UTF8("b@example.org"), "time", "{", "$lte",
		BCON_DATE_TIME(7), "}", "}", "]");

	ck_assert(bson_equal(filter, wanted));
	bson_destroy(wanted);
	bson_destroy(filter);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/former");
	TCase *t = tcase_create("former");

	tcase_add_test(t, comes_back_as_it_was);
	tcase_add_test(t, none_are_no_member);
	tcase_add_test(t, reads_no_more_than_fit);
	tcase_add_test(t, refuses_what_makes_no_sense);
	tcase_add_test(t, each_address_is_found_until_it_was_another_s);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
