/* sentence - fields by delimiter; numbers kept whole until they are rounded once. */
#include "ingest/protocols/sentence.h"

#include "base/text.h"
#include "base/time.h"

static const struct slice NOTHING = { "", 0 };

/* ---- frames ---- */

ssize_t sentence_frame(const uint8_t *buf, size_t len, char end, size_t frame_max)
{
	size_t look = len < frame_max ? len : frame_max;
	const uint8_t *at = look > 0 ? memchr(buf, end, look) : NULL;

	if (at)
		return at - buf + 1;
	return len < frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
}

size_t sentence_blanks(const uint8_t *buf, size_t len)
{
	size_t n = 0;

	while (n < len && (buf[n] == '\r' || buf[n] == '\n' || buf[n] == ' ' || buf[n] == '\0'))
		n++;
	return n;
}

int sentence_decode(ssize_t (*cut)(const uint8_t *, size_t, const struct protocol_limits *), sentence_reader *read,
	const struct protocol_session *session, const uint8_t *frame, size_t len, struct protocol_scratch *scratch,
	struct protocol_result *ret)
{
	struct protocol_limits limits = { .frame_max = len };
	struct protocol_result result = { 0 };
	int e = REASON_BAD_FRAME;

	arena_reset(&scratch->arena);
	if (len > 0 && cut(frame, len, &limits) == (ssize_t)len)
		e = sentence_blanks(frame, 1) ? 0 : read(session, frame, len, scratch, &result);
	if (e == 0)
		*ret = result;
	else
		ret->note = result.note;
	return e;
}

bool sentence_closes(enum protocol_reason refused)
{
	return refused && refused != REASON_BAD_CHECKSUM && refused != REASON_UNSUPPORTED &&
	       refused != REASON_BAD_VALUE;
}

/* ---- fields ---- */

struct slice sentence_field(struct sentence *s, char delimiter)
{
	if (s->bad || !s->more) {
		s->bad = true;
		return NOTHING;
	}
	const char *at = s->left > 0 ? memchr(s->at, delimiter, s->left) : NULL;
	size_t n = at ? (size_t)(at - s->at) : s->left;
	struct slice field = slice_of(s->at, n);
	s->more = at != NULL;
	s->at += n + s->more;
	s->left -= n + s->more;
	return field;
}

struct slice sentence_take(struct sentence *s, size_t n)
{
	if (s->bad || n > s->left) {
		s->bad = true;
		return NOTHING;
	}
	s->at += n;
	s->left -= n;
	return slice_of(s->at - n, n);
}

bool sentence_skip(struct sentence *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->bad || n > s->left || memcmp(s->at, prefix, n) != 0)
		return false;
	s->at += n;
	s->left -= n;
	return true;
}

size_t sentence_split(struct sentence *s, char delimiter, struct slice *fields, size_t max)
{
	size_t n = 0;

	while (!s->bad && s->more && n + 1 < max)
		fields[n++] = sentence_field(s, delimiter);
	if (!s->bad && s->more && n < max) {
		fields[n++] = slice_of(s->at, s->left);
		*s = (struct sentence){ .at = s->at + s->left };
	}
	return n;
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(struct slice text)
{
	size_t i = 0;

	while (i < text.n && is_digit(text.s[i]))
		i++;
	return i == text.n;
}

int sentence_int(int64_t *ret, struct slice text)
{
	return text_to_int(ret, text.s, text.n) == 0 ? 0 : REASON_BAD_VALUE;
}

int sentence_unsigned(uint32_t *ret, struct slice digits)
{
	int64_t v;

	if (!all_digits(digits) || text_to_int(&v, digits.s, digits.n) != 0 || v > UINT32_MAX)
		return REASON_BAD_VALUE;
	*ret = (uint32_t)v;
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sentence_hex(uint64_t *ret, struct slice digits)
{
	uint64_t v = 0;

	if (digits.n == 0 || digits.n > 16)
		return REASON_BAD_VALUE;
	for (size_t i = 0; i < digits.n; i++) {
		int digit = hex_digit(digits.s[i]);
		if (digit < 0)
			return REASON_BAD_VALUE;
		v = v << 4 | (uint64_t)digit;
	}
	*ret = v;
	return 0;
}

int sentence_decimal(int64_t *ret, struct slice text, int decimals)
{
	static const int64_t limit = INT64_MAX / 100;
	bool negative = text.n > 0 && *text.s == '-', point = false, any = false;
	size_t i = text.n > 0 && (*text.s == '-' || *text.s == '+');
	int after = 0;
	int64_t v = 0;

	for (; i < text.n; i++) {
		char c = text.s[i];
		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(c) || v > limit)
			return REASON_BAD_VALUE;
		any = true;
		if (after <= decimals) /* one more than wanted, to round by */
			v = v * 10 + (c - '0');
		after += point && after <= decimals;
	}
	for (; after <= decimals; after++) {
		if (v > limit)
			return REASON_BAD_VALUE;
		v *= 10;
	}
	if (!any)
		return REASON_BAD_VALUE;
	v = (v + 5) / 10;
	*ret = negative ? -v : v;
	return 0;
}

/* ---- times ---- */

static int number(const char *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (s[i] - '0');
	return v;
}

static int year_of(const char *s, size_t n)
{
	int v = number(s, n);

	return n == 4 ? v : v >= 80 ? 1900 + v : 2000 + v;
}

/* ".s..." in ms, cut; 0 when there is none, -1 when it is none. */
static int fraction_ms(struct slice text)
{
	int ms = 0;

	if (text.n == 0)
		return 0;
	struct slice digits = slice_of(text.s + 1, text.n - 1);
	if (*text.s != '.' || !all_digits(digits))
		return -1;
	for (size_t i = 0; i < 3; i++)
		ms = ms * 10 + (i < digits.n ? digits.s[i] - '0' : 0);
	return ms;
}

int sentence_time(int64_t *ret_ms, enum sentence_date order, struct slice date, struct slice time)
{
	size_t year_n = date.n == 8 ? 4 : 2, clock_n = time.n < 6 ? time.n : 6;
	struct slice clock = slice_of(time.s, clock_n), rest = slice_of(time.s + clock_n, time.n - clock_n);
	bool known = (date.n == 6 || date.n == 8) && (clock_n == 6 || clock_n == 4);
	int ms = fraction_ms(rest);

	if (!known || !all_digits(date) || !all_digits(clock) || ms < 0)
		return REASON_BAD_VALUE;
	const char *year = order == SENTENCE_YMD ? date.s : date.s + 4;
	const char *month = order == SENTENCE_YMD ? date.s + year_n : date.s + 2;
	const char *day = order == SENTENCE_YMD ? date.s + year_n + 2 : date.s;
	int second = clock_n == 6 ? number(clock.s + 4, 2) : 0;
	int r = time_from_utc(ret_ms, year_of(year, year_n), number(month, 2), number(day, 2), number(clock.s, 2),
		number(clock.s + 2, 2), second, ms);
	return r == 0 ? 0 : REASON_BAD_VALUE;
}

static bool is_zero(struct slice text)
{
	size_t i = 0;

	while (i < text.n && text.s[i] == '0')
		i++;
	return i == text.n;
}

int sentence_when(struct position *p, enum sentence_date order, struct slice date, struct slice time)
{
	if (is_zero(date) || time.n == 0)
		return 0;
	return sentence_time(&p->time_ms, order, date, time);
}

int sentence_stamp(int64_t *ret_ms, struct slice digits)
{
	size_t date_n = digits.n == 14 ? 8 : 6;

	if (digits.n != 14 && digits.n != 12 && digits.n != 10)
		return REASON_BAD_VALUE;
	return sentence_time(
		ret_ms, SENTENCE_YMD, slice_of(digits.s, date_n), slice_of(digits.s + date_n, digits.n - date_n));
}

/* ---- places ---- */

static char hemisphere_of(struct slice text)
{
	char c = text.n == 1 ? (char)(*text.s & ~0x20) : '\0';

	return c == 'N' || c == 'S' || c == 'E' || c == 'W' ? c : '\0';
}

int sentence_degrees(int32_t *ret_e7, struct slice text, struct slice hemisphere)
{
	static const int64_t per_degree = 100 * 1000000000LL; /* "ddmm" counted in 1e-9 minutes: digits, not an angle */
	char side = hemisphere_of(hemisphere);
	int64_t v, limit = side == 'N' || side == 'S' ? 90 : 180;

	if (!side || text.n == 0 || !is_digit(*text.s) || sentence_decimal(&v, text, 9) != 0)
		return REASON_BAD_VALUE;
	int64_t degrees = v / per_degree, minutes_e9 = v % per_degree;
	if (minutes_e9 > 60 * 1000000000LL) /* 60 itself is what some devices round to */
		return REASON_BAD_VALUE;
	int64_t e7 = degrees * 10000000 + (minutes_e9 + 3000) / 6000; /* 1e-7 of a degree is 6e-6 of a minute */
	if (e7 > limit * 10000000)
		return REASON_BAD_VALUE;
	*ret_e7 = (int32_t)(side == 'S' || side == 'W' ? -e7 : e7);
	return 0;
}

int sentence_place(struct position *p, struct slice lat, struct slice ns, struct slice lon, struct slice ew)
{
	char latitude = hemisphere_of(ns), longitude = hemisphere_of(ew);
	int32_t lat_e7, lon_e7;

	if ((latitude != 'N' && latitude != 'S') || (longitude != 'E' && longitude != 'W'))
		return REASON_BAD_VALUE;
	if (sentence_degrees(&lat_e7, lat, ns) != 0 || sentence_degrees(&lon_e7, lon, ew) != 0)
		return REASON_BAD_VALUE;
	p->lat_e7 = lat_e7;
	p->lon_e7 = lon_e7;
	p->has |= POSITION_LOCATION;
	return 0;
}

int sentence_fix(struct position *p, bool valid, int read)
{
	if (valid)
		return read;
	p->invalid = read == 0 && (p->lat_e7 != 0 || p->lon_e7 != 0);
	if (!p->invalid)
		p->has &= ~(uint32_t)POSITION_LOCATION;
	return 0;
}

/* ---- attributes ---- */

void sentence_put_text(struct report *r, const char *name, struct slice text)
{
	const char *copy = text.n > 0 && text.n <= ATTRIBUTE_TEXT_MAX && !memchr(text.s, '\0', text.n)
				   ? arena_text(r->arena, text.s, text.n)
				   : NULL;

	if (copy)
		attribute_text(&r->extra, name, copy);
}

void sentence_put_int(struct report *r, const char *name, struct slice text)
{
	int64_t v;

	if (sentence_int(&v, text) == 0)
		attribute_int(&r->extra, name, v);
}

/* ---- identifiers ---- */

int sentence_group(struct protocol_result *result, struct protocol_scratch *scratch, struct slice identifier)
{
	if (identifier.n == 0)
		return REASON_NO_DEVICE;
	if (identifier.n > PROTOCOL_IDENTIFIER_MAX || memchr(identifier.s, '\0', identifier.n))
		return REASON_UNKNOWN_DEVICE;
	const char *copy = arena_text(&scratch->arena, identifier.s, identifier.n);
	if (!copy || scratch->groups_max == 0)
		return REASON_TOO_MANY;
	protocol_one_group(result, scratch, copy, NULL);
	return 0;
}

enum { NIBBLE_END = 15 };

bool sentence_pack(uint8_t out[static SENTENCE_PACKED], struct slice digits)
{
	if (digits.n == 0 || digits.n > SENTENCE_DIGITS || !all_digits(digits))
		return false;
	for (size_t i = 0; i < SENTENCE_PACKED; i++) {
		int high = 2 * i < digits.n ? digits.s[2 * i] - '0' : NIBBLE_END;
		int low = 2 * i + 1 < digits.n ? digits.s[2 * i + 1] - '0' : NIBBLE_END;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void sentence_unpack(char out[static SENTENCE_DIGITS + 1], const uint8_t *packed)
{
	size_t n = 0;

	for (; n < SENTENCE_DIGITS; n++) {
		int digit = n % 2 ? packed[n / 2] & 15 : packed[n / 2] >> 4;
		if (digit > 9)
			break;
		out[n] = (char)('0' + digit);
	}
	out[n] = '\0';
}
