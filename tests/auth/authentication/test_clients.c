#include "auth/authentication/clients.h"
#include "tests/lib/unit.h"

#include <string.h>

#define SECRET "0123456789abcdef"
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *text;
	size_t n; /* 0: refused */
} tables[] = {
	{ "gateway:" SECRET ":devices.lookup", 1 },
	{ "gateway:" SECRET ":devices.lookup,query:" SECRET ":access.read more", 2 },
	{ "gateway:" SECRET ":", 1 },
	{ "gateway:" SECRET ":a,", 1 },
	{ "gateway", 0 },
	{ "gateway:" SECRET, 0 },
	{ ":" SECRET ":a", 0 },
	{ "gate way:" SECRET ":a", 0 },
	{ X60 "xxx:" SECRET ":a", 1 },
	{ X60 "xxxx:" SECRET ":a", 0 },
	{ "gateway:0123456789abcde:a", 0 },
	{ "gateway::a", 0 },
	{ "gateway:" SECRET ":a\"b", 0 },
	{ "gateway:" SECRET ":a\\b", 0 },
	{ "gateway:" SECRET ":a\tb", 0 },
	{ "gateway:" SECRET ":a,gateway:" SECRET "1:b", 0 },
	{ "gateway:" SECRET ":" X60 X60 X60 X60 "xxxxxxxxxxxxxxx", 1 },
	{ "gateway:" SECRET ":" X60 X60 X60 X60 "xxxxxxxxxxxxxxxx", 0 },
	{ ",", 0 },
};

START_TEST(table)
{
	struct clients c;

	ck_assert_msg((clients_read(&c, tables[_i].text) == NULL) == (tables[_i].n > 0), "%s", tables[_i].text);
	if (tables[_i].n > 0)
		ck_assert_uint_eq(c.n, tables[_i].n);
}
END_TEST

START_TEST(too_many)
{
	char text[8192] = "";
	struct clients c;

	for (int i = 0; i < CLIENTS_MAX + 1; i++) {
		ck_assert_int_eq(clients_read(&c, text) == NULL, 1);
		snprintf(text + strlen(text), sizeof text - strlen(text), "c%d:" SECRET ":s,", i);
	}
	ck_assert_ptr_nonnull(clients_read(&c, text));
}
END_TEST

START_TEST(find)
{
	struct clients c;

	ck_assert_ptr_null(clients_read(&c, "gateway:" SECRET ":a:b:devices.lookup,query:" SECRET "2:access.read"));
	ck_assert_str_eq(clients_find(&c, "gateway", SECRET ":a:b")->scope, "devices.lookup");
	ck_assert_str_eq(clients_find(&c, "query", SECRET "2")->scope, "access.read");
	ck_assert_ptr_null(clients_find(&c, "query", SECRET ":a:b")); /* another client's */
	ck_assert_ptr_null(clients_find(&c, "query", SECRET));
	ck_assert_ptr_null(clients_find(&c, "query", ""));
	ck_assert_ptr_null(clients_find(&c, "Query", SECRET "2"));
	ck_assert_ptr_null(clients_find(&c, "", SECRET "2"));
}
END_TEST

static const struct {
	const char *asked, *granted;
	bool within;
} scopes[] = {
	{ "a", "a b", true },
	{ "b a", "a b", true },
	{ " a  b ", "a b", true },
	{ "", "a", true },
	{ "a", "", false },
	{ "a c", "a b", false },
	{ "ab", "a b", false },
	{ "a", "ab", false },
};

START_TEST(scope)
{
	ck_assert_int_eq(scope_within(scopes[_i].asked, scopes[_i].granted), scopes[_i].within);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/authentication/clients");
	TCase *t = tcase_create("clients");

	tcase_add_loop_test(t, table, 0, (int)(sizeof tables / sizeof *tables));
	tcase_add_test(t, too_many);
	tcase_add_test(t, find);
	tcase_add_loop_test(t, scope, 0, (int)(sizeof scopes / sizeof *scopes));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
