/*
 * gt06_info - texts that the device passes on, information about itself, and modules
 *
 *   15       length:1 (with the flag) flag:4 text language:2
 *   long 21  flag:4 encoding:1 (1 ASCII, else UTF-16) text
 *   94       volts:2 (0.01); long: kind:1 and what it says
 *   long 70  (id:2 length:2 bytes)*
 *   long 9B  device:1 bytes from the serial port
 *   long F2  time:4 peripheral:2 and what it says
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"
#include "ingest/protocols/slice.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

enum { FLAG = 4 };

/* ---- texts ---- */

/* A date and a time with one blank or more between them. */
static bool read_when(struct gt06 *g, struct slice when)
{
	char buf[sizeof "2026-01-02 03:04:05"];
	struct text t = text_in(buf, sizeof buf);
	struct slice date = slice_cut(&when, ' ');

	when = slice_trim(when);
	text_put(&t, date.s, date.n);
	text_putc(&t, ' ');
	text_put(&t, when.s, when.n);
	return text_ok(&t) && time_parse(&g->p->time_ms, t.buf, t.len) == 0;
}

/* The answer to WHERE#: "Current position!Lat:N54.739332,Lon:E25.273270,Course:126.53,Speed:0.0000,DateTime:2017-05-26 10:27:47" */
static bool read_where(struct gt06 *g, struct slice text)
{
	static const char prefix[] = "Current position!";
	int32_t lat = 0, lon = 0;
	bool has_lat = false, has_lon = false;
	double v;

	if (text.n < sizeof prefix - 1 || memcmp(text.s, prefix, sizeof prefix - 1) != 0)
		return false;
	text = slice_of(text.s + sizeof prefix - 1, text.n - (sizeof prefix - 1));
	while (text.n > 0) {
		struct slice value = slice_trim(slice_cut(&text, ','));
		struct slice name = slice_cut(&value, ':');
		struct slice digits = value.n > 0 ? slice_of(value.s + 1, value.n - 1) : value;
		if (slice_is(name, "Lat"))
			has_lat = text_to_e7(&lat, digits.s, digits.n, 90) == 0;
		else if (slice_is(name, "Lon"))
			has_lon = text_to_e7(&lon, digits.s, digits.n, 180) == 0;
		else if (slice_is(name, "Course") && text_to_real(&v, value.s, value.n) == 0)
			binary_course(g->p, v);
		else if (slice_is(name, "Speed") && text_to_real(&v, value.s, value.n) == 0 && v >= 0 && v < 1e6)
			binary_speed(g->p, v / 3.6);
		else if (slice_is(name, "DateTime") && !read_when(g, value))
			return false;
		if (value.n > 0 && slice_is(name, "Lat") && *value.s == 'S')
			lat = -lat;
		if (value.n > 0 && slice_is(name, "Lon") && *value.s == 'W')
			lon = -lon;
	}
	if (has_lat && has_lon)
		binary_place(g->p, lat, lon);
	return has_lat && has_lon;
}

static void put_result(struct gt06 *g, const uint8_t *text, size_t n)
{
	static const char iccid[] = "<ICCID:";
	size_t prefix = sizeof iccid - 1;

	if (read_where(g, slice_of((const char *)text, n)))
		return;
	*g->p = (struct position){ 0 }; /* what was read of a place that is none */
	if (n > prefix && memcmp(text, iccid, prefix) == 0) {
		const uint8_t *end = memchr(text, '>', n);
		binary_text(&g->a, g->arena, "iccid", text + prefix, (end ? (size_t)(end - text) : n) - prefix);
		return;
	}
	binary_text(&g->a, g->arena, "result", text, n);
}

int gt06_string(struct gt06 *g)
{
	size_t length = wire_u8(&g->w);

	wire_bytes(&g->w, FLAG);
	if (wire_ok(&g->w) && length >= FLAG) {
		const uint8_t *text = wire_bytes(&g->w, length - FLAG);
		if (text)
			put_result(g, text, length - FLAG);
	}
	return wire_ok(&g->w) && length >= FLAG ? 0 : REASON_BAD_FRAME;
}

static size_t put_utf8(char *to, uint16_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xC0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	to[0] = (char)(0xE0 | code >> 12);
	to[1] = (char)(0x80 | (code >> 6 & 0x3F));
	to[2] = (char)(0x80 | (code & 0x3F));
	return 3;
}

/* UTF-16, most significant byte first. Halves of a pair become U+FFFD each. */
static int put_wide_result(struct gt06 *g)
{
	size_t units = g->w.left / 2, n = 0;
	char *text = arena_take(g->arena, 3 * units + 1);

	if (!text)
		return REASON_TOO_MANY;
	for (; units > 0; units--) {
		uint16_t code = wire_u16(&g->w);
		n += put_utf8(text + n, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
	}
	put_result(g, (const uint8_t *)text, n);
	return 0;
}

int gt06_online_string(struct gt06 *g)
{
	enum { ASCII = 1 };

	wire_bytes(&g->w, FLAG);
	uint8_t encoding = wire_u8(&g->w);
	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	if (encoding != ASCII)
		return put_wide_result(g);
	put_result(g, g->w.at, g->w.left);
	return 0;
}

/* ---- information ---- */

/* "!AIOIL,02,008.290,029.600,519J,0400,008.430,...", after a date or not: the level of fuel, its temperature, the level without
 * waves. */
static void read_fuel(struct gt06 *g)
{
	enum { TEMPERATURE = 3, SMOOTH = 6 };
	struct slice text = slice_of((const char *)g->w.at, g->w.left);
	const char *from = text.n > 0 ? memchr(text.s, '!', text.n) : NULL;
	double v;

	if (!from) {
		gt06_keep_raw(g);
		return;
	}
	text = slice_of(from, text.n - (size_t)(from - text.s));
	for (int i = 0; text.n > 0; i++) {
		struct slice field = slice_cut(&text, ',');
		if (i == TEMPERATURE && text_to_real(&v, field.s, field.n) == 0)
			attribute_real(&g->a, "temperature", v);
		else if (i == SMOOTH && text_to_real(&v, field.s, field.n) == 0)
			attribute_real(&g->a, "fuel", v);
	}
}

static void read_door(struct gt06 *g)
{
	if (g->w.left > BINARY_DATE)
		wire_bytes(&g->w, BINARY_DATE);
	uint8_t flags = wire_u8(&g->w);
	if (!wire_ok(&g->w))
		return;
	attribute_bool(&g->a, "door", flags & 1);
	attribute_bool(&g->a, "input1", flags >> 2 & 1);
}

/* Digits, filled up with F. */
static void read_iccid(struct gt06 *g, struct wire *w)
{
	enum { ICCID = 10 };
	char hex[2 * ICCID + 1];
	const uint8_t *iccid = wire_bytes(w, ICCID);

	if (!iccid)
		return;
	text_hex(hex, iccid, ICCID);
	binary_text(&g->a, g->arena, "iccid", (const uint8_t *)hex, strcspn(hex, "f"));
}

/* imei:8 imsi:8 iccid:10 */
static void read_card_ids(struct gt06 *g)
{
	wire_bytes(&g->w, 16);
	read_iccid(g, &g->w);
}

/* From a serial port: text, or header:1 kind:1 card:4 checksum:1 end:1. */
static void read_attached(struct gt06 *g)
{
	enum { CARD_FRAME = 8, CARD = 4 };

	if (g->w.left == CARD_FRAME && *g->w.at < ' ')
		binary_hex(&g->a, g->arena, "rfid", g->w.at + 2, CARD);
	else
		binary_text(&g->a, g->arena, "result", g->w.at, g->w.left);
}

static int read_long_info(struct gt06 *g)
{
	uint8_t kind = wire_u8(&g->w);

	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	switch (kind) {
	case 0x00:
		attribute_real(&g->a, "externalVoltage", wire_u16(&g->w) / 100.0);
		break;
	case 0x04: /* "ALM1=75;ALM2=D5;...": settings and states */
		binary_text(&g->a, g->arena, "result", g->w.at, g->w.left);
		break;
	case 0x05:
		read_door(g);
		break;
	case 0x0A:
		read_card_ids(g);
		break;
	case 0x0B:
		attribute_text(&g->a, "networkType", wire_u8(&g->w) > 0 ? "4G" : "2G");
		break;
	case 0x0D:
		read_fuel(g);
		break;
	case 0x1B:
		read_attached(g);
		break;
	default:
		gt06_keep_raw(g);
		break;
	}
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}

int gt06_info(struct gt06 *g)
{
	if (g->extended)
		return read_long_info(g);
	attribute_real(&g->a, "externalVoltage", wire_u16(&g->w) / 100.0);
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}

/* ---- modules ---- */

/* time:4 satellites:1 altitude:2 lat:4 lon:4 speed:1 flags:2 */
static void read_fix(struct gt06 *g, struct wire *w)
{
	uint32_t time = wire_u32(w);
	uint8_t satellites = wire_u8(w);
	int16_t altitude = wire_i16(w);
	uint32_t lat = wire_u32(w), lon = wire_u32(w);
	uint8_t speed = wire_u8(w);
	uint16_t flags = wire_u16(w);

	if (!wire_ok(w))
		return;
	g->p->time_ms = time * INT64_C(1000);
	attribute_int(&g->a, "satellites", satellites);
	gt06_course(g, flags, lat, lon);
	if (!position_has(g->p, POSITION_LOCATION))
		return;
	binary_speed(g->p, speed / 3.6);
	g->p->altitude_m = altitude;
	g->p->has |= POSITION_ALTITUDE;
}

/* mcc:2 mnc:2 lac:2 cid:3 rssi:1 */
static void read_module_cell(struct gt06 *g, struct wire *w)
{
	struct parts_cell cell = { .has_rssi = true };

	cell.mcc = wire_u16(w) & 0x7FFF;
	cell.mnc = wire_u16(w);
	cell.lac = wire_u16(w);
	cell.cid = wire_be(w, 3);
	cell.rssi = wire_u8(w);
	if (wire_ok(w) && cell.cid != 0)
		parts_cell(&g->cells, &cell);
}

static void read_module_alarm(struct gt06 *g, uint8_t event)
{
	static const char *const alarms[] = { "lowBattery", "lowPower", "powerCut", "removed" };
	enum { FIRST = 0x11, COUNT = sizeof alarms / sizeof *alarms };

	attribute_int(&g->a, "event", event);
	if (event >= FIRST && event < FIRST + COUNT)
		parts_alarm(&g->alarms, alarms[event - FIRST]);
}

/* A Bluetooth tag nearby: mac:6 battery:2 level:1 temperature:2 humidity:2 (tenths) state:1 */
static void read_tag(struct gt06 *g, struct wire *w)
{
	const uint8_t *mac = wire_bytes(w, BINARY_MAC);

	wire_u16(w);
	uint8_t level = wire_u8(w);
	int16_t temperature = wire_i16(w);
	uint16_t humidity = wire_u16(w);
	if (!wire_ok(w))
		return;
	binary_hex(&g->a, g->arena, "tag1", mac, BINARY_MAC);
	attribute_int(&g->a, "tagBattery1", level);
	attribute_real(&g->a, "bleTemperature1", temperature / 10.0);
	attribute_real(&g->a, "bleHumidity1", humidity / 10.0);
}

static void put_module(struct gt06 *g, uint16_t id, struct wire *w)
{
	char buf[sizeof "module65535"];
	struct text t = text_in(buf, sizeof buf);

	text_puts(&t, "module");
	text_int(&t, id);
	const char *name = arena_text(g->arena, t.buf, t.len);
	if (name)
		binary_hex(&g->a, g->arena, name, w->at, w->left);
}

/* A module that is a number. False when it is none that is known. */
static bool read_number(struct gt06 *g, uint16_t id, uint32_t v)
{
	switch (id) {
	case 0x09:
		attribute_int(&g->a, "satellites", v);
		break;
	case 0x0A:
		attribute_int(&g->a, "satellitesVisible", v);
		break;
	case 0x18:
		attribute_real(&g->a, "batteryVoltage", v / 100.0);
		break;
	case 0x28:
		attribute_real(&g->a, "hdop", v / 10.0);
		break;
	case 0x29:
		attribute_int(&g->a, "sequence", v);
		break;
	case 0x2A:
		attribute_bool(&g->a, "door", v & 15);
		if (v >> 4 & 15)
			parts_alarm(&g->alarms, "tamper");
		break;
	case 0x2B:
		read_module_alarm(g, (uint8_t)v);
		break;
	case 0x2C:
		if (g->p->time_ms == 0)
			g->p->time_ms = v * INT64_C(1000);
		break;
	default:
		return false;
	}
	return true;
}

static void read_module(struct gt06 *g, uint16_t id, struct wire w)
{
	struct wire number = w;

	if (w.left == 0 || (w.left <= 4 && read_number(g, id, (uint32_t)wire_be(&number, w.left))))
		return;
	switch (id) {
	case 0x02: /* the IMEI */
		break;
	case 0x03:
		read_iccid(g, &w);
		break;
	case 0x11:
		read_module_cell(g, &w);
		break;
	case 0x2E: /* begins with the least significant byte, as none of the others */
		attribute_int(&g->a, "odometer", (int64_t)wire_le(&w, w.left < 8 ? w.left : 8));
		break;
	case 0x33:
		read_fix(g, &w);
		break;
	case 0x34:
		attribute_int(&g->a, "event", wire_u8(&w));
		break;
	case 0x7F:
		read_tag(g, &w);
		break;
	default:
		put_module(g, id, &w);
		break;
	}
}

int gt06_modules(struct gt06 *g)
{
	while (g->w.left > 0) {
		uint16_t id = wire_u16(&g->w);
		size_t n = wire_u16(&g->w);
		const uint8_t *bytes = wire_bytes(&g->w, n);
		if (!bytes)
			return REASON_BAD_FRAME;
		read_module(g, id, wire_over(bytes, n));
	}
	return 0;
}

/* ---- what is attached ---- */

int gt06_serial(struct gt06 *g)
{
	wire_u8(&g->w);
	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	binary_text(&g->a, g->arena, "result", g->w.at, g->w.left);
	return 0;
}

int gt06_peripheral(struct gt06 *g)
{
	uint32_t time = wire_u32(&g->w);
	uint16_t id = wire_u16(&g->w);

	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	g->p->time_ms = time * INT64_C(1000);
	attribute_int(&g->a, "peripheral", id);
	binary_hex(&g->a, g->arena, "data", g->w.at, g->w.left);
	return 0;
}
