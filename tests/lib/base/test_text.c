#include "base/text.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(grows_up_to_its_size)
{
	char buf[8];
	struct text t = text_in(buf, sizeof buf);

	ck_assert_str_eq(buf, "");
	text_puts(&t, "abc");
	text_putc(&t, 'd');
	text_printf(&t, "%d", 567);
	ck_assert(text_ok(&t));
	ck_assert_str_eq(buf, "abcd567");
	ck_assert_uint_eq(t.len, 7);
	text_putc(&t, 'x');
	ck_assert(!text_ok(&t));
	ck_assert_str_eq(buf, "abcd567");
}
END_TEST

START_TEST(what_does_not_fit_is_dropped_with_the_rest)
{
	char buf[8];
	struct text t = text_in(buf, sizeof buf);

	text_puts(&t, "abc");
	if (_i == 0)
		text_puts(&t, "12345");
	else
		text_printf(&t, "%d", 12345);
	text_puts(&t, "d");
	text_printf(&t, "%d", 6);
	text_int(&t, 7);
	text_json(&t, "", 0);
	ck_assert(!text_ok(&t));
	ck_assert_str_eq(buf, "abc");
	ck_assert_uint_eq(t.len, 3);
}
END_TEST

START_TEST(one_byte_is_room_for_nothing)
{
	char buf[1] = { 'x' };
	struct text t = text_in(buf, 1);

	text_put(&t, "", 0);
	ck_assert(text_ok(&t));
	text_putc(&t, 'a');
	ck_assert(!text_ok(&t));
	ck_assert_str_eq(buf, "");
}
END_TEST

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
	bool utf8;
} strings[] = {
	{ "", "\"\"", true },
	{ "plain ~ text", "\"plain ~ text\"", true },
	{ "\"\\/\b\f\n\r\t", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", true },
	{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"", true },
	{ "\xc2\x80 \xdf\xbf", "\"\xc2\x80 \xdf\xbf\"", true },
	{ "\xe0\xa0\x80\xe1\x80\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
		"\"\xe0\xa0\x80\xe1\x80\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"", true },
	{ "\xf0\x90\x80\x80\xf1\x80\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf1\x80\x80\x80\xf4\x8f\xbf\xbf\"",
		true },
	{ "a\x80"
	  "b",
		"\"a" FFFD "b\"", false }, /* a continuation with no beginning */
	{ "\xc1\xbf", "\"" FFFD FFFD "\"", false }, /* overlong */
	{ "\xe0\x9f\xbf", "\"" FFFD FFFD FFFD "\"", false }, /* overlong */
	{ "\xed\xa0\x80", "\"" FFFD FFFD FFFD "\"", false }, /* a surrogate */
	{ "\xf0\x8f\xbf\xbf", "\"" FFFD FFFD FFFD FFFD "\"", false },
	{ "\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"", false }, /* beyond U+10FFFF */
	{ "\xf5", "\"" FFFD "\"", false },
	{ "\xe2\x82", "\"" FFFD FFFD "\"", false }, /* cut off */
	{ "\xe2\x82(", "\"" FFFD FFFD "(\"", false },
	{ "\xf0\x9f\x98", "\"" FFFD FFFD FFFD "\"", false },
};

START_TEST(json_strings)
{
	char buf[128];
	struct text t = text_in(buf, sizeof buf);
	size_t n = strlen(strings[_i].in);
	char *exact = malloc(n ? n : 1); /* not NUL-terminated: one byte read too many is found */

	memcpy(exact, strings[_i].in, n);
	text_json(&t, exact, n);
	ck_assert(text_ok(&t));
	ck_assert_str_eq(buf, strings[_i].out);
	ck_assert_int_eq(text_is_utf8(exact, n), strings[_i].utf8);
	ck_assert(text_is_utf8(buf, t.len));
	free(exact);
}
END_TEST

START_TEST(json_of_a_nul)
{
	char buf[32];
	struct text t = text_in(buf, sizeof buf);

	text_json(&t, "a\0b", 3);
	ck_assert_str_eq(buf, "\"a\\u0000b\"");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *c = tcase_create("text");

	tcase_add_test(c, grows_up_to_its_size);
	tcase_add_loop_test(c, what_does_not_fit_is_dropped_with_the_rest, 0, 2);
	tcase_add_test(c, one_byte_is_room_for_nothing);
	tcase_add_loop_test(c, json_strings, 0, LENGTH(strings));
	tcase_add_test(c, json_of_a_nul);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
