/* Source: auth/common/recovery.c. */
#include "auth/common/recovery.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const uint8_t key[crypto_generichash_KEYBYTES] = { 1 };
static const struct uuid user = { { 2 } };

static int hash(uint8_t out[static SHA256_SIZE], const char *code)
{
	return recovery_hash(out, code, strlen(code), &user, key);
}

START_TEST(codes_differ_and_are_readable)
{
	char code[RECOVERY_TEXT_SIZE], before[RECOVERY_TEXT_SIZE] = "";

	for (int i = 0; i < 100; i++) {
		recovery_make(code);
		ck_assert_uint_eq(strlen(code), RECOVERY_TEXT_SIZE - 1);
		ck_assert_uint_eq(strspn(code, "23456789abcdefghjkmnpqrstuvwxyz-"), strlen(code));
		ck_assert(code[4] == '-' && code[9] == '-');
		ck_assert_str_ne(code, before);
		memcpy(before, code, sizeof code);
	}
}
END_TEST

static const char *const alike[] = { "k7fm-3q2x-9dtr", "K7FM-3Q2X-9DTR", "k7fm3q2x9dtr", " k7fm 3q2x 9dtr ",
	"k-7fm3q2x9dt-r" };

START_TEST(typed_in_any_way)
{
	uint8_t shown[SHA256_SIZE], typed[SHA256_SIZE];

	ck_assert_int_eq(hash(shown, alike[0]), 0);
	ck_assert_int_eq(hash(typed, alike[_i]), 0);
	ck_assert_mem_eq(shown, typed, sizeof shown);
}
END_TEST

static const char *const none[] = { "", "k7fm-3q2x-9dt", "k7fm-3q2x-9dtrr", "k7fm-3q2x-9dt1", "k7fm-3q2x-9dt0",
	"k7fm_3q2x_9dtr", "k7fm-3q2x-9dt\xc3\xa9" };

START_TEST(no_codes)
{
	uint8_t out[SHA256_SIZE];

	ck_assert_int_eq(hash(out, none[_i]), -EINVAL);
}
END_TEST

/* The same code of another person, or under another key, is another hash. */
START_TEST(hashes_are_a_persons)
{
	const uint8_t other_key[crypto_generichash_KEYBYTES] = { 3 };
	const struct uuid other = { { 4 } };
	const char *code = alike[0];
	uint8_t mine[SHA256_SIZE], theirs[SHA256_SIZE], elsewhere[SHA256_SIZE], next[SHA256_SIZE];

	ck_assert_int_eq(hash(mine, code), 0);
	ck_assert_int_eq(recovery_hash(theirs, code, strlen(code), &other, key), 0);
	ck_assert_int_eq(recovery_hash(elsewhere, code, strlen(code), &user, other_key), 0);
	ck_assert_int_eq(hash(next, "k7fm-3q2x-9dts"), 0);
	ck_assert_mem_ne(mine, theirs, sizeof mine);
	ck_assert_mem_ne(mine, elsewhere, sizeof mine);
	ck_assert_mem_ne(mine, next, sizeof mine);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/recovery");
	TCase *t = tcase_create("recovery");

	tcase_add_test(t, codes_differ_and_are_readable);
	tcase_add_loop_test(t, typed_in_any_way, 0, (int)(sizeof alike / sizeof *alike));
	tcase_add_loop_test(t, no_codes, 0, (int)(sizeof none / sizeof *none));
	tcase_add_test(t, hashes_are_a_persons);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
