/* The keys derived from the master secret. */
#include "auth/common/master.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(keys_follow_the_secret)
{
	struct master a, b, c;

	ck_assert_int_eq(master_derive(&a, "0123456789abcdef0123456789abcdef"), 0);
	ck_assert_int_eq(master_derive(&b, "0123456789abcdef0123456789abcdef"), 0);
	ck_assert_int_eq(master_derive(&c, "0123456789abcdef0123456789abcdeF"), 0);
	ck_assert_int_eq(memcmp(&a, &b, sizeof a), 0);
	ck_assert_int_ne(memcmp(a.seal, c.seal, sizeof a.seal), 0);
	ck_assert_int_ne(memcmp(a.tag, c.tag, sizeof a.tag), 0);
	ck_assert_int_ne(memcmp(a.factor, c.factor, sizeof a.factor), 0);
	ck_assert_int_ne(memcmp(a.recovery, c.recovery, sizeof a.recovery), 0);
	ck_assert_int_ne(memcmp(a.seal, a.tag, sizeof a.seal), 0);
	ck_assert_int_ne(memcmp(a.seal, a.factor, sizeof a.seal), 0);
	ck_assert_int_ne(memcmp(a.tag, a.recovery, sizeof a.tag), 0);
}
END_TEST

/* Pinned: another derivation would lock everybody out of the keys that are sealed. */
START_TEST(derivation_never_changes)
{
	struct master m;
	char seal[2 * sizeof m.seal + 1], tag[2 * sizeof m.tag + 1];
	char factor[2 * sizeof m.factor + 1], recovery[2 * sizeof m.recovery + 1];

	ck_assert_int_eq(master_derive(&m, "0123456789abcdef0123456789abcdef"), 0);
	sodium_bin2hex(seal, sizeof seal, m.seal, sizeof m.seal);
	sodium_bin2hex(tag, sizeof tag, m.tag, sizeof m.tag);
	sodium_bin2hex(factor, sizeof factor, m.factor, sizeof m.factor);
	sodium_bin2hex(recovery, sizeof recovery, m.recovery, sizeof m.recovery);
	ck_assert_str_eq(factor, "a60ed4bf73f13d62d1b4c03ad281d6a76636a691f50bed304af338f4dbd2f9f9");
	ck_assert_str_eq(recovery, "31984974ef72625f0b30234df3cf47679570c6e2c247d091448023ce36ef2ea0");
	ck_assert_str_eq(seal, "1549eb27d7e3f27454bd3a1ddd2e37a288ec3d97bd64159320b19f17db5295b9");
	ck_assert_str_eq(tag, "51450cef4fb0e217458e2a0ce71021d4e60771b8c895b258fa2925a36722930d");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/master");
	TCase *t = tcase_create("master");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, keys_follow_the_secret);
	tcase_add_test(t, derivation_never_changes);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
