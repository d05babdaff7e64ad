#include "auth/common/document.h"
#include "tests/lib/unit.h"

static const struct uuid id = { { 1, 2, 3 } };
static const uint8_t bytes[4] = { 9, 8, 7, 6 };

static bson_t *sample(void)
{
	return BCON_NEW("id", BCON_UUID(&id), "raw", BCON_BYTES(bytes, sizeof bytes), "at", BCON_DATE_TIME(-5), "n",
		BCON_INT32(7), "big", BCON_INT64(1LL << 40), "text", BCON_UTF8("t"), "in", "{", "side", BCON_UTF8("s"),
		"}");
}

START_TEST(reads_what_is_there)
{
	bson_t *d = sample();
	struct uuid u;
	uint8_t raw[4];
	int64_t v;

	ck_assert(document_uuid(d, "id", &u) && uuid_same(&u, &id));
	ck_assert(document_bytes(d, "raw", raw, sizeof raw) && !memcmp(raw, bytes, 4));
	ck_assert(document_time(d, "at", &v) && v == -5);
	ck_assert(document_int(d, "n", &v) && v == 7);
	ck_assert(document_int(d, "big", &v) && v == 1LL << 40);
	ck_assert_str_eq(document_text(d, "text"), "t");
	ck_assert_str_eq(document_text(d, "in.side"), "s");
	ck_assert(document_has(d, "in") && document_has(d, "in.side"));
	bson_destroy(d);
}
END_TEST

START_TEST(refuses_other_types_and_sizes)
{
	bson_t *d = sample();
	struct uuid u = { { 42 } };
	uint8_t raw[4] = { 42 };
	int64_t v = 42;

	ck_assert(!document_uuid(d, "raw", &u) && !document_uuid(d, "text", &u) && !document_uuid(d, "none", &u));
	ck_assert(!document_bytes(d, "raw", raw, 3) && !document_bytes(d, "raw", raw, 5) &&
		  !document_bytes(d, "id", raw, 4));
	ck_assert(!document_time(d, "n", &v) && !document_int(d, "at", &v) && !document_int(d, "text", &v));
	ck_assert_ptr_null(document_text(d, "n"));
	ck_assert_ptr_null(document_text(d, "text.more"));
	ck_assert(!document_has(d, "in.none"));
	ck_assert_uint_eq(u.b[0], 42);
	ck_assert_uint_eq(raw[0], 42);
	ck_assert_int_eq(v, 42);
	bson_destroy(d);
}
END_TEST

static const struct {
	const char *given, *kept;
} texts[] = {
	{ "Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "a\tb\nc\x7f", "a?b?c?" },
	{ "caf\xe9", "caf?" }, /* Latin-1 */
	{ "", NULL },
	{ NULL, NULL },
};

START_TEST(texts_of_clients)
{
	bson_t d = BSON_INITIALIZER;
	const char *kept;

	document_put_text(&d, "t", texts[_i].given);
	kept = document_text(&d, "t");
	ck_assert_int_eq(kept != NULL, texts[_i].kept != NULL);
	if (kept)
		ck_assert_str_eq(kept, texts[_i].kept);
	bson_destroy(&d);
}
END_TEST

/* One that is too long is cut between two characters. */
START_TEST(long_texts_of_clients)
{
	char given[DOCUMENT_TEXT_MAX + 10];
	bson_t d = BSON_INITIALIZER;

	memset(given, 'a', sizeof given);
	memcpy(given + DOCUMENT_TEXT_MAX - 1, "\xc3\xa9", 2);
	given[sizeof given - 1] = '\0';
	document_put_text(&d, "t", given);
	ck_assert_uint_eq(strlen(document_text(&d, "t")), DOCUMENT_TEXT_MAX - 1);
	bson_destroy(&d);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/document");
	TCase *t = tcase_create("document");

	tcase_add_test(t, reads_what_is_there);
	tcase_add_test(t, refuses_other_types_and_sizes);
	tcase_add_loop_test(t, texts_of_clients, 0, (int)(sizeof texts / sizeof *texts));
	tcase_add_test(t, long_texts_of_clients);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
