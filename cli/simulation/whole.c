/* whole - rounding. */
#include "cli/simulation/whole.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

unsigned whole_speed(const struct position *p, float per_mps, unsigned max)
{
	if (!position_has(p, POSITION_SPEED))
		return 0;
	return (unsigned)lroundf(fminf(p->speed_mps * per_mps, (float)max));
}

unsigned whole_course_deg(const struct position *p)
{
	return position_has(p, POSITION_COURSE) ? (unsigned)lroundf(p->course_deg) % 360 : 0;
}

int16_t whole_altitude_m(const struct position *p)
{
	if (!position_has(p, POSITION_ALTITUDE))
		return 0;
	return (int16_t)lroundf(fmaxf(INT16_MIN, fminf(p->altitude_m, INT16_MAX)));
}

unsigned whole_battery_pct(const struct position *p)
{
	return position_has(p, POSITION_BATTERY) ? (unsigned)lroundf(p->battery_pct) : 0;
}

uint32_t whole_degrees(int32_t e7, uint32_t numerator, uint32_t denominator)
{
	return (uint32_t)(((uint64_t)llabs(e7) * numerator + denominator / 2) / denominator);
}

void whole_date(uint8_t out[static WHOLE_DATE], int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm t;

	gmtime_r(&seconds, &t);
	out[0] = (uint8_t)(t.tm_year % 100);
	out[1] = (uint8_t)(t.tm_mon + 1);
	out[2] = (uint8_t)t.tm_mday;
	out[3] = (uint8_t)t.tm_hour;
	out[4] = (uint8_t)t.tm_min;
	out[5] = (uint8_t)t.tm_sec;
}
