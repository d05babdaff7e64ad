#include "query/api/cursor.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const struct cursor examples[] = {
	{ .kind = CURSOR_HISTORY,
		.device = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
		.time_ms = 1767323045000 },
	{ .kind = CURSOR_HISTORY, .descending = true, .device = { { 255, 254 } }, .time_ms = -1 },
	{ .kind = CURSOR_LATEST, .device = { { 0 } }, .time_ms = INT64_MIN },
	{ .kind = CURSOR_LATEST, .device = { { 7 } }, .time_ms = INT64_MAX },
};

START_TEST(there_and_back)
{
	const struct cursor *c = &examples[_i];
	struct cursor back;
	char text[CURSOR_TEXT_SIZE];

	cursor_format(text, c);
	ck_assert_uint_eq(strlen(text), 40);
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 40);
	ck_assert_int_eq(cursor_parse(&back, text), 0);
	ck_assert(back.kind == c->kind && back.descending == c->descending && back.time_ms == c->time_ms);
	ck_assert(uuid_same(&back.device, &c->device));
}
END_TEST

/* Whichever character is another one, the cursor is refused. */
START_TEST(changed)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
	struct cursor back;
	char text[CURSOR_TEXT_SIZE];

	cursor_format(text, &examples[_i]);
	for (size_t at = 0; at < 40; at++) {
		char was = text[at];
		for (const char *c = alphabet; *c; c++) {
			text[at] = *c;
			ck_assert_int_eq(cursor_parse(&back, text), *c == was ? 0 : -EINVAL);
		}
		text[at] = was;
	}
}
END_TEST

START_TEST(of_another_length)
{
	struct cursor back;
	char text[CURSOR_TEXT_SIZE + 4];

	cursor_format(text, &examples[0]);
	strcat(text, "A");
	ck_assert_int_eq(cursor_parse(&back, text), -EINVAL);
	strcat(text, "AAA");
	ck_assert_int_eq(cursor_parse(&back, text), -EINVAL);
	for (size_t n = 40; n-- > 0;) {
		text[n] = '\0';
		ck_assert_int_eq(cursor_parse(&back, text), -EINVAL);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cursor");
	TCase *c = tcase_create("cursor");

	tcase_add_loop_test(c, there_and_back, 0, 4);
	tcase_add_loop_test(c, changed, 0, 4);
	tcase_add_test(c, of_another_length);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
