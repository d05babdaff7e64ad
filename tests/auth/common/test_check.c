#include "auth/common/check.h"
#include "tests/lib/unit.h"

#include <string.h>

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define U60 "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü"

static const struct {
	const char *given, *wanted; /* @wanted NULL: refused */
} emails[] = {
	{ "you@example.org", "you@example.org" },
	{ "You.And+Cat@Example.ORG", "you.and+cat@example.org" },
	{ "a@b", "a@b" },
	{ "!#$%&'*+/=?^_`{|}~-@x-1.example", "!#$%&'*+/=?^_`{|}~-@x-1.example" },
	{ X60 "xxxx@example.org", X60 "xxxx@example.org" },
	{ X60 "xxxxx@example.org", NULL },
	{ "a@" X60 "xxx.org", "a@" X60 "xxx.org" },
	{ "a@" X60 "xxxx.org", NULL },
	{ "a@" X60 "." X60 "." X60 "." X60 ".xxxxxxxx", "a@" X60 "." X60 "." X60 "." X60 ".xxxxxxxx" },
	{ "a@" X60 "." X60 "." X60 "." X60 ".xxxxxxxxx", NULL },
	{ "", NULL },
	{ "@", NULL },
	{ "a", NULL },
	{ "a@", NULL },
	{ "@example.org", NULL },
	{ "a@b@c", NULL },
	{ "a b@example.org", NULL },
	{ "a\"@example.org", NULL },
	{ "<a@example.org>", NULL },
	{ "a@example.org\n", NULL },
	{ "a@.org", NULL },
	{ "a@example.", NULL },
	{ "a@ex..org", NULL },
	{ "a@-x.org", NULL },
	{ "a@x-.org", NULL },
	{ "a@ex_ample.org", NULL },
	{ "ü@example.org", NULL },
	{ "a@exämple.org", NULL },
};

START_TEST(email)
{
	char out[EMAIL_SIZE] = "untouched";
	json_t *v = json_string(emails[_i].given);

	ck_assert_msg(check_email(v, out) == (emails[_i].wanted != NULL), "%s", emails[_i].given);
	ck_assert_str_eq(out, emails[_i].wanted ? emails[_i].wanted : "untouched");
	json_decref(v);
}
END_TEST

START_TEST(email_is_a_text)
{
	char out[EMAIL_SIZE];
	json_t *v = json_pack("[s, i, n, o]", "a@b", 1, json_stringn("a@b\0c", 5));

	ck_assert(!check_email(NULL, out));
	ck_assert(!check_email(v, out));
	ck_assert(!check_email(json_array_get(v, 1), out));
	json_decref(v);
}
END_TEST

static const struct {
	const char *given;
	enum password_result wanted;
} passwords[] = {
	{ "", PASSWORD_TOO_SHORT }, { "elevenchars", PASSWORD_TOO_SHORT }, { "twelve chars", PASSWORD_GOOD },
	{ "üüüüüüüüüüü", PASSWORD_TOO_SHORT }, /* 11 characters, 22 bytes */
	{ "üüüüüüüüüüüü", PASSWORD_GOOD }, { X60 X60 "xxxxxxxx", PASSWORD_GOOD },
	{ X60 X60 "xxxxxxxxx", PASSWORD_TOO_LONG }, { U60 U60 "üüüüüüüü", PASSWORD_GOOD },
	{ U60 U60 "üüüüüüüüx", PASSWORD_TOO_LONG },
	{ "            ", PASSWORD_GOOD }, /* people may choose; length is the rule */
};

START_TEST(password)
{
	json_t *v = json_string(passwords[_i].given);

	ck_assert_int_eq(check_password(v), passwords[_i].wanted);
	json_decref(v);
}
END_TEST

START_TEST(password_is_a_text)
{
	json_t *v = json_integer(123456789012345);

	ck_assert_int_eq(check_password(NULL), PASSWORD_TOO_SHORT);
	ck_assert_int_eq(check_password(v), PASSWORD_TOO_SHORT);
	json_decref(v);
}
END_TEST

static const struct {
	const char *given;
	bool good;
} names[] = {
	{ "M", true },
	{ "Ø. O'B-N 🐈", true },
	{ "üüüüüüüüüü", true },
	{ "üüüüüüüüüüx", false }, /* 11 of 10 */
	{ "", false },
	{ "   ", false },
	{ "a\nb", false },
	{ "a\tb", false },
	{ "a\x7f", false },
	{ "\x01", false },
};

START_TEST(name)
{
	json_t *v = json_string(names[_i].given);

	ck_assert_int_eq(check_name(v, 10), names[_i].good);
	json_decref(v);
	ck_assert(!check_name(NULL, 10));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/check");
	TCase *t = tcase_create("check");

	tcase_add_loop_test(t, email, 0, (int)(sizeof emails / sizeof *emails));
	tcase_add_test(t, email_is_a_text);
	tcase_add_loop_test(t, password, 0, (int)(sizeof passwords / sizeof *passwords));
	tcase_add_test(t, password_is_a_text);
	tcase_add_loop_test(t, name, 0, (int)(sizeof names / sizeof *names));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
