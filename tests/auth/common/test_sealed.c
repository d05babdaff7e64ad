/* Source: auth/common/sealed.c. */
#include "auth/common/sealed.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const uint8_t key[crypto_secretbox_KEYBYTES] = { 1 }, other[crypto_secretbox_KEYBYTES] = { 2 };
static const char secret[] = "a secret";

START_TEST(opens_with_its_key)
{
	uint8_t sealed[SEALED_OVERHEAD + sizeof secret], again[sizeof sealed];
	char opened[sizeof secret] = "";

	sealed_make(sealed, secret, sizeof secret, key);
	sealed_make(again, secret, sizeof secret, key);
	ck_assert_mem_ne(sealed, again, sizeof sealed); /* a nonce of its own */
	ck_assert_int_eq(sealed_open(opened, sealed, sizeof sealed, other), -EKEYREJECTED);
	ck_assert_int_eq(sealed_open(opened, sealed, sizeof sealed, key), 0);
	ck_assert_str_eq(opened, secret);
}
END_TEST

START_TEST(refuses_what_was_changed)
{
	uint8_t sealed[SEALED_OVERHEAD + sizeof secret];
	char opened[sizeof secret];

	sealed_make(sealed, secret, sizeof secret, key);
	for (size_t n = 0; n < sizeof sealed; n++)
		ck_assert_int_eq(sealed_open(opened, sealed, n, key), -EKEYREJECTED);
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 1;
		ck_assert_int_eq(sealed_open(opened, sealed, sizeof sealed, key), -EKEYREJECTED);
		sealed[i] ^= 1;
	}
	ck_assert_int_eq(sealed_open(opened, sealed, sizeof sealed, key), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/sealed");
	TCase *t = tcase_create("sealed");

	tcase_add_test(t, opens_with_its_key);
	tcase_add_test(t, refuses_what_was_changed);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
