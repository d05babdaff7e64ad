#include "base/text.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(hex_both_ways)
{
	const uint8_t bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
	uint8_t back[4];
	char hex[9];

	text_hex(hex, bytes, sizeof bytes);
	ck_assert_str_eq(hex, "009fa0ff");
	ck_assert_int_eq(text_unhex(back, 4, "009FA0fF", 8), 0);
	ck_assert_mem_eq(back, bytes, 4);
	ck_assert_int_eq(text_unhex(back, 4, "009FA0fF0", 9), -EINVAL);
	ck_assert_int_eq(text_unhex(back, 4, "009FA0", 6), -EINVAL);
	ck_assert_int_eq(text_unhex(back, 4, "009FA0fG", 8), -EINVAL);
	ck_assert_int_eq(text_unhex(back, 4, "g09FA0ff", 8), -EINVAL);
	ck_assert_int_eq(text_unhex(back, 4,
				 "009FA0\xc1"
				 "f",
				 8),
		-EINVAL); /* 0xc1 | 0x20 is no letter */
	ck_assert_int_eq(text_unhex(back, 0, "", 0), 0);
}
END_TEST

/* RFC 4648, section 10, without padding; and all bits set. */
static const struct {
	const char *plain, *text;
} base32[] = {
	{ "", "" },
	{ "f", "MY" },
	{ "fo", "MZXQ" },
	{ "foo", "MZXW6" },
	{ "foob", "MZXW6YQ" },
	{ "fooba", "MZXW6YTB" },
	{ "foobar", "MZXW6YTBOI" },
	{ "\xff\xff\xff\xff\xff\xff", "7777777774" },
};

START_TEST(base32_is_written)
{
	char text[TEXT_BASE32_SIZE(6)];
	size_t n = strlen(base32[_i].plain);

	ck_assert_uint_eq(text_base32(text, base32[_i].plain, n), strlen(base32[_i].text));
	ck_assert_str_eq(text, base32[_i].text);
	ck_assert_uint_eq(TEXT_BASE32_SIZE(n), strlen(text) + 1);
}
END_TEST

/* RFC 4648, section 10, and one that uses the last two digits. */
static const struct {
	const char *plain, *padded, *url;
} base64[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xff\xef\xbe\xfb",
		"/+++"
		"+w==",
		"_---"
		"-w" },
};

START_TEST(base64_both_ways)
{
	size_t n = strlen(base64[_i].plain), back_n;
	char out[TEXT_BASE64_SIZE(8)], back[8];

	ck_assert_uint_eq(text_base64(out, base64[_i].plain, n), strlen(base64[_i].padded));
	ck_assert_str_eq(out, base64[_i].padded);
	ck_assert_uint_eq(text_base64url(out, base64[_i].plain, n), strlen(base64[_i].url));
	ck_assert_str_eq(out, base64[_i].url);
	for (int url = 0; url < 2; url++) {
		const char *in = url ? base64[_i].url : base64[_i].padded;
		ck_assert_int_eq(text_unbase64(back, n, &back_n, in, strlen(in)), 0);
		ck_assert_uint_eq(back_n, n);
		ck_assert_mem_eq(back, base64[_i].plain, n);
		if (n > 0)
			ck_assert_int_eq(text_unbase64(back, n - 1, &back_n, in, strlen(in)), -ENOSPC);
	}
}
END_TEST

static const char *const bad_base64[] = {
	"Z", /* six bits are no byte */
	"Zm9vY", /* the same after whole groups */
	"Zh", /* bits after the last byte */
	"Zm9=", /* the same, padded */
	"Zg=", /* padding of the wrong length */
	"Zg===",
	"=",
	"Zm9v=",
	"Z g=",
	"Zg==Zg==", /* padding in the middle */
	"Zm9\xff",
};

START_TEST(base64_refuses)
{
	char back[16];
	size_t n = 77;

	ck_assert_int_eq(text_unbase64(back, sizeof back, &n, bad_base64[_i], strlen(bad_base64[_i])), -EINVAL);
	ck_assert_uint_eq(n, 77);
}
END_TEST

static const struct {
	const char *in, *out; /* NULL: refused */
} urls[] = {
	{ "", "" },
	{ "a+b", "a b" },
	{ "%41%7a%2B%25", "Az+%" },
	{ "%C3%a9", "\xc3\xa9" },
	{ "%", NULL },
	{ "%4", NULL },
	{ "a%4", NULL },
	{ "%4g", NULL },
	{ "%00", NULL },
};

START_TEST(url_escapes)
{
	char s[32];
	size_t n = 77;

	strcpy(s, urls[_i].in);
	int r = text_urldecode(s, strlen(s), &n);
	if (!urls[_i].out) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(n, 77);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(n, strlen(urls[_i].out));
	ck_assert_mem_eq(s, urls[_i].out, n);
}
END_TEST

START_TEST(a_raw_nul_is_refused)
{
	char s[] = { 'a', '\0', 'b' };
	size_t n;

	ck_assert_int_eq(text_urldecode(s, sizeof s, &n), -EINVAL);
}
END_TEST

START_TEST(secrets)
{
	ck_assert(text_same_secret("abcd", "abcd", 4));
	ck_assert(text_same_secret("abcd", "abce", 3));
	ck_assert(!text_same_secret("abcd", "abce", 4));
	ck_assert(!text_same_secret("bbcd", "abcd", 4));
	ck_assert(text_same_secret("a", "b", 0));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("code");
	TCase *c = tcase_create("code");

	tcase_add_test(c, hex_both_ways);
	tcase_add_loop_test(c, base64_both_ways, 0, LENGTH(base64));
	tcase_add_loop_test(c, base32_is_written, 0, LENGTH(base32));
	tcase_add_loop_test(c, base64_refuses, 0, LENGTH(bad_base64));
	tcase_add_loop_test(c, url_escapes, 0, LENGTH(urls));
	tcase_add_test(c, a_raw_nul_is_refused);
	tcase_add_test(c, secrets);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
