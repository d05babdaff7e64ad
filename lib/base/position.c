/* position - the bounds of a position's fields. */
#include "base/position.h"
#include "base/text.h"

#include <math.h>

/* The last millisecond of the year 9999, beyond which there is no text for a time. */
#define TIME_MAX_MS 253402300799999

static bool within(double v, double min, double max)
{
	return v >= min && v <= max; /* false for NaN */
}

static bool attribute_ok(const struct attribute *a)
{
	size_t len = a->name ? strnlen(a->name, ATTRIBUTE_NAME_MAX + 1) : 0;

	if (len == 0 || len > ATTRIBUTE_NAME_MAX || !text_is_utf8(a->name, len))
		return false;
	switch (a->type) {
	case ATTRIBUTE_BOOL:
	case ATTRIBUTE_INT:
		return true;
	case ATTRIBUTE_REAL:
		return isfinite(a->real);
	case ATTRIBUTE_TEXT:
		len = a->text ? strnlen(a->text, ATTRIBUTE_TEXT_MAX + 1) : ATTRIBUTE_TEXT_MAX + 1;
		return len <= ATTRIBUTE_TEXT_MAX && text_is_utf8(a->text, len);
	}
	return false;
}

static bool attributes_ok(const struct position *p)
{
	if (p->attributes_n > POSITION_ATTRIBUTES_MAX)
		return false;
	for (size_t i = 0; i < p->attributes_n; i++)
		if (!attribute_ok(&p->attributes[i]))
			return false;
	return true;
}

const char *position_fault(const struct position *p)
{
	if (p->time_ms < 0 || p->time_ms > TIME_MAX_MS)
		return "time";
	if (p->received_ms < 0 || p->received_ms > TIME_MAX_MS)
		return "received";
	if (position_has(p, POSITION_LOCATION) && !within(p->lat_e7, -90e7, 90e7))
		return "latitude";
	if (position_has(p, POSITION_LOCATION) && !within(p->lon_e7, -180e7, 180e7))
		return "longitude";
	if (position_has(p, POSITION_SPEED) && (!within(p->speed_mps, 0, INFINITY) || isinf(p->speed_mps)))
		return "speed";
	if (position_has(p, POSITION_COURSE) && (!within(p->course_deg, 0, 360) || p->course_deg >= 360))
		return "course";
	if (position_has(p, POSITION_ALTITUDE) && !isfinite(p->altitude_m))
		return "altitude";
	if (position_has(p, POSITION_ACCURACY) && (!within(p->accuracy_m, 0, INFINITY) || isinf(p->accuracy_m)))
		return "accuracy";
	if (position_has(p, POSITION_BATTERY) && !within(p->battery_pct, 0, 100))
		return "battery";
	return attributes_ok(p) ? NULL : "attributes";
}
