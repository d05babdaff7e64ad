/*
 * jt808_location - 0200 and what is made of it
 *
 *   location = alarm:4 status:4 lat:4 lon:4 (1e-6 degrees) altitude:2 (m) speed:2 (0.1 km/h) course:2 date:6 items
 *   status   = bit 0 ignition, 1 positioned, 2 south, 3 west, 26 charging (of some makers)
 *   0201     = serial:2 location
 *   0704     = n:2 kind:1 (1: stored) (length:2 location)*n
 *   0210     = (length:1 location)*, of some makers
 *
 * Not positioned: the place is the last known one, or 0, 0 when there never was one, which makes a contact.
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/jt808.h"

enum {
	IGNITION = 1 << 0,
	POSITIONED = 1 << 1,
	SOUTH = 1 << 2,
	WEST = 1 << 3,
	CHARGING = 1 << 26,
	STORED = 1, /* kind of a batch */
};

static const int64_t ZONE_MS = INT64_C(8) * 3600 * 1000;

/* In the order of the bits; 16 and 17 are makers' own. */
static void read_alarms(struct jt808_report *r, uint32_t alarm)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {
		{ 0, "sos" }, { 1, "overspeed" }, { 7, "lowPower" }, { 8, "powerCut" }, { 15, "vibration" },
		{ 16, "tamper" }, { 17, "tamper" }, { 26, "towing" }, /* stolen */
		{ 28, "movement" }, { 29, "accident" }, { 30, "accident" }, /* rolled over */
	};

	if (alarm != 0)
		attribute_int(&r->a, "event", alarm);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (alarm >> names[i].bit & 1)
			binary_alarm(&r->alarms, names[i].name);
}

static void read_place(struct jt808_report *r, uint32_t status, struct wire *w)
{
	int64_t lat = wire_u32(w) * INT64_C(10), lon = wire_u32(w) * INT64_C(10);
	int16_t altitude = wire_i16(w);
	uint16_t speed = wire_u16(w), course = wire_u16(w);

	if (!(status & POSITIONED) && lat == 0 && lon == 0)
		return;
	binary_place(r->p, status & SOUTH ? -lat : lat, status & WEST ? -lon : lon);
	if (!position_has(r->p, POSITION_LOCATION))
		return;
	r->p->invalid = !(status & POSITIONED);
	r->p->altitude_m = altitude;
	r->p->has |= POSITION_ALTITUDE;
	binary_speed(r->p, speed / 36.0);
	binary_course(r->p, course);
}

static int read_date(struct jt808_report *r, struct wire *w)
{
	const uint8_t *date = wire_bytes(w, BINARY_DATE);
	int e = date ? binary_date_packed(&r->p->time_ms, date) : REASON_BAD_FRAME;

	if (e == 0 && r->p->time_ms != 0)
		r->p->time_ms -= ZONE_MS;
	return e;
}

static int read_location(struct jt808 *m, struct wire w, bool stored)
{
	struct jt808_report r;
	int e = jt808_begin(&r, m);

	if (e != 0)
		return e;
	uint32_t alarm = wire_u32(&w), status = wire_u32(&w);
	read_place(&r, status, &w);
	e = read_date(&r, &w);
	if (e != 0)
		return e;
	attribute_int(&r.a, "status", status);
	attribute_bool(&r.a, "ignition", status & IGNITION);
	if (status & CHARGING)
		attribute_bool(&r.a, "charging", true);
	if (stored)
		attribute_bool(&r.a, "stored", true);
	read_alarms(&r, alarm);
	jt808_items(&r, &w);
	return jt808_end(&r, m);
}

int jt808_location(struct jt808 *m)
{
	return read_location(m, m->w, false);
}

int jt808_answered_location(struct jt808 *m)
{
	wire_u16(&m->w);
	return wire_ok(&m->w) ? read_location(m, m->w, false) : REASON_BAD_FRAME;
}

/* One location that its length of @size bytes stands before. */
static int read_part(struct jt808 *m, size_t size, bool stored)
{
	size_t n = (size_t)wire_be(&m->w, size);
	const uint8_t *bytes = wire_bytes(&m->w, n);

	return bytes ? read_location(m, wire_over(bytes, n), stored) : REASON_BAD_FRAME;
}

int jt808_batch(struct jt808 *m)
{
	uint16_t n = wire_u16(&m->w);
	uint8_t kind = wire_u8(&m->w);
	int e = wire_ok(&m->w) ? 0 : REASON_BAD_FRAME;

	for (; e == 0 && n > 0; n--)
		e = read_part(m, 2, kind == STORED);
	return e == 0 && m->w.left > 0 ? REASON_BAD_FRAME : e;
}

int jt808_short_batch(struct jt808 *m)
{
	int e = m->w.left > 0 ? 0 : REASON_BAD_FRAME;

	while (e == 0 && m->w.left > 0)
		e = read_part(m, 1, false);
	return e;
}
