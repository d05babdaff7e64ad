/*
 * position - one report of a tracker: where its device was, and what else it said
 *
 * A plain value; text and attributes point into memory of whoever made it (an arena, usually) and live as long.
 * Unknown is absent: a field counts only where its bit is set in @has. A report without POSITION_LOCATION is a
 * contact: the tracker spoke, but had no fix.
 */
#pragma once

#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum position_field {
	POSITION_LOCATION = 1 << 0, /* lat_e7 and lon_e7 */
	POSITION_SPEED = 1 << 1,
	POSITION_COURSE = 1 << 2,
	POSITION_ALTITUDE = 1 << 3,
	POSITION_ACCURACY = 1 << 4,
	POSITION_BATTERY = 1 << 5,
};

enum attribute_type {
	ATTRIBUTE_BOOL = 1,
	ATTRIBUTE_INT,
	ATTRIBUTE_REAL,
	ATTRIBUTE_TEXT,
};

enum {
	POSITION_ATTRIBUTES_MAX = 64, /* more are dropped by decoders and refused by the record reader */
	ATTRIBUTE_NAME_MAX = 64, /* bytes */
	ATTRIBUTE_TEXT_MAX = 256, /* bytes */
};

/* Something a protocol says beyond the common fields. Names are lowerCamelCase and listed in docs/PROTOCOLS.md. */
struct attribute {
	const char *name;
	enum attribute_type type;
	union {
		bool boolean;
		int64_t integer;
		double real;
		const char *text; /* UTF-8 */
	};
};

struct position {
	struct uuid device;
	int64_t time_ms; /* the fix, by the device's clock, UTC since 1970; of a contact, when it was said */
	int64_t received_ms; /* when the gateway had it, its own clock */
	int32_t lat_e7; /* degrees x 1e7, WGS 84, south negative, -90..90 degrees */
	int32_t lon_e7; /* the same, west negative, -180..180 degrees */
	float speed_mps; /* m/s, >= 0 */
	float course_deg; /* from true north, 0 <= course < 360 */
	float altitude_m; /* metres, as the device has them */
	float accuracy_m; /* metres, the radius the device claims, >= 0 */
	float battery_pct; /* 0..100 */
	uint32_t has; /* enum position_field bits */
	bool invalid; /* the device itself marks the fix as not valid */
	const char *protocol; /* the name in the protocol table; NULL when unknown */
	const struct attribute *attributes;
	size_t attributes_n;
};

static inline bool position_has(const struct position *p, uint32_t fields)
{
	return (p->has & fields) == fields;
}

/* NULL when every field is within the bounds above, else the name of the first that is not. */
const char *position_fault(const struct position *p);
