#include "auth/common/common_passwords.h"
#include "auth/common/password.h"
#include "tests/lib/unit.h"

#include <string.h>

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *given, *email;
	enum password_result wanted;
} rows[] = {
	{ "a cat on a hot tin roof", "you@example.org", PASSWORD_GOOD },
	{ "            ", "you@example.org", PASSWORD_GOOD },
	{ "elevenchars", "you@example.org", PASSWORD_TOO_SHORT },
	{ X60 X60 "xxxxxxxxx", "you@example.org", PASSWORD_TOO_LONG },
	{ "x" X60 X60 "xxxxxxx", "you@example.org", PASSWORD_GOOD },
	/* of the list, whatever the case */
	{ "1q2w3e4r5t6y", "you@example.org", PASSWORD_COMMON },
	{ "1Q2W3E4R5T6Y", "you@example.org", PASSWORD_COMMON },
	{ "JustinBieber", "you@example.org", PASSWORD_COMMON },
	{ "justinbieber!", "you@example.org", PASSWORD_GOOD },
	{ "123456", "you@example.org", PASSWORD_TOO_SHORT }, /* the commonest of all */
	/* the person's own address, or what is before its '@' */
	{ "someone@example.org", "someone@example.org", PASSWORD_GUESSABLE },
	{ "Someone@Example.ORG", "someone@example.org", PASSWORD_GUESSABLE },
	{ "someone@example.org", "somebody@example.org", PASSWORD_GOOD },
	{ "somebodyelse", "somebodyelse@example.org", PASSWORD_GUESSABLE },
	{ "SomebodyElse2026!", "somebodyelse@example.org", PASSWORD_GUESSABLE },
	{ "bob-bob-bob-bob", "bob@example.org", PASSWORD_GUESSABLE },
	{ "bob-bob-bob-cat", "bob@example.org", PASSWORD_GOOD },
	{ "first.last12", "first.last@example.org", PASSWORD_GUESSABLE },
	{ "example.org and more", "you@example.org", PASSWORD_GOOD },
	/* our name */
	{ "pettrackpettrack", "you@example.org", PASSWORD_GUESSABLE },
	{ "**PetTrack**2026", "you@example.org", PASSWORD_GUESSABLE },
	{ "pettrack is here", "you@example.org", PASSWORD_GOOD },
	{ "123!456?789.", "you@example.org", PASSWORD_GOOD }, /* nothing but filling is no name */
	{ "pettrackü2026", "you@example.org", PASSWORD_GOOD },
};

START_TEST(judge)
{
	json_t *v = json_string(rows[_i].given);

	ck_assert_msg(password_judge(v, rows[_i].email) == rows[_i].wanted, "%s", rows[_i].given);
	json_decref(v);
}
END_TEST

START_TEST(is_a_text)
{
	json_t *v = json_integer(123456789012345);

	ck_assert_int_eq(password_judge(NULL, "a@b"), PASSWORD_TOO_SHORT);
	ck_assert_int_eq(password_judge(v, "a@b"), PASSWORD_TOO_SHORT);
	json_decref(v);
}
END_TEST

/* Every one of the list that is long enough is refused. */
START_TEST(the_list)
{
	size_t n = 0;

	ck_assert_uint_gt(common_passwords_n, 9900);
	for (size_t i = 0; i < common_passwords_n; i++) {
		const char *word = common_passwords + common_passwords_at[i];
		json_t *v = json_string(word);
		ck_assert(i == 0 || strcmp(common_passwords + common_passwords_at[i - 1], word) < 0);
		if (check_password(v) == PASSWORD_GOOD) {
			ck_assert_int_eq(password_judge(v, "you@example.org"), PASSWORD_COMMON);
			n++;
		}
		json_decref(v);
	}
	ck_assert_uint_gt(n, 50);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/password");
	TCase *t = tcase_create("password");

	tcase_add_loop_test(t, judge, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, is_a_text);
	tcase_add_test(t, the_list);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
