/* Tokens; the collection is in tests/system. */
#include "auth/common/one_time.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(a_token)
{
	char token[ONE_TIME_SIZE], other[ONE_TIME_SIZE];
	uint8_t hash[SHA256_SIZE], other_hash[SHA256_SIZE], again[SHA256_SIZE];

	one_time_token(token, hash);
	one_time_token(other, other_hash);
	ck_assert_uint_eq(strlen(token), 43); /* 32 bytes */
	ck_assert_str_ne(token, other);
	ck_assert_mem_ne(hash, other_hash, sizeof hash);
	ck_assert(one_time_hash(token, strlen(token), again));
	ck_assert_mem_eq(hash, again, sizeof hash);
}
END_TEST

START_TEST(what_is_stored_is_no_token)
{
	char token[ONE_TIME_SIZE], stored[TEXT_BASE64_SIZE(SHA256_SIZE)];
	uint8_t hash[SHA256_SIZE], again[SHA256_SIZE];

	one_time_token(token, hash);
	text_base64url(stored, hash, sizeof hash);
	ck_assert(one_time_hash(stored, strlen(stored), again));
	ck_assert_mem_ne(hash, again, sizeof hash);
}
END_TEST

static const char *const none[] = {
	"",
	"x",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 31 bytes */
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 33 bytes */
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
	"{\"$gt\":\"\"}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

START_TEST(no_token)
{
	uint8_t hash[SHA256_SIZE];

	ck_assert(!one_time_hash(none[_i], strlen(none[_i]), hash));
	ck_assert(!one_time_hash(NULL, 0, hash));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/one_time");
	TCase *t = tcase_create("one_time");

	tcase_add_test(t, a_token);
	tcase_add_test(t, what_is_stored_is_no_token);
	tcase_add_loop_test(t, no_token, 0, (int)(sizeof none / sizeof *none));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
