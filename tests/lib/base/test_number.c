#include "base/text.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const char *written_int(int64_t v)
{
	static char buf[32];
	struct text t = text_in(buf, sizeof buf);

	text_int(&t, v);
	return buf;
}

static const char *written_e7(int32_t v)
{
	static char buf[32];
	struct text t = text_in(buf, sizeof buf);

	text_e7(&t, v);
	return buf;
}

static const char *written_fixed(double v, int decimals)
{
	static char buf[512];
	struct text t = text_in(buf, sizeof buf);

	text_fixed(&t, v, decimals);
	return buf;
}

START_TEST(writes_integers)
{
	ck_assert_str_eq(written_int(0), "0");
	ck_assert_str_eq(written_int(-7), "-7");
	ck_assert_str_eq(written_int(INT64_MAX), "9223372036854775807");
	ck_assert_str_eq(written_int(INT64_MIN), "-9223372036854775808");
}
END_TEST

START_TEST(writes_degrees)
{
	ck_assert_str_eq(written_e7(0), "0");
	ck_assert_str_eq(written_e7(-51138510), "-5.113851");
	ck_assert_str_eq(written_e7(501703150), "50.170315");
	ck_assert_str_eq(written_e7(1), "0.0000001");
	ck_assert_str_eq(written_e7(-1), "-0.0000001");
	ck_assert_str_eq(written_e7(1800000000), "180");
	ck_assert_str_eq(written_e7(INT32_MIN), "-214.7483648");
}
END_TEST

START_TEST(writes_reals)
{
	ck_assert_str_eq(written_fixed(0, 3), "0");
	ck_assert_str_eq(written_fixed(-0.0, 3), "0");
	ck_assert_str_eq(written_fixed(-0.0004, 3), "0");
	ck_assert_str_eq(written_fixed(1.5, 3), "1.5");
	ck_assert_str_eq(written_fixed(-1.25, 1), "-1.2"); /* a tie goes to even */
	ck_assert_str_eq(written_fixed(0.5, 0), "0");
	ck_assert_str_eq(written_fixed(1.5, 0), "2");
	ck_assert_str_eq(written_fixed(0.999, 2), "1");
	ck_assert_str_eq(written_fixed(99.9999, 3), "100");
	ck_assert_str_eq(written_fixed(10, 2), "10");
	ck_assert_str_eq(written_fixed(1.005, 2), "1"); /* its double is below the tie */
	ck_assert_str_eq(written_fixed(INFINITY, 2), "null");
	ck_assert_str_eq(written_fixed(NAN, 2), "null");
	ck_assert_str_eq(written_fixed(0x1p53, 9), "9007199254740992");
	ck_assert_str_eq(written_fixed(0x1p62, 9), "4611686018427387904");
	ck_assert_str_eq(written_fixed(0x1p63, 9), "9223372036854775808");
	ck_assert_str_eq(written_fixed(5e-324, 9), "0");
}
END_TEST

static uint64_t random_bits(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* printf, less its trailing zeros. */
static void printed(char *out, size_t size, double v, int decimals)
{
	int n = snprintf(out, size, "%.*f", decimals, v);

	if (decimals > 0) {
		while (out[n - 1] == '0')
			n--;
		n -= out[n - 1] == '.';
		out[n] = '\0';
	}
	if (!strcmp(out, "-0"))
		strcpy(out, "0");
}

START_TEST(reals_agree_with_printf)
{
	char theirs[512];

	for (int i = 0; i < 30000; i++) {
		double v;
		uint64_t bits = random_bits();
		memcpy(&v, &bits, sizeof v);
		if (i % 2) /* half of them as positions have them, many of those ties */
			v = (double)(int64_t)(bits >> 40) / (double)(1 << i % 12);
		if (!isfinite(v))
			continue;
		printed(theirs, sizeof theirs, v, _i);
		ASSERT_IN_LOOP(!strcmp(written_fixed(v, _i), theirs));
	}
}
END_TEST

static const struct {
	const char *text;
	int64_t v;
} ints[] = {
	{ "0", 0 },
	{ "-0", 0 },
	{ "+12", 12 },
	{ "007", 7 },
	{ "9223372036854775807", INT64_MAX },
	{ "-9223372036854775808", INT64_MIN },
};

START_TEST(reads_integers)
{
	int64_t v = 77;

	ck_assert_int_eq(text_to_int(&v, ints[_i].text, strlen(ints[_i].text)), 0);
	ck_assert_int_eq(v, ints[_i].v);
}
END_TEST

static const char *const bad_ints[] = { "", "-", "+", "1 ", " 1", "1.0", "0x1", "1e3", "--1", "9223372036854775808",
	"-9223372036854775809", "99999999999999999999999", "1\xff" };

START_TEST(refuses_integers)
{
	int64_t v = 77;

	ck_assert_int_eq(text_to_int(&v, bad_ints[_i], strlen(bad_ints[_i])), -EINVAL);
	ck_assert_int_eq(v, 77);
}
END_TEST

static const char *const reals[] = { "0", "-1", "2.50", ".5", "5.", "1e3", "1E-3", "1e+22", "0.1", "-0.0",
	"123456789012345678901234567890", "1e308", "1.7976931348623157e308", "5e-324", "1e-400", "9007199254740993",
	"9007199254740993.0000000000000000000000001", "8.5e-23", "0.000000000000000000000000000000001",
	"2.2250738585072011e-308", "1e23", "0e99999999999", "3.14159265358979323846264338327950288" };

START_TEST(reads_reals)
{
	double v = 77;

	ck_assert_int_eq(text_to_real(&v, reals[_i], strlen(reals[_i])), 0);
	ck_assert_double_eq(v, strtod(reals[_i], NULL));
	ck_assert_int_eq(signbit(v), signbit(strtod(reals[_i], NULL)));
}
END_TEST

static const char *const bad_numbers[] = { "", ".", "-", "+.", "e3", ".e3", "1e", "1e+", "1e-", "1e3.0", "1 ", " 1",
	"1,5", "0x10", "inf", "nan", "1.2.3", "1e3e3", "1f", "--1", "1e9999", "1e99999999999" };

START_TEST(refuses_numbers)
{
	double real = 77;
	int32_t e7 = 77;
	size_t n = strlen(bad_numbers[_i]);

	ck_assert_int_eq(text_to_real(&real, bad_numbers[_i], n), -EINVAL);
	ck_assert_double_eq(real, 77);
	ck_assert_int_eq(text_to_e7(&e7, bad_numbers[_i], n, 180), -EINVAL);
	ck_assert_int_eq(e7, 77);
}
END_TEST

START_TEST(reals_survive_their_text)
{
	char buf[64];

	for (int i = 0; i < 30000; i++) {
		double v, back;
		uint64_t bits = random_bits();
		memcpy(&v, &bits, sizeof v);
		if (!isfinite(v))
			continue;
		int n = snprintf(buf, sizeof buf, "%.*g", i % 2 ? 17 : 9, v);
		ASSERT_IN_LOOP(text_to_real(&back, buf, (size_t)n) == 0);
		ASSERT_IN_LOOP(back == strtod(buf, NULL));
	}
}
END_TEST

START_TEST(numbers_have_an_end)
{
	char digits[512];
	double real;
	int32_t e7;

	memset(digits, '0', sizeof digits);
	digits[0] = '.';
	ck_assert_int_eq(text_to_real(&real, digits, 400), 0);
	ck_assert_int_eq(text_to_real(&real, digits, 401), -EINVAL);
	ck_assert_int_eq(text_to_e7(&e7, digits, 400, 90), 0);
	ck_assert_int_eq(text_to_e7(&e7, digits, 401, 90), -EINVAL);
}
END_TEST

static const struct {
	const char *text;
	int limit;
	int32_t e7; /* 77: refused */
} degrees[] = {
	{ "0", 90, 0 },
	{ "-0", 90, 0 },
	{ "50.170315", 90, 501703150 },
	{ "-5.113851", 180, -51138510 },
	{ "+5.113851", 180, 51138510 },
	{ "-4.1E-4", 180, -4100 },
	{ "1.2e1", 90, 120000000 },
	{ "0.00000005", 90, 1 }, /* half away from zero */
	{ "-0.00000005", 90, -1 },
	{ "0.000000049999999999999999999999999999", 90, 0 },
	{ "0.00000015", 90, 2 },
	{ "12.34567894", 90, 123456789 },
	{ "12.34567895", 90, 123456790 },
	{ "12.345678949999999999999999999999", 90, 123456789 },
	{ "90", 90, 900000000 },
	{ "-90.0000000000000", 90, -900000000 },
	{ "90.00000004", 90, 900000000 },
	{ "90.00000005", 90, 77 },
	{ "90.0000001", 90, 77 },
	{ "-90.0000001", 90, 77 },
	{ "180", 180, 1800000000 },
	{ "-180", 180, -1800000000 },
	{ "180.0000001", 180, 77 },
	{ "181", 180, 77 },
	{ "1e10", 180, 77 },
	{ "1e-50", 180, 0 },
	{ "0e50", 180, 0 },
	{ "99999999999999999999", 180, 77 },
	{ "0.00000000000000000000000000000000000001e40", 180, 1000000000 },
	{ "1797693134862315700000e-19", 180, 1797693135 },
	{ "4999999999999999999e-26", 180, 0 },
	{ "5000000000000000000e-26", 180, 1 },
	{ "9999999999999999999e-27", 180, 0 },
};

START_TEST(reads_degrees)
{
	int32_t v = 77;
	int r = text_to_e7(&v, degrees[_i].text, strlen(degrees[_i].text), degrees[_i].limit);

	ck_assert_int_eq(r, degrees[_i].e7 == 77 ? -EINVAL : 0);
	ck_assert_int_eq(v, degrees[_i].e7);
}
END_TEST

START_TEST(degrees_survive_their_text)
{
	for (int i = 0; i < 30000; i++) {
		int32_t v = (int32_t)((int64_t)(random_bits() % 3600000001) - 1800000000), back;
		const char *text = written_e7(v);
		ASSERT_IN_LOOP(text_to_e7(&back, text, strlen(text), 180) == 0);
		ASSERT_IN_LOOP(back == v);
	}
}
END_TEST

/* With a comma for decimals in the process's locale, nothing changes. */
START_TEST(the_locale_does_not_matter)
{
	double v;

	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		return; /* not installed here */
	ck_assert_int_eq(text_to_real(&v, "1.50000000000000000000000001", 28), 0);
	ck_assert_double_eq(v, 1.5);
	ck_assert_str_eq(written_fixed(1.5, 2), "1.5");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("number");
	TCase *c = tcase_create("number");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, writes_integers);
	tcase_add_test(c, writes_degrees);
	tcase_add_test(c, writes_reals);
	tcase_add_loop_test(c, reals_agree_with_printf, 0, 10);
	tcase_add_loop_test(c, reads_integers, 0, LENGTH(ints));
	tcase_add_loop_test(c, refuses_integers, 0, LENGTH(bad_ints));
	tcase_add_loop_test(c, reads_reals, 0, LENGTH(reals));
	tcase_add_loop_test(c, refuses_numbers, 0, LENGTH(bad_numbers));
	tcase_add_test(c, reals_survive_their_text);
	tcase_add_test(c, numbers_have_an_end);
	tcase_add_loop_test(c, reads_degrees, 0, LENGTH(degrees));
	tcase_add_test(c, degrees_survive_their_text);
	tcase_add_test(c, the_locale_does_not_matter);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
