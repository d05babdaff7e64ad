/*
 * otp - one-time codes out of a shared secret: HOTP (RFC 4226) counted by time, which is TOTP (RFC 6238)
 *
 * HMAC-SHA-1, six digits, steps of 30 s: what every authenticator app can do, and some cannot do otherwise.
 * Thread: any. Nothing is kept: that a step is not taken twice is the caller's part.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	OTP_SECRET_SIZE = 20, /* bytes; RFC 4226 section 4, R6: 160 bits are recommended */
	OTP_DIGITS = 6,
	OTP_CODE_SIZE = OTP_DIGITS + 1,
	OTP_STEP_S = 30,
	OTP_WINDOW = 1, /* steps before and after the present one, for clocks that differ (RFC 6238 section 5.2) */
};

enum otp_result { OTP_E_WRONG = 1 };

/* The code of step @step (HOTP's counter): digits and a NUL. 0 or -ENOMEM. */
MUST_CHECK int otp_code(
	const uint8_t secret[static OTP_SECRET_SIZE], int64_t step, char ret_code[static OTP_CODE_SIZE]);

/* Which step within the window at @now_s (seconds since 1970) @code (@len bytes) is of; of two, the later. Takes the same
 * time whichever it is. 0, OTP_E_WRONG where it is of none, or -ENOMEM. */
MUST_CHECK int otp_check(
	const uint8_t secret[static OTP_SECRET_SIZE], int64_t now_s, const char *code, size_t len, int64_t *ret_step);
