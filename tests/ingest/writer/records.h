/* records - positions, and the Kafka records that carry them, for the writer's tests */
#pragma once

#include "base/position.h"
#include "bus/bus.h"

/* A device whose identifier is @n in every byte. */
struct uuid device(uint8_t n);

/* A fix of @device_n at @time_ms, received a second later, at 50.1703 -5.1138. */
struct position fix(uint8_t device_n, int64_t time_ms);

/* A report without a fix, received at @received_ms. */
struct position contact(uint8_t device_n, int64_t received_ms);

/* A record of @p as the gateway makes it; its memory is malloc'd, to be freed by bus_record_free() of fakes.c. */
struct bus_record record_of(const struct position *p, int32_t partition, int64_t offset);

/* A record of @value_len bytes of @value with the key of device @device_n. @value NULL: a tombstone. */
struct bus_record record_with(uint8_t device_n, const void *value, size_t value_len, int32_t partition, int64_t offset);
