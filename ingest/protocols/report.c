/* report - texts to a position: place, time, numbers, attributes. */
#include "ingest/protocols/report.h"

#include "base/text.h"
#include "base/time.h"

#include <math.h>

static const int64_t TIME_MAX_MS = 253402300799999; /* the end of year 9999 */

void report_begin(struct report *r, struct arena *arena)
{
	r->p = (struct position){ 0 };
	r->arena = arena;
	attributes_begin(&r->extra);
}

int report_place(struct report *r, struct slice lat, struct slice lon)
{
	if (lat.n == 0 && lon.n == 0)
		return 0;
	if (lat.n == 0 || lon.n == 0)
		return REASON_BAD_VALUE;
	if (text_to_e7(&r->p.lat_e7, lat.s, lat.n, 90) != 0 || text_to_e7(&r->p.lon_e7, lon.s, lon.n, 180) != 0)
		return REASON_BAD_VALUE;
	r->p.has |= POSITION_LOCATION;
	return 0;
}

/* ---- times ---- */

static int from_number(int64_t *ret, struct slice text)
{
	static const int64_t ms_from = 100000000000; /* as seconds, the year 5138; as milliseconds, March 1973 */
	double real;
	int64_t v;

	if (text_to_int(&v, text.s, text.n) == 0) {
		if (v < 0 || v > TIME_MAX_MS)
			return REASON_BAD_VALUE;
		*ret = v < ms_from ? v * 1000 : v;
		return 0;
	}
	if (text_to_real(&real, text.s, text.n) != 0 || !(real >= 0) || real > (double)TIME_MAX_MS)
		return REASON_BAD_VALUE;
	*ret = (int64_t)(real < (double)ms_from ? real * 1000 + 0.5 : real);
	return 0;
}

/* In a query the plus of "+01:00" has become a blank, unless the app escaped it. */
static int from_date(int64_t *ret, struct slice text)
{
	char copy[40];

	if (time_parse(ret, text.s, text.n) == 0)
		return 0;
	if (text.n < 6 || text.n >= sizeof copy || text.s[text.n - 6] != ' ')
		return REASON_BAD_VALUE;
	memcpy(copy, text.s, text.n);
	copy[text.n - 6] = '+';
	return time_parse(ret, copy, text.n) == 0 ? 0 : REASON_BAD_VALUE;
}

int report_time(struct report *r, struct slice text)
{
	int64_t ms;

	if (text.n == 0)
		return 0;
	int e = from_number(&ms, text);
	if (e != 0)
		e = from_date(&ms, text);
	if (e == 0)
		r->p.time_ms = ms;
	return e;
}

/* ---- numbers ---- */

/* Stores @text, times @unit, when it is a number within @min and @max that a float can hold. */
static void store(struct report *r, float *to, uint32_t field, struct slice text, double unit, double min, double max)
{
	double v;

	if (text.n == 0 || text_to_real(&v, text.s, text.n) != 0 || v * unit < min || v * unit > max)
		return;
	*to = (float)(v * unit);
	r->p.has |= field;
}

void report_speed(struct report *r, struct slice text, double mps)
{
	store(r, &r->p.speed_mps, POSITION_SPEED, text, mps, 0, 1e6);
}

void report_course(struct report *r, struct slice degrees)
{
	store(r, &r->p.course_deg, POSITION_COURSE, degrees, 1, 0, 360);
	if (r->p.course_deg >= 360)
		r->p.course_deg = 0;
}

void report_altitude(struct report *r, struct slice metres)
{
	store(r, &r->p.altitude_m, POSITION_ALTITUDE, metres, 1, -1e6, 1e6);
}

void report_accuracy(struct report *r, struct slice metres)
{
	store(r, &r->p.accuracy_m, POSITION_ACCURACY, metres, 1, 0, 1e9);
	if (r->p.accuracy_m == 0) /* what apps send that have none */
		r->p.has &= ~(uint32_t)POSITION_ACCURACY;
}

void report_battery(struct report *r, struct slice text, double percent)
{
	store(r, &r->p.battery_pct, POSITION_BATTERY, text, percent, 0, 100);
}

/* ---- attributes ---- */

void report_real(struct report *r, const char *name, struct slice text)
{
	double v;

	if (text.n > 0 && text_to_real(&v, text.s, text.n) == 0)
		attribute_real(&r->extra, name, v);
}

void report_bool(struct report *r, const char *name, struct slice text)
{
	if (slice_is_nocase(text, "true") || slice_is(text, "1"))
		attribute_bool(&r->extra, name, true);
	else if (slice_is_nocase(text, "false") || slice_is(text, "0"))
		attribute_bool(&r->extra, name, false);
}

static const char *safe_name(struct report *r, struct slice name)
{
	char *copy = name.n > 0 && name.n <= ATTRIBUTE_NAME_MAX ? arena_text(r->arena, name.s, name.n) : NULL;

	for (char *c = copy; c && c < copy + name.n; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') && *c != '-')
			*c = '_';
	return copy;
}

static bool has_leading_zero(struct slice text)
{
	return text.n > 1 && text.s[0] == '0' && text.s[1] >= '0' && text.s[1] <= '9';
}

void report_other(struct report *r, struct slice name, struct slice text)
{
	const char *safe = text.n > 0 && text.n <= ATTRIBUTE_TEXT_MAX ? safe_name(r, name) : NULL;
	bool number = !has_leading_zero(text) && text.n > 0 && text.s[0] != '+';
	int64_t integer;
	double real;

	if (!safe)
		return;
	if (slice_is_nocase(text, "true") || slice_is_nocase(text, "false")) {
		attribute_bool(&r->extra, safe, (text.s[0] | 32) == 't');
	} else if (number && text_to_int(&integer, text.s, text.n) == 0) {
		attribute_int(&r->extra, safe, integer);
	} else if (number && text_to_real(&real, text.s, text.n) == 0) {
		attribute_real(&r->extra, safe, real);
	} else {
		const char *copy = arena_text(r->arena, text.s, text.n);
		if (copy)
			attribute_text(&r->extra, safe, copy);
	}
}

int report_end(struct report *r, struct protocol_scratch *scratch, struct protocol_result *result)
{
	if (result->positions_n == scratch->positions_max || !attributes_end(&r->extra, &r->p, r->arena))
		return REASON_TOO_MANY;
	result->positions = scratch->positions;
	result->positions[result->positions_n++] = r->p;
	return 0;
}
