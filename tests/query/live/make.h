/* make - updates for tests */
#pragma once

#include "base/text.h"
#include "query/json/position_json.h"
#include "query/live/update.h"

static inline struct uuid device(uint32_t n)
{
	return (struct uuid){ { 0xDE, 1, [12] = (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
		(uint8_t)n } };
}

/* Of device(@n), at @time_ms, received at @received_ms. Its place is @offset of @partition. */
static inline struct update *make_update(
	uint32_t n, int64_t time_ms, int64_t received_ms, int32_t partition, int64_t offset)
{
	static char buf[POSITION_JSON_SIZE_MAX];
	struct text t = text_in(buf, sizeof buf);
	struct position p = { .device = device(n),
		.time_ms = time_ms,
		.received_ms = received_ms,
		.has = POSITION_LOCATION,
		.lat_e7 = 501703000,
		.lon_e7 = -51138000 };
	struct update *u = update_new(&p, &t);

	u->partition = partition;
	u->offset = offset;
	u->check = (uint32_t)(offset * 7919 + partition + 1);
	return u;
}
