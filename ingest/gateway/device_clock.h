/*
 * device_clock - what a tracker's clock says, and what it means
 *
 * Pure. Thread: any.
 */
#pragma once

#include <stdint.h>

/* The reading of a clock that is not set to UTC, as UTC: @offset_s is added, as far as there are times. No date (0, or before
 * 1970) stays none. */
int64_t device_clock_utc(int64_t said_ms, int32_t offset_s);

struct device_clock_bounds {
	int64_t future_max_ms; /* how far a clock may be ahead */
	int64_t rollover_ms; /* how old a fix may be that is taken for one from before a rollover; 0: none is */
};

/* What is wrong with a reading. */
enum device_clock_fault {
	DEVICE_CLOCK_NONE = 1, /* no date: 0, or before 1970 */
	DEVICE_CLOCK_AHEAD, /* beyond future_max_ms */
	DEVICE_CLOCK_ROLLED_OVER, /* and mended */
	DEVICE_CLOCK_FAULTS,
};

/*
 * 0 and *time_ms left as it is, or enum device_clock_fault.
 *
 * GPS counts weeks in ten bits (IS-GPS-200, 20.3.3.3.1.1), so that an old chip takes a day for the one 1024 weeks, or a
 * multiple of it, before. A time that such a step brings to within rollover_ms before @now_ms, and not beyond
 * future_max_ms after it, is moved there. Both together must be less than 1024 weeks.
 */
int device_clock_check(int64_t *time_ms, int64_t now_ms, const struct device_clock_bounds *b);
