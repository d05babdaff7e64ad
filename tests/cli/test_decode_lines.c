/* Source: cli/decode_lines.c */
#include "cli/decode_lines.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 8 };

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *why, *bytes;
	size_t n;
	const char *want; /* the lines, "|" behind each, "!" for one that is too long, "0" for a NUL */
} inputs[] = {
	{ "nothing", BYTES(""), "" },
	{ "LF", BYTES("a\nbc\n"), "a|bc|" },
	{ "CR LF", BYTES("a\r\nbc\r\n"), "a|bc|" },
	{ "one CR belongs to the end, and no other", BYTES("a\r\r\nb\rc\n"), "a\r|b\rc|" },
	{ "the last one without an end", BYTES("a\nbc"), "a|bc|" },
	{ "empty ones", BYTES("\n\r\na"), "||a|" },
	{ "a NUL", BYTES("a\0b\nc"), "a0b|c|" },
	{ "as long as may be", BYTES("12345678\n1"), "12345678|1|" },
	{ "too long", BYTES("1\n123456789\n2\n"), "1|!2|" },
	{ "too long, and the last", BYTES("1\n123456789123456789"), "1|!" },
};

static FILE *stream_of(const char *bytes, size_t n)
{
	FILE *f = tmpfile();

	fwrite(bytes, 1, n, f);
	rewind(f);
	return f;
}

START_TEST(lines)
{
	FILE *in = stream_of(inputs[_i].bytes, inputs[_i].n);
	struct decode_lines l;
	char got[64] = "";
	size_t n, have = 0;
	int r;

	ck_assert_int_eq(decode_lines_open(&l, in, MAX), 0);
	while ((r = decode_lines_next(&l, &n)) != DECODE_LINES_E_END) {
		for (size_t i = 0; r == 0 && i < n; i++)
			got[have++] = l.buf[i] ? l.buf[i] : '0';
		ck_assert(r == 0 || r == DECODE_LINES_E_TOO_LONG);
		got[have++] = r == 0 ? '|' : '!';
	}
	ck_assert_str_eq(got, inputs[_i].want);
	decode_lines_close(&l);
	fclose(in);
}
END_TEST

START_TEST(input_that_cannot_be_read)
{
	FILE *folder = fopen("/", "r");
	struct decode_lines l;
	size_t n;

	ck_assert_int_eq(decode_lines_open(&l, folder, MAX), 0);
	ck_assert_int_eq(decode_lines_next(&l, &n), -EIO);
	decode_lines_close(&l);
	fclose(folder);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("decode_lines");
	TCase *t = tcase_create("decode_lines");

	tcase_add_loop_test(t, lines, 0, COUNT(inputs));
	tcase_add_test(t, input_that_cannot_be_read);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
