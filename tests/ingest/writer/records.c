#include "records.h"
#include "record/record.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct uuid device(uint8_t n)
{
	struct uuid u;

	memset(u.b, n, sizeof(u.b));
	return u;
}

struct position fix(uint8_t device_n, int64_t time_ms)
{
	return (struct position){
		.device = device(device_n),
		.time_ms = time_ms,
		.received_ms = time_ms + 1000,
		.lat_e7 = 501703000,
		.lon_e7 = -51138000,
		.has = POSITION_LOCATION,
		.protocol = "osmand",
	};
}

struct position contact(uint8_t device_n, int64_t received_ms)
{
	return (struct position){ .device = device(device_n), .time_ms = received_ms, .received_ms = received_ms };
}

struct bus_record record_with(uint8_t device_n, const void *value, size_t value_len, int32_t partition, int64_t offset)
{
	struct uuid key = device(device_n);
	uint8_t *memory = malloc(sizeof(key.b) + value_len);

	ck_assert_ptr_nonnull(memory);
	memcpy(memory, key.b, sizeof(key.b));
	if (value)
		memcpy(memory + sizeof(key.b), value, value_len);
	return (struct bus_record){
		.topic = "positions",
		.partition = partition,
		.offset = offset,
		.time_ms = -1,
		.key = memory,
		.key_len = sizeof(key.b),
		.value = value ? memory + sizeof(key.b) : NULL,
		.value_len = value ? value_len : 0,
		.impl = memory,
	};
}

struct bus_record record_of(const struct position *p, int32_t partition, int64_t offset)
{
	static uint8_t value[RECORD_SIZE_MAX];
	size_t len = 0;

	ck_assert_int_eq(record_encode(p, value, sizeof(value), &len), 0);
	return record_with(p->device.b[0], value, len, partition, offset);
}
