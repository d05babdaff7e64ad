/*
 * meitrack_binary - the records of CCC and CCE, little-endian throughout
 *
 *   CCC = version:2 size:2 cached:4 record[]
 *   record of 52 = event:1 lat:4 lon:4 time:4 valid:1 satellites:1 GSM:1 km/h:2 course:2 hdop:2 altitude:2 metres:4 running:4
 *                  mcc:2 mnc:2 lac:2 cid:2 I/O:2 analog:2 battery:2 power:2 fence:4
 *
 *   CCE = cached:4 count:2 (size:2 record)*count
 *   record = parameters:2  n:1 (id value:1)*n  n:1 (id value:2)*n  n:1 (id value:4)*n  n:1 (id length:1 bytes)*n
 *            id is one byte, or FE and another
 *
 * Degrees x 1e6, time in seconds since 2000, hdop in tenths, analog values and voltages in 10 mV. What the parameters are is in the
 * table; others are passed over, and so is what stands in a record behind them.
 */
#include "ingest/protocols/meitrack.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"
#include "base/wire.h"

enum {
	CCC_HEAD = 8,
	CCC_RECORD = 52,
	EXTENSION = 0xFE,
	EPOCH_S = 946684800, /* 2000-01-01 */
	CHARGING = 1 << 6, /* of the system flag */
	CELL_SIZE = 12,
	WIFI_SIZE = 8,
	TEMPERATURE_SIZE = 3,
};

static const double KMH_MPS = 1 / 3.6;

/* A record while it is read. */
struct record {
	struct report report;
	struct parts wifi;
	int64_t lat_e6, lon_e6, time_s; /* time_s 0: not said */
	bool has_lat, has_lon, valid;
	double speed, course, altitude;
	uint8_t has; /* of the last three, in bits */
};

enum { HAS_SPEED = 1, HAS_COURSE = 2, HAS_ALTITUDE = 4 };

static void begin(struct record *rec, struct arena *arena)
{
	*rec = (struct record){ .time_s = 0 };
	report_begin(&rec->report, arena);
	parts_begin(&rec->wifi);
}

static int put_place(struct position *p, const struct record *rec)
{
	if (!rec->has_lat || !rec->has_lon)
		return rec->valid ? REASON_BAD_VALUE : 0;
	if (rec->lat_e6 < -90000000 || rec->lat_e6 > 90000000 || rec->lon_e6 < -180000000 || rec->lon_e6 > 180000000)
		return sentence_fix(p, rec->valid, REASON_BAD_VALUE);
	p->lat_e7 = (int32_t)(rec->lat_e6 * 10);
	p->lon_e7 = (int32_t)(rec->lon_e6 * 10);
	p->has |= POSITION_LOCATION;
	return sentence_fix(p, rec->valid, 0);
}

static int end(struct record *rec, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct position *p = &rec->report.p;
	int e = put_place(p, rec);

	if (e != 0)
		return e;
	if (rec->time_s > 0)
		p->time_ms = (EPOCH_S + rec->time_s) * 1000;
	if (position_has(p, POSITION_LOCATION)) {
		if (rec->has & HAS_SPEED) {
			p->speed_mps = (float)(rec->speed * KMH_MPS);
			p->has |= POSITION_SPEED;
		}
		if (rec->has & HAS_COURSE && rec->course <= 360) {
			p->course_deg = rec->course < 360 ? (float)rec->course : 0;
			p->has |= POSITION_COURSE;
		}
		if (rec->has & HAS_ALTITUDE) {
			p->altitude_m = (float)rec->altitude;
			p->has |= POSITION_ALTITUDE;
		}
	}
	parts_end(&rec->wifi, "wifi", &rec->report.extra, rec->report.arena);
	return report_end(&rec->report, scratch, result);
}

static void put_cell(struct report *r, struct parts_cell c)
{
	struct parts list;

	parts_begin(&list);
	if (c.mcc > 0 && (c.lac || c.cid))
		parts_cell(&list, &c);
	parts_end(&list, "cells", &r->extra, r->arena);
}

/* ---- CCC ---- */

static int read_ccc(struct wire *w, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct record rec;
	struct attributes *extra = &rec.report.extra;

	begin(&rec, &scratch->arena);
	meitrack_event(&rec.report, wire_u8(w));
	rec.lat_e6 = (int32_t)wire_le(w, 4);
	rec.lon_e6 = (int32_t)wire_le(w, 4);
	rec.has_lat = rec.has_lon = true;
	rec.time_s = (int64_t)wire_le(w, 4);
	rec.valid = wire_u8(w) == 1;
	attribute_int(extra, "satellites", wire_u8(w));
	attribute_int(extra, "gsmSignal", wire_u8(w));
	rec.speed = (double)wire_le(w, 2);
	rec.course = (double)wire_le(w, 2);
	attribute_real(extra, "hdop", (double)wire_le(w, 2) / 10);
	rec.altitude = (int16_t)wire_le(w, 2);
	rec.has = HAS_SPEED | HAS_COURSE | HAS_ALTITUDE;
	attribute_int(extra, "odometer", (int64_t)wire_le(w, 4));
	attribute_int(extra, "runtime", (int64_t)wire_le(w, 4));
	struct parts_cell c = { .mcc = (uint32_t)wire_le(w, 2) };
	c.mnc = (uint32_t)wire_le(w, 2);
	c.lac = (uint32_t)wire_le(w, 2);
	c.cid = wire_le(w, 2);
	put_cell(&rec.report, c);
	uint32_t io = (uint32_t)wire_le(w, 2);
	meitrack_inputs(&rec.report, io >> 8);
	meitrack_outputs(&rec.report, io & 0xFF);
	attribute_real(extra, "analog1", (double)wire_le(w, 2) / 100);
	attribute_real(extra, "batteryVoltage", (double)wire_le(w, 2) / 100);
	attribute_real(extra, "externalVoltage", (double)wire_le(w, 2) / 100);
	wire_le(w, 4);
	return end(&rec, scratch, result);
}

int meitrack_ccc(const uint8_t *bytes, size_t len, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct wire w = wire_over(bytes, len);
	int e = 0;

	if (!wire_bytes(&w, CCC_HEAD) || w.left == 0 || w.left % CCC_RECORD != 0)
		return REASON_BAD_FRAME;
	while (e == 0 && w.left > 0)
		e = read_ccc(&w, scratch, result);
	return e;
}

/* ---- CCE: parameters ---- */

enum kind {
	EVENT,
	VALID,
	LAT,
	LON,
	TIME,
	SPEED,
	COURSE,
	ALTITUDE,
	BATTERY, /* percent */
	INPUTS,
	OUTPUTS,
	FLAGS, /* the system's */
	NUMBER,
	SCALED, /* divided by per */
};

static const struct parameter {
	uint16_t id;
	enum kind kind;
	const char *name;
	double per;
} parameters[] = {
	{ 0x01, EVENT, NULL, 0 },
	{ 0x02, LAT, NULL, 0 },
	{ 0x03, LON, NULL, 0 },
	{ 0x04, TIME, NULL, 0 },
	{ 0x05, VALID, NULL, 0 },
	{ 0x06, NUMBER, "satellites", 0 },
	{ 0x07, NUMBER, "gsmSignal", 0 },
	{ 0x08, SPEED, NULL, 0 },
	{ 0x09, COURSE, NULL, 0 },
	{ 0x0A, SCALED, "hdop", 10 },
	{ 0x0B, ALTITUDE, NULL, 0 },
	{ 0x0C, NUMBER, "odometer", 0 },
	{ 0x0D, NUMBER, "runtime", 0 },
	{ 0x14, OUTPUTS, NULL, 0 },
	{ 0x15, INPUTS, NULL, 0 },
	{ 0x16, SCALED, "analog1", 100 },
	{ 0x17, SCALED, "analog2", 100 },
	{ 0x18, SCALED, "analog3", 100 },
	{ 0x19, SCALED, "batteryVoltage", 100 },
	{ 0x1A, SCALED, "externalVoltage", 100 },
	{ 0x1C, FLAGS, NULL, 0 },
	{ 0x29, SCALED, "fuel", 100 },
	{ 0x40, EVENT, NULL, 0 },
	{ 0x97, BATTERY, NULL, 0 },
	{ 0x99, NUMBER, "rpm", 0 },
	{ 0x9C, NUMBER, "coolantTemperature", 0 },
	{ 0xFE69, BATTERY, NULL, 0 },
};

static const struct parameter *find(uint16_t id)
{
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
		if (parameters[i].id == id)
			return &parameters[i];
	return NULL;
}

static void put_battery(struct position *p, uint64_t v)
{
	if (v > 100)
		return;
	p->battery_pct = (float)v;
	p->has |= POSITION_BATTERY;
}

static void put_flags(struct report *r, uint64_t flags)
{
	attribute_int(&r->extra, "status", (int64_t)flags);
	attribute_bool(&r->extra, "charging", (flags & CHARGING) != 0);
}

static void put_value(struct record *rec, const struct parameter *p, uint64_t v)
{
	struct report *r = &rec->report;

	switch (p->kind) {
	case EVENT:
		meitrack_event(r, (uint32_t)v);
		break;
	case VALID:
		rec->valid = v > 0;
		break;
	case LAT:
		rec->lat_e6 = (int32_t)v;
		rec->has_lat = true;
		break;
	case LON:
		rec->lon_e6 = (int32_t)v;
		rec->has_lon = true;
		break;
	case TIME:
		rec->time_s = (int64_t)v;
		break;
	case SPEED:
		rec->speed = (double)v;
		rec->has |= HAS_SPEED;
		break;
	case COURSE:
		rec->course = (double)v;
		rec->has |= HAS_COURSE;
		break;
	case ALTITUDE:
		rec->altitude = (int16_t)v;
		rec->has |= HAS_ALTITUDE;
		break;
	case BATTERY:
		put_battery(&r->p, v);
		break;
	case INPUTS:
		meitrack_inputs(r, (uint32_t)v);
		break;
	case OUTPUTS:
		meitrack_outputs(r, (uint32_t)v);
		break;
	case FLAGS:
		put_flags(r, v);
		break;
	case NUMBER:
		attribute_int(&r->extra, p->name, (int64_t)v);
		break;
	case SCALED:
		attribute_real(&r->extra, p->name, (double)v / p->per);
		break;
	}
}

static uint16_t read_id(struct wire *w)
{
	uint8_t id = wire_u8(w);

	return id == EXTENSION ? (uint16_t)(EXTENSION << 8 | wire_u8(w)) : id;
}

/* Signed, and no level of a radio when it is not below zero. */
static bool read_dbm(struct wire *w, int64_t *ret)
{
	*ret = (int16_t)wire_le(w, 2);
	return *ret < 0 && *ret > -200;
}

static void put_tower(struct report *r, struct wire *w)
{
	struct parts_cell c = { .mcc = (uint32_t)wire_le(w, 2) };

	c.mnc = (uint32_t)wire_le(w, 2);
	c.lac = (uint32_t)wire_le(w, 2);
	c.cid = wire_le(w, 4);
	c.has_rssi = read_dbm(w, &c.rssi);
	put_cell(r, c);
}

static void put_access_point(struct record *rec, struct wire *w)
{
	const uint8_t *mac = wire_bytes(w, 6);
	char hex[13];
	int64_t dbm;
	bool has = read_dbm(w, &dbm);

	if (!mac)
		return;
	text_hex(hex, mac, 6);
	parts_wifi(&rec->wifi, slice_of(hex, 12), has ? &dbm : NULL);
}

static void put_temperature(struct report *r, uint16_t id, struct wire *w)
{
	static const char *const names[] = { "temperature", "temperature2", "temperature3", "temperature4",
		"temperature5", "temperature6", "temperature7", "temperature8" };

	wire_u8(w); /* which sensor it is */
	attribute_real(&r->extra, names[id - 0x2A], (int16_t)wire_le(w, 2) / 100.0);
}

static void put_bytes(struct record *rec, uint16_t id, struct wire w)
{
	if (id == 0x0E && w.left == CELL_SIZE)
		put_tower(&rec->report, &w);
	else if (id >= 0x1D && id <= 0x24 && w.left == WIFI_SIZE)
		put_access_point(rec, &w);
	else if (id >= 0x2A && id <= 0x31 && w.left == TEMPERATURE_SIZE)
		put_temperature(&rec->report, id, &w);
}

static void read_parameters(struct record *rec, struct wire *w)
{
	wire_le(w, 2); /* how many; the counts below say the same */
	for (size_t size = 1; size <= 4; size *= 2) {
		for (uint8_t n = wire_u8(w); n > 0 && wire_ok(w); n--) {
			const struct parameter *p = find(read_id(w));
			uint64_t v = wire_le(w, size);
			if (p && wire_ok(w))
				put_value(rec, p, v);
		}
	}
	for (uint8_t n = wire_u8(w); n > 0 && wire_ok(w); n--) {
		uint16_t id = read_id(w);
		size_t len = wire_u8(w);
		const uint8_t *bytes = wire_bytes(w, len);
		if (bytes)
			put_bytes(rec, id, wire_over(bytes, len));
	}
}

int meitrack_cce(const uint8_t *bytes, size_t len, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct wire w = wire_over(bytes, len);
	struct record rec;

	wire_le(&w, 4); /* how many are in the memory still */
	for (uint64_t n = wire_le(&w, 2); n > 0; n--) {
		size_t size = (size_t)wire_le(&w, 2);
		const uint8_t *at = wire_bytes(&w, size);
		if (!at)
			return REASON_BAD_FRAME;
		struct wire inside = wire_over(at, size);
		begin(&rec, &scratch->arena);
		read_parameters(&rec, &inside);
		if (!wire_ok(&inside))
			return REASON_BAD_FRAME;
		int e = end(&rec, scratch, result);
		if (e != 0)
			return e;
	}
	return wire_ok(&w) && w.left == 0 ? 0 : REASON_BAD_FRAME;
}
