/* time - days are counted in years that begin on 1 March, so that the leap day comes last (after H. Hinnant). */
#include "base/time.h"

#include <errno.h>
#include <stdbool.h>

enum { YEAR_MIN = 1970, YEAR_MAX = 9999, DAY_MS = 86400000 };

#define TIME_MAX_MS 253402300799999 /* 9999-12-31T23:59:59.999Z */

static bool leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

static int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400, year_of_era = y % 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = days / 146097, day_of_era = days % 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(era * 400 + year_of_era + (*month <= 2));
}

int time_from_utc(int64_t *ret_ms, int year, int month, int day, int hour, int minute, int second, int ms)
{
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return -EINVAL;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || ms < 0 || ms > 999)
		return -EINVAL;
	*ret_ms = days_from_date(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * (int64_t)1000 + ms;
	return 0;
}

/* What is left of the text; a mismatch sticks. */
struct reader {
	const char *at, *end;
	bool bad;
};

static bool next_is(struct reader *r, const char *any_of)
{
	if (r->bad || r->at == r->end)
		return false;
	for (; *any_of; any_of++)
		if (*r->at == *any_of) {
			r->at++;
			return true;
		}
	return false;
}

static void expect(struct reader *r, const char *any_of)
{
	if (!next_is(r, any_of))
		r->bad = true;
}

static bool at_digit(const struct reader *r)
{
	return !r->bad && r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static int digits(struct reader *r, int n)
{
	int v = 0;

	for (; n > 0; n--) {
		if (!at_digit(r)) {
			r->bad = true;
			return 0;
		}
		v = v * 10 + (*r->at++ - '0');
	}
	return v;
}

/* ".1" to ".123456789" as milliseconds, cut; 0 where there is none. */
static int fraction_ms(struct reader *r)
{
	int ms = 0, n = 0;

	if (!next_is(r, "."))
		return 0;
	for (; at_digit(r); n++, r->at++)
		if (n < 3)
			ms = ms * 10 + (*r->at - '0');
	if (n < 1 || n > 9)
		r->bad = true;
	for (; n < 3; n++)
		ms *= 10;
	return ms;
}

/* "Z", "+01:00", "-0100" or nothing, as milliseconds east of UTC. */
static int64_t offset_ms(struct reader *r)
{
	if (r->at == r->end || next_is(r, "Zz"))
		return 0;
	bool west = next_is(r, "-");
	if (!west)
		expect(r, "+");
	int hour = digits(r, 2);
	next_is(r, ":");
	int minute = digits(r, 2);
	if (hour > 23 || minute > 59)
		r->bad = true;
	return (west ? -1 : 1) * (hour * 60 + minute) * (int64_t)60000;
}

int time_parse(int64_t *ret_ms, const char *text, size_t len)
{
	struct reader r = { .at = text, .end = text + len };
	int64_t t;

	int year = digits(&r, 4);
	expect(&r, "-");
	int month = digits(&r, 2);
	expect(&r, "-");
	int day = digits(&r, 2);
	expect(&r, "Tt ");
	int hour = digits(&r, 2);
	expect(&r, ":");
	int minute = digits(&r, 2);
	expect(&r, ":");
	int second = digits(&r, 2);
	int ms = fraction_ms(&r);
	int64_t offset = offset_ms(&r);

	if (r.bad || r.at != r.end || time_from_utc(&t, year, month, day, hour, minute, second, ms))
		return -EINVAL;
	t -= offset;
	if (t < 0 || t > TIME_MAX_MS)
		return -EINVAL;
	*ret_ms = t;
	return 0;
}

static char *put(char *out, int v, int n, char after)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		out[i] = (char)('0' + v % 10);
	out[n] = after;
	return out + n + 1;
}

void time_format(char out[static TIME_TEXT_SIZE], int64_t ms)
{
	int year, month, day;

	ms = ms < 0 ? 0 : ms > TIME_MAX_MS ? TIME_MAX_MS : ms;
	date_from_days(ms / DAY_MS, &year, &month, &day);
	int rest = (int)(ms % DAY_MS);

	out = put(out, year, 4, '-');
	out = put(out, month, 2, '-');
	out = put(out, day, 2, 'T');
	out = put(out, rest / 3600000, 2, ':');
	out = put(out, rest / 60000 % 60, 2, ':');
	out = put(out, rest / 1000 % 60, 2, '.');
	out = put(out, rest % 1000, 3, 'Z');
	*out = '\0';
}
