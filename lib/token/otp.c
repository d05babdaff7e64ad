/* otp - an HMAC, cut down to digits as RFC 4226 section 5.3 has it. */
#include "token/otp.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { SHA1_SIZE = 20, MODULUS = 1000000 }; /* 10 to the power of OTP_DIGITS */

/* Big-endian, eight bytes (section 5.1). */
static void counter_bytes(uint8_t out[static 8], int64_t step)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
}

static uint32_t truncate_mac(const uint8_t mac[static SHA1_SIZE])
{
	const uint8_t *at = mac + (mac[SHA1_SIZE - 1] & 15);

	return ((uint32_t)at[0] & 0x7F) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int otp_code(const uint8_t secret[static OTP_SECRET_SIZE], int64_t step, char ret_code[static OTP_CODE_SIZE])
{
	uint8_t counter[8], mac[SHA1_SIZE];
	size_t n = 0;

	counter_bytes(counter, step);
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret, OTP_SECRET_SIZE, counter, sizeof counter, mac,
		    sizeof mac, &n) ||
		n != sizeof mac) {
		ERR_clear_error();
		return -ENOMEM;
	}
	snprintf(ret_code, OTP_CODE_SIZE, "%06u", truncate_mac(mac) % MODULUS);
	return 0;
}

int otp_check(
	const uint8_t secret[static OTP_SECRET_SIZE], int64_t now_s, const char *code, size_t len, int64_t *ret_step)
{
	char given[OTP_CODE_SIZE] = "", right[OTP_CODE_SIZE];
	int64_t found = -1;

	memcpy(given, code, len < OTP_DIGITS ? len : OTP_DIGITS);
	for (int64_t step = now_s / OTP_STEP_S - OTP_WINDOW, i = 0; i <= 2 * OTP_WINDOW; i++, step++) {
		int r = otp_code(secret, step, right);
		if (r)
			return r;
		if (text_same_secret(given, right, OTP_DIGITS))
			found = step;
	}
	if (found < 0 || len != OTP_DIGITS)
		return OTP_E_WRONG;
	*ret_step = found;
	return 0;
}
