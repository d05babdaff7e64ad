/*
 * time - calendar time to and from milliseconds since 1970-01-01 UTC
 *
 * Proleptic Gregorian, no leap seconds, years 1970 to 9999. Never touches the process's time zone.
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_SIZE = 25 }; /* "2026-01-02T03:04:05.000Z" and its NUL */

/* Milliseconds for a UTC date and time. @month 1..12, @day 1..31, @ms 0..999. 0, or -EINVAL when there is no such
 * day or time (a 60th second counts as the next minute, RFC 3339 section 5.7). */
MUST_CHECK int time_from_utc(int64_t *ret_ms, int year, int month, int day, int hour, int minute, int second, int ms);

/* Reads @len bytes of ISO 8601 / RFC 3339: "2026-01-02T03:04:05", with a space for T, with ".1" to ".123456789"
 * (cut to milliseconds), with "Z", "+01:00", "+0100" or nothing (taken as UTC). 0, or -EINVAL. */
MUST_CHECK int time_parse(int64_t *ret_ms, const char *text, size_t len);

/* Writes RFC 3339 in UTC with milliseconds and a NUL. Times outside the years above are clamped to them. */
void time_format(char out[static TIME_TEXT_SIZE], int64_t ms);
