/* Source: lib/secret/secret.c. Vectors: FIPS 180-2, appendix B. */
#include "base/text.h"
#include "secret/secret.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct {
	const char *text, *hash;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(sha256)
{
	uint8_t hash[SECRET_HASH_SIZE];
	char hex[2 * SECRET_HASH_SIZE + 1];

	secret_sha256(hash, vectors[_i].text, strlen(vectors[_i].text));
	text_hex(hex, hash, sizeof hash);
	ck_assert_str_eq(hex, vectors[_i].hash);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("secret");
	TCase *t = tcase_create("secret");

	tcase_add_loop_test(t, sha256, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
