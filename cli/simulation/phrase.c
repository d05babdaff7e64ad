/* phrase - text by calendar, angle and pattern. */
#include "cli/simulation/phrase.h"
#include "cli/simulation/whole.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is said ---- */

void phrase_time(struct text *t, const char *order, int64_t time_ms)
{
	static const char parts[] = "YMDhms";
	uint8_t date[WHOLE_DATE];

	whole_date(date, time_ms);
	for (; *order; order++) {
		const char *part = strchr(parts, *order);
		if (part)
			text_printf(t, "%02u", date[part - parts]);
		else
			text_putc(t, *order);
	}
}

void phrase_clock(struct text *t, int64_t time_ms)
{
	phrase_time(t, "hms", time_ms);
	text_printf(t, ".%03d", (int)(time_ms % 1000));
}

static void put_minutes(struct text *t, int32_t e7, int degree_digits, int decimals)
{
	int64_t scale = 1;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	int64_t v = (llabs(e7) * 6 * scale + 500000) / 1000000; /* minutes, times scale */
	text_printf(t, "%0*lld%02lld.%0*lld", degree_digits, (long long)(v / (60 * scale)), (long long)(v / scale % 60),
		decimals, (long long)(v % scale));
}

void phrase_place(struct text *t, const struct position *p, int decimals, const char *divider)
{
	put_minutes(t, p->lat_e7, 2, decimals);
	text_printf(t, "%s%c%s", divider, p->lat_e7 < 0 ? 'S' : 'N', divider);
	put_minutes(t, p->lon_e7, 3, decimals);
	text_printf(t, "%s%c", divider, p->lon_e7 < 0 ? 'W' : 'E');
}

void phrase_known(struct text *t, const struct position *p, uint32_t field, double v, int decimals)
{
	if (position_has(p, field))
		text_printf(t, "%.*f", decimals, v);
}

double phrase_or_zero(const struct position *p, uint32_t field, double v)
{
	return position_has(p, field) ? v : 0;
}

double phrase_course(const struct position *p, int decimals)
{
	double scale = pow(10, decimals);

	return fmod(round(phrase_or_zero(p, POSITION_COURSE, p->course_deg) * scale) / scale, 360);
}

size_t phrase_len(const struct text *t)
{
	return text_ok(t) ? t->len : 0;
}

size_t phrase_frame(uint8_t *out, size_t size, const char *identifier, const struct position *p, size_t n,
	void (*place)(struct text *t, const char *identifier, const struct position *p, bool newest),
	void (*end)(struct text *t, const char *identifier, const struct position *newest))
{
	struct text t = text_in((char *)out, size);

	for (size_t i = 0; i < n; i++)
		place(&t, identifier, &p[i], i + 1 == n);
	if (end)
		end(&t, identifier, &p[n - 1]);
	return phrase_len(&t);
}

/* ---- what is answered ---- */

enum match { MATCH_NOT, MATCH_SO_FAR, MATCH_WHOLE };

static bool stands_for(char pattern, uint8_t byte)
{
	if (pattern == '?')
		return isdigit(byte);
	return pattern == '^' ? isxdigit(byte) : (uint8_t)pattern == byte;
}

/* @n characters of a pattern without a ~. */
static enum match match_plain(const char *pattern, size_t n, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (i == len)
			return MATCH_SO_FAR;
		if (!stands_for(pattern[i], bytes[i]))
			return MATCH_NOT;
	}
	return MATCH_WHOLE;
}

static enum match match(const char *pattern, const uint8_t *bytes, size_t len, size_t *ret_used)
{
	size_t head = strcspn(pattern, "~"), tail = strlen(pattern + head);
	enum match m = match_plain(pattern, head, bytes, len);

	*ret_used = head;
	if (m != MATCH_WHOLE || tail == 0)
		return m;
	for (size_t n = 1; n <= DIALECT_IDENTIFIER_MAX; n++) {
		size_t at = head + n;
		if (at > len)
			return MATCH_SO_FAR;
		if (!isalnum(bytes[at - 1]))
			return MATCH_NOT;
		m = match_plain(pattern + head + 1, tail - 1, bytes + at, len - at);
		*ret_used = at + tail - 1;
		if (m != MATCH_NOT)
			return m;
	}
	return MATCH_NOT;
}

struct reply phrase_answer(const uint8_t *bytes, size_t len, const char *pattern, bool greeting, size_t sent)
{
	struct reply good = { .kind = greeting ? REPLY_WELCOME : REPLY_TAKEN, .taken = greeting ? 0 : sent };

	switch (match(pattern, bytes, len, &good.used)) {
	case MATCH_WHOLE:
		return good;
	case MATCH_SO_FAR:
		return (struct reply){ .kind = REPLY_MORE };
	case MATCH_NOT:
		break;
	}
	return (struct reply){ .kind = REPLY_GARBAGE };
}
