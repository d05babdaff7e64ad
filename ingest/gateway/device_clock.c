/* device_clock - offset, bounds, weeks. */
#include "ingest/gateway/device_clock.h"

static const int64_t ROLLOVER_MS = 1024LL * 7 * 86400 * 1000;

int64_t device_clock_utc(int64_t said_ms, int32_t offset_s)
{
	int64_t utc_ms;

	if (said_ms <= 0)
		return said_ms;
	return __builtin_add_overflow(said_ms, offset_s * INT64_C(1000), &utc_ms) ? INT64_MAX : utc_ms;
}

/* @time_ms, as many rollovers later as it takes not to lie more than one before @latest_ms. */
static int64_t roll_forward(int64_t time_ms, int64_t latest_ms)
{
	return latest_ms - (latest_ms - time_ms) % ROLLOVER_MS;
}

int device_clock_check(int64_t *time_ms, int64_t now_ms, const struct device_clock_bounds *b)
{
	int64_t latest_ms = now_ms + b->future_max_ms, earliest_ms = now_ms - b->rollover_ms;

	if (*time_ms <= 0)
		return DEVICE_CLOCK_NONE;
	if (*time_ms > latest_ms)
		return DEVICE_CLOCK_AHEAD;
	if (b->rollover_ms == 0 || *time_ms >= earliest_ms)
		return 0;
	int64_t later_ms = roll_forward(*time_ms, latest_ms);
	if (later_ms < earliest_ms)
		return 0;
	*time_ms = later_ms;
	return DEVICE_CLOCK_ROLLED_OVER;
}
