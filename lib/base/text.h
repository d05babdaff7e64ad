/*
 * text - bounded text: building it, and reading numbers and codes out of it
 *
 * Thread: any. Nothing here allocates or depends on the locale.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text under construction in the caller's buffer. What does not fit is dropped, with all that comes after it, and
 * remembered: ask text_ok() once, at the end. The buffer is NUL-terminated after every call. */
struct text {
	char *buf;
	size_t len; /* without the NUL */
	size_t size; /* of @buf, the NUL included */
	bool full; /* something did not fit */
};

/* Starts empty text in @buf of @size bytes (at least 1). */
struct text text_in(char *buf, size_t size);

static inline bool text_ok(const struct text *t)
{
	return !t->full;
}

void text_put(struct text *t, const void *bytes, size_t n);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
void text_int(struct text *t, int64_t v);
void text_printf(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* Degrees x 1e7 as a decimal without trailing zeros: -51138510 is "-5.113851". For hot paths. */
void text_e7(struct text *t, int32_t e7);

/* A number as JSON with at most @decimals (0..9) decimals and no trailing zeros; ties of the exact binary value go to
 * even, as printf does it. "null" when @v is not finite. For hot paths. */
void text_fixed(struct text *t, double v, int decimals);

/* A JSON string of @n bytes, quotes included. Bytes that are not UTF-8 become U+FFFD, so the result is always valid. */
void text_json(struct text *t, const char *s, size_t n);

/* Whether @n bytes are well-formed UTF-8 (RFC 3629). */
bool text_is_utf8(const char *s, size_t n);

/* All of @s (@n bytes) as a decimal integer with an optional sign, within int64_t. 0 or -EINVAL. */
MUST_CHECK int text_to_int(int64_t *ret, const char *s, size_t n);

/* All of @s as a decimal number ("-1", "2.50", ".5", "1e3"), to the nearest double; no "inf", "nan", hex, nothing too
 * large for a double or longer than 400 bytes. 0 or -EINVAL. */
MUST_CHECK int text_to_real(double *ret, const char *s, size_t n);

/* All of @s, decimal degrees (an exponent too: Java writes "-4.1E-4"), to degrees x 1e7 rounded half away from zero.
 * -EINVAL when it is no number or, rounded, beyond @limit_degrees (90 or 180) in either direction. */
MUST_CHECK int text_to_e7(int32_t *ret, const char *s, size_t n, int limit_degrees);

/* @n bytes as lower-case hex and a NUL into @out (2n + 1 bytes). */
void text_hex(char *out, const void *bytes, size_t n);

/* Exactly 2 * @n hex digits of @hex into @out. 0, or -EINVAL (@out undefined). */
MUST_CHECK int text_unhex(void *out, size_t n, const char *hex, size_t hex_len);

/* base64 of RFC 4648: section 5 (url, no padding) or section 4. @out needs TEXT_BASE64_SIZE(n). Returns the length. */
#define TEXT_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
size_t text_base64url(char *out, const void *bytes, size_t n);
size_t text_base64(char *out, const void *bytes, size_t n);

/* Decodes either alphabet, padding optional, into @out (room for @size). 0 and *ret_n set, or -EINVAL / -ENOSPC. */
MUST_CHECK int text_unbase64(void *out, size_t size, size_t *ret_n, const char *s, size_t len);

/* base32 of RFC 4648 section 6, without padding. @out needs TEXT_BASE32_SIZE(n). Returns the length. */
#define TEXT_BASE32_SIZE(n) (((n)*8 + 4) / 5 + 1)
size_t text_base32(char *out, const void *bytes, size_t n);

/* Undoes application/x-www-form-urlencoded in place: '+' and %XX. 0 and the new length, or -EINVAL for a broken
 * escape or a NUL. */
MUST_CHECK int text_urldecode(char *s, size_t len, size_t *ret_len);

/* Whether @n bytes are the same. The time taken depends only on @n: for secrets. */
bool text_same_secret(const void *a, const void *b, size_t n);
