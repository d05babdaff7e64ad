/*
 * text's numbers: decimal text from and to integers, doubles and coordinates
 *
 * All of it exact. Coordinates never pass through a double; doubles are written from their binary digits.
 */
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

static const uint64_t power10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
	100000000000000000, 1000000000000000000, 10000000000000000000u };

enum {
	SIGNIFICANT_MAX = 19, /* decimal digits that always fit 64 bits */
	REAL_TEXT_MAX = 400, /* the shortest exact form of a double takes 24; the longest with no exponent, 327 */
	EXPONENT_MAX = 9999, /* beyond any double; bounded so that sums of exponents do not overflow */
};

/* ---- writing ---- */

/* Writes @v so that it ends before @end. Returns where it begins. */
static char *digits_before(char *end, uint64_t v)
{
	do
		*--end = (char)('0' + v % 10);
	while (v /= 10);
	return end;
}

/* @whole, then @fraction as exactly @decimals digits less the trailing zeros. */
static void put_decimal(struct text *t, bool negative, uint64_t whole, uint64_t fraction, int decimals)
{
	char buf[40], *point = buf + 21, *end = point;

	if (fraction) {
		while (fraction % 10 == 0) {
			fraction /= 10;
			decimals--;
		}
		*point = '.';
		end = point + 1 + decimals;
		for (char *p = end; p > point + 1; fraction /= 10)
			*--p = (char)('0' + fraction % 10);
	}
	char *begin = digits_before(point, whole);
	if (negative)
		*--begin = '-';
	text_put(t, begin, (size_t)(end - begin));
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

void text_int(struct text *t, int64_t v)
{
	put_decimal(t, v < 0, magnitude(v), 0, 0);
}

void text_e7(struct text *t, int32_t e7)
{
	uint64_t m = magnitude(e7);

	put_decimal(t, e7 < 0, m / 10000000, m % 10000000, 7);
}

void text_fixed(struct text *t, double v, int decimals)
{
	if (!isfinite(v)) {
		text_puts(t, "null");
		return;
	}
	double a = fabs(v);
	if (a >= 0x1p63) { /* an integer, and too long for the digits below */
		text_printf(t, "%.0f", v);
		return;
	}

	/* a = m / 2^shift with m of 53 bits: the fraction times 10^9 stays under 83 bits, and nothing is lost. */
	int exponent;
	uint64_t m = (uint64_t)ldexp(frexp(a, &exponent), DBL_MANT_DIG);
	int shift = DBL_MANT_DIG - exponent;
	if (shift <= 0) {
		put_decimal(t, v < 0, m << -shift, 0, 0);
		return;
	}
	uint64_t whole = shift < 64 ? m >> shift : 0, fraction = 0;
	if (shift < 120) { /* else far below half of the last digit */
		u128 scaled = (u128)(m - (shift < 64 ? whole << shift : 0)) * power10[decimals];
		u128 half = (u128)1 << (shift - 1), rest = scaled & (2 * half - 1);
		fraction = (uint64_t)(scaled >> shift);
		bool odd = decimals ? fraction & 1 : whole & 1;
		if (rest > half || (rest == half && odd))
			fraction++;
	}
	if (fraction == power10[decimals]) {
		whole++;
		fraction = 0;
	}
	put_decimal(t, v < 0 && (whole | fraction), whole, fraction, decimals);
}

/* ---- reading ---- */

/* A decimal number taken apart: digits x 10^exponent. */
struct decimal {
	uint64_t digits; /* the first SIGNIFICANT_MAX significant ones */
	int exponent;
	bool negative;
	bool cut; /* further digits, not all of them zero, were left out */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void take_digit(struct decimal *d, char c, bool after_point)
{
	if (d->digits < power10[SIGNIFICANT_MAX - 1]) {
		d->digits = d->digits * 10 + (uint64_t)(c - '0');
		d->exponent -= after_point;
		return;
	}
	d->cut |= c != '0';
	d->exponent += !after_point;
}

/* An exponent's digits, all of @s. Returns false when there are none or something else. */
static bool take_exponent(struct decimal *d, const char *s, const char *end)
{
	bool negative = s < end && *s == '-';
	int v = 0;

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (s == end)
		return false;
	for (; s < end && is_digit(*s); s++)
		v = v < EXPONENT_MAX ? v * 10 + (*s - '0') : v;
	d->exponent += negative ? -v : v;
	return s == end;
}

static int take_apart(struct decimal *ret, const char *s, size_t n)
{
	struct decimal d = { 0 };
	const char *end = s + n;
	bool any = false;

	if (n > REAL_TEXT_MAX)
		return -EINVAL;
	if (s < end && (*s == '-' || *s == '+'))
		d.negative = *s++ == '-';
	for (bool after_point = false; s < end; s++) {
		if (is_digit(*s)) {
			take_digit(&d, *s, after_point);
			any = true;
		} else if (*s == '.' && !after_point) {
			after_point = true;
		} else {
			break;
		}
	}
	if (!any)
		return -EINVAL;
	if (s < end && ((*s != 'e' && *s != 'E') || !take_exponent(&d, s + 1, end)))
		return -EINVAL;
	*ret = d;
	return 0;
}

int text_to_int(int64_t *ret, const char *s, size_t n)
{
	bool negative = n > 0 && *s == '-';
	size_t i = n > 0 && (*s == '-' || *s == '+');
	uint64_t limit = negative ? (uint64_t)1 << 63 : INT64_MAX, v = 0;

	if (i == n)
		return -EINVAL;
	for (; i < n; i++) {
		uint64_t digit = (uint64_t)(uint8_t)s[i] - '0';
		if (digit > 9 || v > (limit - digit) / 10)
			return -EINVAL;
		v = v * 10 + digit;
	}
	*ret = (int64_t)(negative ? -v : v);
	return 0;
}

/* The C library's conversion is right for every number of digits, but slow and under the thread's locale. */
static int slow_real(double *ret, const char *s, size_t n)
{
	char copy[REAL_TEXT_MAX + 1];
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc's own, not allocated; never fails for "C" */

	memcpy(copy, s, n);
	copy[n] = '\0';
	double v = strtod_l(copy, NULL, c);
	freelocale(c);
	if (!isfinite(v))
		return -EINVAL;
	*ret = v;
	return 0;
}

int text_to_real(double *ret, const char *s, size_t n)
{
	/* Up to 2^53 and 10^22 both factors are exact doubles, so that one operation rounds once (Clinger 1990). */
	static const double exact10[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
		1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	struct decimal d;

	if (take_apart(&d, s, n))
		return -EINVAL;
	if (d.digits > (uint64_t)1 << 53 || d.cut || d.exponent < -22 || d.exponent > 22)
		return slow_real(ret, s, n);
	double v = (double)d.digits;
	v = d.exponent < 0 ? v / exact10[-d.exponent] : v * exact10[d.exponent];
	*ret = d.negative ? -v : v;
	return 0;
}

int text_to_e7(int32_t *ret, const char *s, size_t n, int limit_degrees)
{
	struct decimal d;
	uint64_t limit = (uint64_t)limit_degrees * 10000000, v;

	if (take_apart(&d, s, n))
		return -EINVAL;
	int exponent = d.exponent + 7;
	if (d.digits == 0 || exponent < -SIGNIFICANT_MAX) {
		v = 0;
	} else if (exponent < 0) {
		/* Digits that were cut are worth less than one of the last place, and half a unit is a whole number of those:
		 * they never decide. */
		uint64_t unit = power10[-exponent], rest = d.digits % unit;
		v = d.digits / unit + (rest >= unit - rest);
	} else {
		if (exponent > 10 || d.digits > limit / power10[exponent])
			return -EINVAL;
		v = d.digits * power10[exponent];
	}
	if (v > limit)
		return -EINVAL;
	*ret = (int32_t)(d.negative ? -(int64_t)v : (int64_t)v);
	return 0;
}
