#include "web/path.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct path path;
static struct query query;

START_TEST(segments)
{
	ck_assert_int_eq(path_split(&path, "/v1/a%20b/c+d/%2e%2e/x%2Fy"), 0);
	ck_assert_uint_eq(path.n, 5);
	ck_assert_str_eq(path.segments[0], "v1");
	ck_assert_str_eq(path.segments[1], "a b");
	ck_assert_str_eq(path.segments[2], "c+d");
	ck_assert_str_eq(path.segments[3], "..");
	ck_assert_str_eq(path.segments[4], "x/y");
	ck_assert_int_eq(path_split(&path, "/"), 0);
	ck_assert_uint_eq(path.n, 1);
	ck_assert_str_eq(path.segments[0], "");
	ck_assert_int_eq(path_split(&path, "//a/"), 0);
	ck_assert_uint_eq(path.n, 3);
	ck_assert_str_eq(path.segments[0], "");
	ck_assert_str_eq(path.segments[2], "");
}
END_TEST

static const char *const broken_paths[] = { "", "a", "/%", "/%1", "/%zz", "/a%00b", "/%0" };

START_TEST(broken_path)
{
	ck_assert_int_eq(path_split(&path, broken_paths[_i]), PATH_E_MALFORMED);
}
END_TEST

START_TEST(too_long_a_path)
{
	static char text[PATH_SIZE + 1];

	memset(text, 'a', PATH_SIZE);
	text[0] = '/';
	ck_assert_int_eq(path_split(&path, text), PATH_E_TOO_LONG);
	text[PATH_SIZE - 1] = '\0';
	ck_assert_int_eq(path_split(&path, text), 0);
	ck_assert_int_eq(path_split(&path, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"), 0);
	ck_assert_int_eq(path_split(&path, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/"), PATH_E_TOO_LONG);
}
END_TEST

START_TEST(parameters)
{
	ck_assert_int_eq(query_split(&query, "from=2026-01-02T03%3A04%3A05Z&b=x+y&&b=second&c&=d&e="), 0);
	ck_assert_str_eq(query_find(&query, "from"), "2026-01-02T03:04:05Z");
	ck_assert_str_eq(query_find(&query, "b"), "x y");
	ck_assert_str_eq(query_find(&query, "c"), "");
	ck_assert_str_eq(query_find(&query, ""), "d");
	ck_assert_str_eq(query_find(&query, "e"), "");
	ck_assert_ptr_null(query_find(&query, "f"));
}
END_TEST

START_TEST(no_parameters)
{
	ck_assert_int_eq(query_split(&query, NULL), 0);
	ck_assert_uint_eq(query.n, 0);
	ck_assert_int_eq(query_split(&query, ""), 0);
	ck_assert_int_eq(query_split(&query, "&&"), 0);
	ck_assert_uint_eq(query.n, 0);
}
END_TEST

START_TEST(broken_parameters)
{
	ck_assert_int_eq(query_split(&query, "a=%"), PATH_E_MALFORMED);
	ck_assert_int_eq(query_split(&query, "a%4=1"), PATH_E_MALFORMED);
	ck_assert_int_eq(query_split(&query, "a=%00"), PATH_E_MALFORMED);
}
END_TEST

START_TEST(too_many_parameters)
{
	char text[4 * PARAMETERS_MAX + 8] = "";

	for (int i = 0; i < PARAMETERS_MAX; i++)
		strcat(text, "a=&");
	ck_assert_int_eq(query_split(&query, text), 0);
	strcat(text, "b");
	ck_assert_int_eq(query_split(&query, text), PATH_E_TOO_LONG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("path");
	TCase *c = tcase_create("path");

	tcase_add_test(c, segments);
	tcase_add_loop_test(c, broken_path, 0, sizeof broken_paths / sizeof *broken_paths);
	tcase_add_test(c, too_long_a_path);
	tcase_add_test(c, parameters);
	tcase_add_test(c, no_parameters);
	tcase_add_test(c, broken_parameters);
	tcase_add_test(c, too_many_parameters);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
