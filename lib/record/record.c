/*
 * record - positions to and from protobuf
 *
 * Both ways without malloc: writing packs messages that lie on the stack, reading takes everything from the caller's
 * arena, whose end is the bound of what a record can claim.
 */
#include "record/record.h"
#include "record/position.pb-c.h"

#include <string.h>

/* ---- writing ---- */

/* The messages that packing needs beside each other. */
struct outgoing {
	Pettrack__Position position;
	Pettrack__Attribute attributes[POSITION_ATTRIBUTES_MAX];
	Pettrack__Attribute *list[POSITION_ATTRIBUTES_MAX];
};

/* protobuf-c's structs hold char *, but packing only reads. */
static char *unconst(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { .in = s };

	return u.out;
}

static void fill_attribute(Pettrack__Attribute *m, const struct attribute *a)
{
	pettrack__attribute__init(m);
	m->name = unconst(a->name);
	switch (a->type) {
	case ATTRIBUTE_BOOL:
		m->value_case = PETTRACK__ATTRIBUTE__VALUE_BOOLEAN;
		m->boolean = a->boolean;
		break;
	case ATTRIBUTE_INT:
		m->value_case = PETTRACK__ATTRIBUTE__VALUE_INTEGER;
		m->integer = a->integer;
		break;
	case ATTRIBUTE_REAL:
		m->value_case = PETTRACK__ATTRIBUTE__VALUE_REAL;
		m->real = a->real;
		break;
	case ATTRIBUTE_TEXT:
		m->value_case = PETTRACK__ATTRIBUTE__VALUE_TEXT;
		m->text = unconst(a->text);
		break;
	}
}

static void fill_fields(Pettrack__Position *m, const struct position *p)
{
	m->has_latitude = m->has_longitude = position_has(p, POSITION_LOCATION);
	m->latitude = p->lat_e7;
	m->longitude = p->lon_e7;
	m->has_speed = position_has(p, POSITION_SPEED);
	m->speed = p->speed_mps;
	m->has_course = position_has(p, POSITION_COURSE);
	m->course = p->course_deg;
	m->has_altitude = position_has(p, POSITION_ALTITUDE);
	m->altitude = p->altitude_m;
	m->has_accuracy = position_has(p, POSITION_ACCURACY);
	m->accuracy = p->accuracy_m;
	m->has_battery = position_has(p, POSITION_BATTERY);
	m->battery = p->battery_pct;
	m->has_invalid = m->invalid = p->invalid;
}

int record_encode(const struct position *p, uint8_t *out, size_t size, size_t *ret_len)
{
	struct outgoing o;
	struct uuid device = p->device;
	Pettrack__Position *m = &o.position;

	if (p->attributes_n > POSITION_ATTRIBUTES_MAX)
		return RECORD_E_TOO_LARGE;
	pettrack__position__init(m);
	m->device = (ProtobufCBinaryData){ .data = device.b, .len = sizeof device.b };
	m->time = (uint64_t)p->time_ms;
	m->received = (uint64_t)p->received_ms;
	fill_fields(m, p);
	m->protocol = unconst(p->protocol);
	for (size_t i = 0; i < p->attributes_n; i++) {
		fill_attribute(&o.attributes[i], &p->attributes[i]);
		o.list[i] = &o.attributes[i];
	}
	m->attributes = o.list;
	m->n_attributes = p->attributes_n;
	if (pettrack__position__get_packed_size(m) > size)
		return RECORD_E_TOO_LARGE;
	*ret_len = pettrack__position__pack(m, out);
	return 0;
}

/* ---- reading ---- */

/* protobuf-c's memory: the arena, and whether it was ever too small. */
struct memory {
	struct arena *arena;
	bool full;
};

static void *memory_take(void *user, size_t n)
{
	struct memory *m = user;
	void *p = arena_take(m->arena, n);

	m->full |= !p;
	return p;
}

static void memory_release(void *user, void *p)
{
	(void)user; /* the arena gives back everything at once */
	(void)p;
}

/* Returns false for a kind of value that a newer writer has and this reader does not know. */
static bool read_attribute(struct attribute *a, const Pettrack__Attribute *m)
{
	a->name = m->name;
	switch (m->value_case) {
	case PETTRACK__ATTRIBUTE__VALUE_BOOLEAN:
		a->type = ATTRIBUTE_BOOL;
		a->boolean = m->boolean;
		return true;
	case PETTRACK__ATTRIBUTE__VALUE_INTEGER:
		a->type = ATTRIBUTE_INT;
		a->integer = m->integer;
		return true;
	case PETTRACK__ATTRIBUTE__VALUE_REAL:
		a->type = ATTRIBUTE_REAL;
		a->real = m->real;
		return true;
	case PETTRACK__ATTRIBUTE__VALUE_TEXT:
		a->type = ATTRIBUTE_TEXT;
		a->text = m->text;
		return true;
	default:
		return false;
	}
}

static int read_attributes(struct position *p, struct arena *arena, const Pettrack__Position *m)
{
	if (m->n_attributes == 0)
		return 0;
	struct attribute *list = arena_take(arena, m->n_attributes * sizeof *list);
	if (!list)
		return RECORD_E_TOO_LARGE;
	p->attributes = list;
	for (size_t i = 0; i < m->n_attributes; i++)
		p->attributes_n += read_attribute(&list[p->attributes_n], m->attributes[i]);
	return 0;
}

static struct position read_fields(const Pettrack__Position *m)
{
	struct position p = {
		.time_ms = (int64_t)m->time,
		.received_ms = (int64_t)m->received,
		.lat_e7 = m->latitude,
		.lon_e7 = m->longitude,
		.speed_mps = m->speed,
		.course_deg = m->course,
		.altitude_m = m->altitude,
		.accuracy_m = m->accuracy,
		.battery_pct = m->battery,
		.invalid = m->invalid,
		.protocol = m->protocol,
	};

	memcpy(p.device.b, m->device.data, sizeof p.device.b);
	p.has |= m->has_latitude ? POSITION_LOCATION : 0;
	p.has |= m->has_speed ? POSITION_SPEED : 0;
	p.has |= m->has_course ? POSITION_COURSE : 0;
	p.has |= m->has_altitude ? POSITION_ALTITUDE : 0;
	p.has |= m->has_accuracy ? POSITION_ACCURACY : 0;
	p.has |= m->has_battery ? POSITION_BATTERY : 0;
	return p;
}

static int read_position(struct position *ret, struct arena *arena, const uint8_t *bytes, size_t len)
{
	struct memory memory = { .arena = arena };
	ProtobufCAllocator allocator = { .alloc = memory_take, .free = memory_release, .allocator_data = &memory };
	const Pettrack__Position *m = pettrack__position__unpack(&allocator, len, bytes);

	if (!m)
		return memory.full ? RECORD_E_TOO_LARGE : RECORD_E_MALFORMED;
	if (m->device.len != sizeof ret->device.b || m->has_latitude != m->has_longitude ||
		m->n_attributes > POSITION_ATTRIBUTES_MAX)
		return RECORD_E_MALFORMED;
	struct position p = read_fields(m);
	int r = read_attributes(&p, arena, m);
	if (r == 0 && position_fault(&p))
		r = RECORD_E_MALFORMED;
	if (r == 0)
		*ret = p;
	return r;
}

int record_decode(struct position *ret, struct arena *arena, const uint8_t *bytes, size_t len)
{
	size_t before = arena->used;
	int r = read_position(ret, arena, bytes, len);

	if (r)
		arena->used = before;
	return r;
}
