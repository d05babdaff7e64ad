/* Source: ingest/protocols/jread.c. RFC 8259. */
#include "bytes.h"
#include "ingest/protocols/jread.h"
#include "tests/lib/unit.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static uint8_t memory[4096];

static struct jread over(const char *text)
{
	size_t n = strlen(text);
	return jread_over(slice_of((const char *)bytes_at_guard(text, n), n));
}

static bool whole(const char *text)
{
	struct jread j = over(text);
	jread_skip(&j);
	return jread_done(&j);
}

static const char *const valid[] = {
	"{}",
	"[]",
	" [ ] ",
	"\"\"",
	"0",
	"-0",
	"-1.5e+10",
	"1E5",
	"true",
	"false",
	"null",
	"[1,2,[3,{}]]",
	"{\"a\":{\"b\":[true,null,\"c\"]},\"d\":1}",
	"\"\\u00e9\\ud83d\\ude00\\n\\\"\"",
	"\t\r\n{ \"a\" : 1 , \"b\" : 2 } ",
};

static const char *const invalid[] = {
	"",
	"{",
	"[",
	"\"",
	"\"a",
	"\"\\\"",
	"01",
	"-",
	"1.",
	".5",
	"1e",
	"+1",
	"tru",
	"nul",
	"True",
	"[1,]",
	"[,1]",
	"[1 2]",
	"{,}",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\":1,}",
	"{\"a\":1 \"b\":2}",
	"{a:1}",
	"{1:2}",
	"{}}",
	"[1]x",
	"{\"a\":1]",
	"[1}",
	"\"\x01\"",
	"1 2",
	"NaN",
	"'a'",
};

START_TEST(accepts)
{
	ck_assert_msg(whole(valid[_i]), "%s", valid[_i]);
}
END_TEST

START_TEST(refuses)
{
	ck_assert_msg(!whole(invalid[_i]), "%s", invalid[_i]);
}
END_TEST

/* A number's prefix may be a number: everything else is incomplete. */
START_TEST(reads_nothing_past_any_cut)
{
	for (size_t cut = 0; cut < strlen(valid[_i]); cut++) {
		struct jread j = jread_over(slice_of((const char *)bytes_at_guard(valid[_i], cut), cut));
		jread_skip(&j);
		jread_done(&j);
		j = jread_over(slice_of((const char *)bytes_at_guard(valid[_i], cut), cut));
		struct arena arena = arena_over(memory, sizeof memory);
		jread_string(&j, &arena);
	}
}
END_TEST

START_TEST(is_not_led_too_deep)
{
	char text[2 * JREAD_DEPTH_MAX + 3];

	for (int depth = JREAD_DEPTH_MAX; depth <= JREAD_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		ck_assert_int_eq(whole(text), depth == JREAD_DEPTH_MAX);
	}
}
END_TEST

static const struct {
	const char *json, *text;
} strings[] = {
	{ "\"plain\"", "plain" },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
	{ "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80" },
	{ "\"\\u0000\"", NULL },
	{ "\"\\ud83d\"", NULL },
	{ "\"\\ud83d\\n\"", NULL },
	{ "\"\\ud83d\\u0041\"", NULL },
	{ "\"\\ude00\"", NULL },
	{ "\"\\u12\"", NULL },
	{ "\"\\u12g4\"", NULL },
	{ "\"\\x41\"", NULL },
	{ "5", NULL },
};

START_TEST(a_string)
{
	struct arena arena = arena_over(memory, sizeof memory);
	struct jread j = over(strings[_i].json);

	ck_assert_pstr_eq(jread_string(&j, &arena), strings[_i].text);
	ck_assert_int_eq(jread_done(&j), strings[_i].text || strings[_i].json[0] == '5');
}
END_TEST

START_TEST(walks_an_object)
{
	struct arena arena = arena_over(memory, sizeof memory);
	struct jread j = over(
		"{\"n\":-1.50,\"wrong\":\"1\",\"yes\":true,\"no\":3,\"list\":[{},[1]],\"t\":\"x\",\"o\":{\"in\":7}}");
	struct slice name, number = { 0 }, wrong = { 0 }, in = { 0 };
	const char *text = NULL;
	bool yes = false, no = true;

	for (jread_object(&j); jread_member(&j, &name);) {
		if (slice_is(name, "n")) {
			number = jread_number(&j);
		} else if (slice_is(name, "wrong")) {
			wrong = jread_number(&j);
		} else if (slice_is(name, "yes")) {
			ck_assert(jread_bool(&j, &yes));
		} else if (slice_is(name, "no")) {
			ck_assert(!jread_bool(&j, &no));
		} else if (slice_is(name, "t")) {
			text = jread_string(&j, &arena);
		} else if (slice_is(name, "o")) {
			for (jread_object(&j); jread_member(&j, &name);)
				in = jread_number(&j);
		} else {
			jread_skip(&j);
		}
	}
	ck_assert(jread_done(&j));
	ck_assert(slice_is(number, "-1.50") && !wrong.s && slice_is(in, "7"));
	ck_assert(yes && no);
	ck_assert_str_eq(text, "x");
}
END_TEST

START_TEST(an_error_sticks)
{
	struct arena arena = arena_over(memory, 4);
	struct jread j = over("[\"too long for the arena\", 1]");

	jread_array(&j);
	ck_assert(jread_element(&j));
	ck_assert_ptr_null(jread_string(&j, &arena));
	ck_assert(!jread_element(&j));
	ck_assert_int_eq(jread_type(&j), JREAD_NOTHING);
	ck_assert(!jread_done(&j));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jread");
	TCase *t = tcase_create("jread");

	tcase_add_loop_test(t, accepts, 0, COUNT(valid));
	tcase_add_loop_test(t, refuses, 0, COUNT(invalid));
	tcase_add_loop_test(t, reads_nothing_past_any_cut, 0, COUNT(valid));
	tcase_add_test(t, is_not_led_too_deep);
	tcase_add_loop_test(t, a_string, 0, COUNT(strings));
	tcase_add_test(t, walks_an_object);
	tcase_add_test(t, an_error_sticks);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
