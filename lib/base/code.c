/* text's codes: hex, base64, URL escapes, and the comparison of secrets. */
#include "base/text.h"

#include <errno.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void text_hex(char *out, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++) {
		*out++ = "0123456789abcdef"[b[i] >> 4];
		*out++ = "0123456789abcdef"[b[i] & 15];
	}
	*out = '\0';
}

int text_unhex(void *out, size_t n, const char *hex, size_t hex_len)
{
	uint8_t *b = out;

	if (hex_len % 2 || hex_len / 2 != n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		b[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t base64(char *out, const uint8_t *b, size_t n, const char *alphabet, bool pad)
{
	char *p = out;

	for (; n > 0; b += 3) {
		size_t take = n < 3 ? n : 3;
		uint32_t v = (uint32_t)b[0] << 16 | (take > 1 ? (uint32_t)b[1] << 8 : 0) | (take > 2 ? b[2] : 0);
		for (size_t i = 0; i <= take; i++)
			*p++ = alphabet[v >> (18 - 6 * i) & 63];
		for (size_t i = take; pad && i < 3; i++)
			*p++ = '=';
		n -= take;
	}
	*p = '\0';
	return (size_t)(p - out);
}

size_t text_base64url(char *out, const void *bytes, size_t n)
{
	return base64(out, bytes, n, base64url_alphabet, false);
}

size_t text_base64(char *out, const void *bytes, size_t n)
{
	return base64(out, bytes, n, base64_alphabet, true);
}

size_t text_base32(char *out, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	size_t len = (n * 8 + 4) / 5;

	for (size_t i = 0; i < len; i++) {
		size_t at = i * 5 / 8, shift = i * 5 % 8;
		unsigned two = (unsigned)b[at] << 8 | (at + 1 < n ? b[at + 1] : 0);
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[two >> (11 - shift) & 31];
	}
	out[len] = '\0';
	return len;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* The length without padding, or SIZE_MAX when the padding is wrong. */
static size_t base64_digits(const char *s, size_t len)
{
	size_t digits = len;

	while (digits > 0 && len - digits < 2 && s[digits - 1] == '=')
		digits--;
	return (digits < len && len % 4) || digits % 4 == 1 ? SIZE_MAX : digits;
}

int text_unbase64(void *out, size_t size, size_t *ret_n, const char *s, size_t len)
{
	uint8_t *b = out;
	size_t digits = base64_digits(s, len), n = 0;
	uint32_t bits = 0;

	if (digits == SIZE_MAX)
		return -EINVAL;
	if (digits / 4 * 3 + digits % 4 * 3 / 4 > size)
		return -ENOSPC;
	for (size_t i = 0; i < digits; i++) {
		int v = base64_value(s[i]);
		if (v < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 > 0)
			b[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* The bits after the last byte must be zero, or two texts would stand for the same bytes. */
	if (digits % 4 && bits & (digits % 4 == 2 ? 15 : 3))
		return -EINVAL;
	*ret_n = n;
	return 0;
}

int text_urldecode(char *s, size_t len, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (len - i < 3 || text_unhex(&c, 1, s + i + 1, 2))
				return -EINVAL;
			i += 2;
		}
		if (c == '\0')
			return -EINVAL;
		s[n++] = c;
	}
	*ret_len = n;
	return 0;
}

bool text_same_secret(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}
