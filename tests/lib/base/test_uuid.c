#include "base/uuid.h"
#include "tests/lib/unit.h"

#include <errno.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(random_ones_are_version_4_and_differ)
{
	struct uuid a, b;

	ck_assert_int_eq(uuid_random(&a), 0);
	ck_assert_int_eq(uuid_random(&b), 0);
	ck_assert(!uuid_same(&a, &b));
	ck_assert_int_eq(a.b[6] >> 4, 4);
	ck_assert_int_eq(a.b[8] >> 6, 2);
}
END_TEST

START_TEST(text_both_ways)
{
	const char *text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; /* RFC 9562's */
	char out[UUID_TEXT_SIZE];
	struct uuid u, v;

	ck_assert_int_eq(uuid_parse(&u, text, 36), 0);
	ck_assert_int_eq(u.b[0], 0xf8);
	ck_assert_int_eq(u.b[15], 0xf6);
	uuid_format(out, &u);
	ck_assert_str_eq(out, text);
	ck_assert_int_eq(uuid_parse(&v, "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", 36), 0);
	ck_assert(uuid_same(&u, &v));
}
END_TEST

static const char *const bad[] = {
	"",
	"f81d4fae-7dec-11d0-a765-00a0c91e6bf",
	"f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
	"f81d4fae07dec-11d0-a765-00a0c91e6bf6",
	"f81d4fae-7dec-11d0-a765000a0c91e6bf6",
	"g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
	"f81d4fa-e7dec-11d0-a765-00a0c91e6bf6",
	"{81d4fae-7dec-11d0-a765-00a0c91e6bf}",
};

START_TEST(refuses)
{
	struct uuid u = { { 7 } };

	ck_assert_int_eq(uuid_parse(&u, bad[_i], strlen(bad[_i])), -EINVAL);
	ck_assert_int_eq(u.b[0], 7);
}
END_TEST

START_TEST(hashes_spread_and_follow_the_seed)
{
	enum { N = 4096, SLOTS = 256 };
	unsigned used[SLOTS] = { 0 };
	struct uuid u = { { 0 } };

	/* Even identifiers that differ in one counter spread over the low bits. */
	for (int i = 0; i < N; i++) {
		u.b[14] = (uint8_t)(i >> 8);
		u.b[15] = (uint8_t)i;
		used[uuid_hash(&u, 0x5eed) % SLOTS]++;
	}
	for (int i = 0; i < SLOTS; i++)
		ck_assert_uint_lt(used[i], 4 * N / SLOTS);
	ck_assert(uuid_hash(&u, 1) != uuid_hash(&u, 2));
	ck_assert(uuid_hash(&u, 1) == uuid_hash(&u, 1));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("uuid");
	TCase *c = tcase_create("uuid");

	tcase_add_test(c, random_ones_are_version_4_and_differ);
	tcase_add_test(c, text_both_ways);
	tcase_add_loop_test(c, refuses, 0, LENGTH(bad));
	tcase_add_test(c, hashes_spread_and_follow_the_seed);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
