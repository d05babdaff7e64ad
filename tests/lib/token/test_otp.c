/* The vectors of RFC 4226 and RFC 6238, whose secret is the same. */
#include "token/otp.h"
#include "tests/lib/unit.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const uint8_t secret[OTP_SECRET_SIZE + 1] = "12345678901234567890";

/* RFC 4226, appendix D. */
static const char *const counted[] = { "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
	"399871", "520489" };

START_TEST(of_a_counter)
{
	char code[OTP_CODE_SIZE];

	ck_assert_int_eq(otp_code(secret, _i, code), 0);
	ck_assert_str_eq(code, counted[_i]);
}
END_TEST

/* RFC 6238, appendix B, SHA-1: eight digits, of which ours are the last six. */
static const struct {
	int64_t now_s;
	const char *code;
} timed[] = {
	{ 59, "94287082" },
	{ 1111111109, "07081804" },
	{ 1111111111, "14050471" },
	{ 1234567890, "89005924" },
	{ 2000000000, "69279037" },
	{ 20000000000, "65353130" },
};

START_TEST(of_a_time)
{
	const char *code = timed[_i].code + 2;
	int64_t step = -1;

	ck_assert_int_eq(otp_check(secret, timed[_i].now_s, code, OTP_DIGITS, &step), 0);
	ck_assert_int_eq(step, timed[_i].now_s / OTP_STEP_S);
}
END_TEST

/* A code is good in its own step and in those beside it, and in no other. */
START_TEST(window)
{
	const int64_t step = 40000000;
	char code[OTP_CODE_SIZE];

	ck_assert_int_eq(otp_code(secret, step, code), 0);
	for (int64_t apart = -3; apart <= 3; apart++) {
		int64_t found = -1;
		bool good = apart >= -OTP_WINDOW && apart <= OTP_WINDOW;
		int r = otp_check(secret, (step + apart) * OTP_STEP_S + OTP_STEP_S - 1, code, OTP_DIGITS, &found);
		ck_assert_int_eq(r, good ? 0 : OTP_E_WRONG);
		ck_assert_int_eq(found, good ? step : -1);
	}
}
END_TEST

static const char *const wrong[] = { "", "2", "28708", "2870820", "287083", "187082", "28708a", " 87082", "287 082" };

START_TEST(wrong_ones)
{
	int64_t step = -1;

	ck_assert_int_eq(otp_check(secret, 59, wrong[_i], strlen(wrong[_i]), &step), OTP_E_WRONG);
	ck_assert_int_eq(step, -1);
}
END_TEST

/* At the beginning of time the window reaches before it. */
START_TEST(at_zero)
{
	int64_t step = -1;

	ck_assert_int_eq(otp_check(secret, 0, counted[1], OTP_DIGITS, &step), 0);
	ck_assert_int_eq(step, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("token");
	TCase *c = tcase_create("otp");

	tcase_add_loop_test(c, of_a_counter, 0, LENGTH(counted));
	tcase_add_loop_test(c, of_a_time, 0, LENGTH(timed));
	tcase_add_test(c, window);
	tcase_add_loop_test(c, wrong_ones, 0, LENGTH(wrong));
	tcase_add_test(c, at_zero);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
