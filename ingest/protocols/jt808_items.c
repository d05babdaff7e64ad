/*
 * jt808_items - the additional items of a location: id:1 length:1 bytes
 *
 * Those below 40 are the standard's, the others makers' own (sources: "GPS tracker JT808 extended protocol" of Concox, Jointech, Meitrack's JT
 * series and others; where two makers use one id the length tells them apart). An item without a name here is kept as "item<ID>", a
 * part of item EB as "itemEB<ID>", as hex, unless it is all zero.
 *
 * What does not fit its length is passed over: the place before it has been read.
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/jt808.h"

#include "base/text.h"

#include <string.h>

enum kind {
	INTEGER, /* times factor */
	REAL, /* divided by factor */
	TEXT,
	BATTERY, /* per cent */
	VOLTS, /* divided by factor: of the battery, or above BATTERY_MAX_V of what feeds it */
};

struct item {
	uint16_t id;
	uint8_t len;
	uint8_t kind;
	uint8_t factor;
	const char *name;
};

static const double BATTERY_MAX_V = 6;

/* In the order of the ids. */
static const struct item items[] = {
	{ 0x01, 4, INTEGER, 100, "odometer" },
	{ 0x02, 2, REAL, 10, "fuel" },
	{ 0x03, 2, REAL, 36, "vehicleSpeed" },
	{ 0x04, 2, INTEGER, 1, "alarmId" },
	{ 0x25, 4, INTEGER, 1, "inputs" },
	{ 0x2A, 2, INTEGER, 1, "ioState" },
	{ 0x30, 1, INTEGER, 1, "gsmSignal" },
	{ 0x31, 1, INTEGER, 1, "satellites" },
	{ 0x61, 2, REAL, 100, "externalVoltage" },
	{ 0x69, 2, REAL, 100, "batteryVoltage" },
	{ 0x81, 2, INTEGER, 1, "rpm" },
	{ 0x82, 2, REAL, 10, "externalVoltage" },
	{ 0x8B, 17, TEXT, 1, "vin" },
	{ 0xCC, 20, TEXT, 1, "iccid" },
	{ 0xD3, 2, REAL, 10, "externalVoltage" },
	{ 0xD4, 1, BATTERY, 1, NULL },
	{ 0xD5, 2, REAL, 100, "batteryVoltage" },
	{ 0xFE, 1, BATTERY, 1, NULL },
};

/* Parts of item EB. */
static const struct item parts[] = {
	{ 0x002D, 2, VOLTS, 1, NULL },
	{ 0x002D, 4, VOLTS, 1, NULL },
	{ 0x00A8, 1, BATTERY, 1, NULL },
	{ 0x00CE, 2, REAL, 100, "externalVoltage" },
	{ 0x00E1, 1, BATTERY, 1, NULL },
};

/* ---- numbers and texts ---- */

static void put_volts(struct jt808_report *r, double volts)
{
	attribute_real(&r->a, volts < BATTERY_MAX_V ? "batteryVoltage" : "externalVoltage", volts);
}

static void put_item(struct jt808_report *r, const struct item *i, struct wire w)
{
	if (i->kind == TEXT) {
		binary_text(&r->a, r->arena, i->name, w.at, w.left);
		return;
	}
	uint32_t v = (uint32_t)wire_be(&w, w.left);
	switch (i->kind) {
	case INTEGER:
		attribute_int(&r->a, i->name, (int64_t)v * i->factor);
		break;
	case REAL:
		attribute_real(&r->a, i->name, (double)v / i->factor);
		break;
	case BATTERY:
		binary_battery(r->p, v);
		break;
	case VOLTS:
		put_volts(r, v / 1000.0);
		break;
	}
}

/* Whether @id is in @table with this length; then it is read. */
static bool read_listed(struct jt808_report *r, const struct item *table, size_t n, uint16_t id, struct wire w)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].id == id && table[i].len == w.left) {
			put_item(r, &table[i], w);
			return true;
		}
	return false;
}

static bool is_zero(struct wire w)
{
	while (w.left > 0)
		if (wire_u8(&w) != 0)
			return false;
	return true;
}

static void put_unknown(struct jt808_report *r, const char *prefix, int digits, unsigned id, struct wire w)
{
	char buf[sizeof "itemEB0000"];
	struct text t = text_in(buf, sizeof buf);

	if (is_zero(w))
		return;
	text_printf(&t, "%s%0*X", prefix, digits, id);
	const char *name = arena_text(r->arena, t.buf, t.len);
	if (name)
		binary_hex(&r->a, r->arena, name, w.at, w.left);
}

/* ---- items with a form of their own; false: another maker's ---- */

/* 12: kind:1 area:4 direction:1 (0 in, 1 out) */
static bool read_area(struct jt808_report *r, struct wire w)
{
	wire_u8(&w);
	uint32_t area = wire_u32(&w);
	uint8_t direction = wire_u8(&w);

	if (!wire_ok(&w) || w.left > 0 || direction > 1)
		return false;
	attribute_int(&r->a, "fence", area);
	binary_alarm(&r->alarms, direction == 0 ? "geofenceEnter" : "geofenceExit");
	return true;
}

/* 2B: two voltages as the converter counts them. */
static bool read_analog(struct jt808_report *r, struct wire w)
{
	if (w.left != 4)
		return false;
	uint16_t second = wire_u16(&w);
	attribute_int(&r->a, "adc1", wire_u16(&w));
	attribute_int(&r->a, "adc2", second);
	return true;
}

/* 51: temperatures of 0.1 degrees, bit 15 being the sign. */
static bool read_temperatures(struct jt808_report *r, struct wire w)
{
	static const char *const names[] = { "temperature", "temperature2", "temperature3", "temperature4",
		"temperature5", "temperature6", "temperature7", "temperature8" };
	enum { NONE = 0x7FFF };

	if (w.left % 2 != 0 || w.left / 2 > sizeof names / sizeof *names)
		return false;
	for (size_t i = 0; w.left > 0; i++) {
		uint16_t v = wire_u16(&w), size = v & NONE;
		if (size != NONE)
			attribute_real(&r->a, names[i], (v >> 15 ? -size : size) / 10.0);
	}
	return true;
}

/* 56: tenths:1 reserved:1; E4: charging:1 percent:1; E3: percent:2 volts:2 reserved:2 */
static bool read_level(struct jt808_report *r, uint8_t id, struct wire w)
{
	if (id == 0x56 && w.left == 2 && *w.at <= 10) {
		binary_battery(r->p, *w.at * 10);
		return true;
	}
	if (id == 0xE4 && w.left == 2 && *w.at <= 1) {
		binary_battery(r->p, w.at[1]);
		return true;
	}
	if (id != 0xE3 || w.left != 6)
		return false;
	binary_battery(r->p, wire_u16(&w));
	put_volts(r, wire_u16(&w) / 100.0);
	return true;
}

/* F7: mV:4 state:1 percent:1 */
static bool read_charge(struct jt808_report *r, struct wire w)
{
	if (w.left != 6)
		return false;
	put_volts(r, wire_u32(&w) / 1000.0);
	wire_u8(&w);
	binary_battery(r->p, wire_u8(&w));
	return true;
}

/* EC, F4: (mac:6 rssi:1)* */
static bool read_wifi(struct jt808_report *r, struct wire w)
{
	enum { ACCESS_POINT = BINARY_MAC + 1 };

	if (w.left == 0 || w.left % ACCESS_POINT != 0)
		return false;
	while (w.left > 0) {
		const uint8_t *mac = wire_bytes(&w, BINARY_MAC);
		binary_wifi(&r->wifi, mac, (int8_t)wire_u8(&w));
	}
	return true;
}

/* FF and others: mcc:2 mnc:1 lac:4 cid:4 rssi:1 */
static bool read_cell(struct jt808_report *r, struct wire w)
{
	struct parts_cell cell = { .has_rssi = true };

	cell.mcc = wire_u16(&w);
	cell.mnc = wire_u8(&w);
	cell.lac = wire_u32(&w);
	cell.cid = wire_u32(&w);
	cell.rssi = wire_u8(&w);
	if (!wire_ok(&w) || w.left > 0 || cell.mcc < 200 || cell.mcc > 999)
		return false;
	parts_cell(&r->cells, &cell);
	return true;
}

/* ---- EB ---- */

/* mcc:2 mnc:1 (lac:2 cid:2 rssi:1)* */
static bool read_cells(struct jt808_report *r, struct wire w)
{
	enum { CELL = 5 };
	struct parts_cell cell = { .has_rssi = true };

	cell.mcc = wire_u16(&w);
	cell.mnc = wire_u8(&w);
	if (!wire_ok(&w) || cell.mcc < 200 || cell.mcc > 999 || w.left % CELL != 0)
		return false;
	while (w.left > 0) {
		cell.lac = wire_u16(&w);
		cell.cid = wire_u16(&w);
		cell.rssi = wire_u8(&w);
		if (cell.lac != 0)
			parts_cell(&r->cells, &cell);
	}
	return true;
}

/* "54:B1:21:66:C9:E2,-50,54:B1:21:..." */
static void read_wifi_text(struct jt808_report *r, struct wire w)
{
	struct slice text = slice_of((const char *)w.at, w.left);

	while (text.n > 0) {
		struct slice mac = slice_cut(&text, ','), rssi = slice_cut(&text, ',');
		int64_t v;
		if (text_to_int(&v, rssi.s, rssi.n) == 0)
			parts_wifi(&r->wifi, mac, &v);
	}
}

/* D8: mcc:2 mnc:1 lac:4 cid:4 */
static bool read_cell_part(struct jt808_report *r, struct wire w)
{
	struct parts_cell cell = { .mcc = wire_u16(&w) };

	cell.mnc = wire_u8(&w);
	cell.lac = (uint32_t)wire_be(&w, w.left == 8 ? 4 : 2);
	cell.cid = wire_u32(&w);
	if (!wire_ok(&w) || w.left > 0)
		return false;
	if (cell.cid != 0)
		parts_cell(&r->cells, &cell);
	return true;
}

/* Digits, filled up with F. */
static void read_iccid(struct jt808_report *r, struct wire w)
{
	enum { ICCID = 10 };
	char hex[2 * ICCID + 1];

	text_hex(hex, w.at, ICCID);
	binary_text(&r->a, r->arena, "iccid", (const uint8_t *)hex, strcspn(hex, "f"));
}

/* 89 and C5: states in which a 0 bit is what holds; bits 23 and 24 of C5 are one. */
static void read_states(struct jt808_report *r, uint16_t id, uint32_t v)
{
	enum { POWER_CUT = 1 << 0, VIBRATION = 1 << 6, MOTION_SHIFT = 23, MOVES = 0, RESTS = 1 };
	uint32_t motion = v >> MOTION_SHIFT & 3;

	if (id == 0x89 && !(v & POWER_CUT))
		binary_alarm(&r->alarms, "powerCut");
	if (id == 0xC5 && !(v & VIBRATION))
		binary_alarm(&r->alarms, "vibration");
	if (id == 0xC5 && (motion == MOVES || motion == RESTS))
		attribute_bool(&r->a, "motion", motion == MOVES);
}

static void read_part(struct jt808_report *r, uint16_t id, struct wire w)
{
	struct wire number = w;

	if (w.left == 0 || read_listed(r, parts, sizeof parts / sizeof *parts, id, w))
		return;
	if ((id == 0x89 || id == 0xC5) && w.left == 4)
		read_states(r, id, wire_u32(&number));
	else if (id == 0xB2 && w.left == 10)
		read_iccid(r, w);
	else if (id == 0xB9)
		read_wifi_text(r, w);
	else if (id == 0xD5) /* the IMEI */
		return;
	else if (id != 0xD8 || !read_cell_part(r, w))
		put_unknown(r, "itemEB", 4, id, w);
}

/* length:2 (with the id) id:2 bytes; or cells; or "UTC+08:00". */
static bool read_parts(struct jt808_report *r, struct wire w)
{
	if (w.left >= 3 && memcmp(w.at, "UTC", 3) == 0) {
		binary_text(&r->a, r->arena, "timezone", w.at, w.left);
		return true;
	}
	if (read_cells(r, w))
		return true;
	while (w.left > 0) {
		size_t n = wire_u16(&w);
		uint16_t id = wire_u16(&w);
		const uint8_t *bytes = n >= 2 ? wire_bytes(&w, n - 2) : NULL;
		if (!bytes)
			return false;
		read_part(r, id, wire_over(bytes, n - 2));
	}
	return true;
}

/* ---- all of them ---- */

static bool read_own_form(struct jt808_report *r, uint8_t id, struct wire w)
{
	switch (id) {
	case 0x12:
		return read_area(r, w);
	case 0x2B:
		return read_analog(r, w);
	case 0x51:
		return read_temperatures(r, w);
	case 0x56:
	case 0xE3:
	case 0xE4:
		return read_level(r, id, w);
	case 0xEB:
		return read_parts(r, w);
	case 0xEC:
	case 0xF4:
		return read_wifi(r, w);
	case 0xF7:
		return read_charge(r, w);
	case 0xFF:
		return read_cell(r, w);
	default:
		return false;
	}
}

void jt808_items(struct jt808_report *r, struct wire *w)
{
	while (w->left >= 2) {
		uint8_t id = wire_u8(w);
		size_t n = wire_u8(w);
		const uint8_t *bytes = wire_bytes(w, n);
		if (!bytes)
			return;
		struct wire item = wire_over(bytes, n);
		if (n > 0 && !read_listed(r, items, sizeof items / sizeof *items, id, item) &&
			!read_own_form(r, id, item))
			put_unknown(r, "item", 2, id, item);
	}
}
