/*
 * jt808_lock - what Jointech's locks and trackers say beside JT/T 808
 *
 *   5501 (5502: from where there is no fix) = date:6 (ddmmyyhhmmss, packed, UTC) lat:4 (ddmm.mmmm) lon:4.5 (dddmm.mmmm) flags:0.5 speed:1 (packed, knots)
 *       course:1 (2 degrees) gsm:1 satellites:1 odometer:4 (km) battery:1 (percent; AA, AB: charging) cid:4 lac:2
 *       product:1 status:2 alarm:2 (id:1 length:1 bytes)*
 *   flags = bit 1 north, 2 east
 *   "(ID,1,001,BASE,2,TIME)" asks for the time; other sentences answer commands
 *
 * Source: Jointech, "JT701 series protocol" and "Jointech positioning and lock protocol (P45)".
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/jt808.h"
#include "ingest/protocols/slice.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

enum { BLIND = 0x5502, NORTH = 2, EAST = 4, PRODUCT_LOCK = 3 };

static const double KNOT_MPS = 1852.0 / 3600.0;

/* Degrees and minutes as one number, ddmmmmmm, to degrees x 1e7: minutes x 1e4 / 60 x 1e3, rounded. */
static int64_t degrees_e7(int64_t packed)
{
	return packed / 1000000 * 10000000 + (packed % 1000000 * 100 + 3) / 6;
}

static int read_date(struct jt808_report *r, struct wire *w)
{
	const uint8_t *d = wire_bytes(w, BINARY_DATE);

	if (!d)
		return REASON_BAD_FRAME;
	const uint8_t ordered[BINARY_DATE] = { d[2], d[1], d[0], d[3], d[4], d[5] };
	return binary_date_packed(&r->p->time_ms, ordered);
}

static int read_place(struct jt808_report *r, struct wire *w, bool blind)
{
	enum { LAT = 4, LON = 4 };
	const uint8_t *lat_bytes = wire_bytes(w, LAT), *lon_bytes = wire_bytes(w, LON);
	uint8_t last = wire_u8(w);
	const uint8_t *speed = wire_bytes(w, 1);
	uint8_t course = wire_u8(w), flags = last & 15;

	if (!wire_ok(w))
		return REASON_BAD_FRAME;
	int64_t lat = binary_packed(lat_bytes, LAT), lon = binary_packed(lon_bytes, LON),
		knots = binary_packed(speed, 1);
	if (lat < 0 || lon < 0 || last >> 4 > 9)
		return REASON_BAD_VALUE;
	lat = degrees_e7(lat);
	lon = degrees_e7(lon * 10 + (last >> 4));
	if (blind && lat == 0 && lon == 0)
		return 0;
	binary_place(r->p, flags & NORTH ? lat : -lat, flags & EAST ? lon : -lon);
	if (!position_has(r->p, POSITION_LOCATION))
		return 0;
	r->p->invalid = blind;
	if (knots >= 0)
		binary_speed(r->p, (double)knots * KNOT_MPS);
	binary_course(r->p, course * 2);
	return 0;
}

static void read_alarms(struct jt808_report *r, uint8_t product, uint16_t alarm)
{
	static const char *const lock[] = { "overspeed", "lowPower", "vibration", "lowBattery", NULL, "geofenceEnter",
		"geofenceExit" };

	if (alarm != 0)
		attribute_int(&r->a, "event", alarm);
	if (product != PRODUCT_LOCK) {
		if (alarm & 1)
			binary_alarm(&r->alarms, "lowPower");
		return;
	}
	for (size_t i = 0; i < sizeof lock / sizeof *lock; i++)
		if (lock[i] && alarm >> i & 1)
			binary_alarm(&r->alarms, lock[i]);
}

static void read_state(struct jt808_report *r, struct wire *w)
{
	enum { CHARGING = 0xAA, CHARGED = 0xAB };

	attribute_int(&r->a, "gsmSignal", wire_u8(w));
	attribute_int(&r->a, "satellites", wire_u8(w));
	attribute_int(&r->a, "odometer", wire_u32(w) * INT64_C(1000));
	uint8_t battery = wire_u8(w);
	binary_battery(r->p, battery);
	if (battery == CHARGING || battery == CHARGED)
		attribute_bool(&r->a, "charging", true);
	uint32_t cid = wire_u32(w);
	uint16_t lac = wire_u16(w);
	if (cid != 0 && lac != 0) {
		attribute_int(&r->a, "cellId", cid); /* without the network's codes it is no cell to look up */
		attribute_int(&r->a, "areaCode", lac);
	}
	uint8_t product = wire_u8(w);
	attribute_int(&r->a, "status", wire_u16(w));
	read_alarms(r, product, wire_u16(w));
}

static void read_items(struct jt808_report *r, struct wire *w)
{
	while (w->left >= 2) {
		uint8_t id = wire_u8(w);
		size_t n = wire_u8(w);
		const uint8_t *bytes = wire_bytes(w, n);
		if (!bytes)
			return;
		struct wire item = wire_over(bytes, n);
		if (id == 0x02 && n == 2 && position_has(r->p, POSITION_LOCATION)) {
			r->p->altitude_m = wire_i16(&item);
			r->p->has |= POSITION_ALTITUDE;
		} else if (id == 0x10 && n == 1) {
			attribute_int(&r->a, "wakeSource", wire_u8(&item));
		}
	}
}

int jt808_lock(struct jt808 *m)
{
	struct jt808_report r;
	int e = jt808_begin(&r, m);

	if (e == 0)
		e = read_date(&r, &m->w);
	if (e == 0)
		e = read_place(&r, &m->w, m->id == BLIND);
	if (e != 0)
		return e;
	read_state(&r, &m->w);
	if (!wire_ok(&m->w))
		return REASON_BAD_FRAME;
	read_items(&r, &m->w);
	return jt808_end(&r, m);
}

/* ---- sentences ---- */

int jt808_sentence(struct jt808 *m, const uint8_t *text, size_t n, const char **ret_identifier)
{
	struct slice all = slice_of((const char *)text, n), rest, id;
	struct jt808_report r;

	if (n < 2 || text[n - 1] != ')')
		return REASON_BAD_FRAME;
	rest = slice_of(all.s + 1, n - 2);
	id = slice_cut(&rest, ',');
	if (id.n == 0 || id.n > PROTOCOL_IDENTIFIER_MAX || memchr(id.s, '\0', id.n))
		return REASON_BAD_FRAME;
	*ret_identifier = arena_text(&m->scratch->arena, id.s, id.n);
	if (!*ret_identifier)
		return REASON_TOO_MANY;
	if (slice_is(rest, "1,001,BASE,2,TIME"))
		return 0;
	int e = jt808_begin(&r, m);
	if (e != 0)
		return e;
	binary_text(&r.a, r.arena, "result", (const uint8_t *)rest.s, rest.n);
	return jt808_end(&r, m);
}
