/*
 * whole - what a position says in the whole units that trackers count in
 *
 * A field that the position does not have is 0: binary frames have no way to leave one out.
 * Thread: any.
 */
#pragma once

#include "base/position.h"

/* Speed in @per_mps-ths of a metre a second (3.6: km/h), at most @max. */
unsigned whole_speed(const struct position *p, float per_mps, unsigned max);

/* 0 to 359. */
unsigned whole_course_deg(const struct position *p);

int16_t whole_altitude_m(const struct position *p);

unsigned whole_battery_pct(const struct position *p);

/* Coordinates have the precision of the frame: |@e7| * @numerator / @denominator, rounded. */
uint32_t whole_degrees(int32_t e7, uint32_t numerator, uint32_t denominator);

enum { WHOLE_DATE = 6 };

/* Year of the century, month, day, hour, minute, second of @time_ms in UTC. */
void whole_date(uint8_t out[static WHOLE_DATE], int64_t time_ms);
