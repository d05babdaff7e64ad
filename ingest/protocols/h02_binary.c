/*
 * h02_binary - where the frames of H02 end, and the binary ones
 *
 *   $ id:5 time:3 date:3 lat:4 battery:1 lon+flags:5 speed+course:3 status:4 alarms:1   29 bytes, and then
 *     reserved:1 (00) number:1                            the short one, of 32 bytes with the $ and a byte of the makers'
 *     ...:7 mcc:2 mnc:1 lac:2 cid:2 number:1              the long one, of 45, of some makers 46
 *   $ id:8 ...                                            42 bytes
 *
 * None says how long it is. An id of 8 bytes is told by its time and date, which would be none if it had 5. The long one is told
 * by a reserved byte that is not 0, by alarms of 00 (all at once), or by what comes after 32 bytes, when that is not the beginning of
 * another frame. Where it comes in pieces that part at that very byte, its cell is lost, not its fix: the rest is passed over as
 * bytes between frames.
 */
#include "ingest/protocols/h02.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"
#include "base/wire.h"

enum {
	SHORT = 32,
	IMEI = 42,
	LONG = 45,
	LONGEST = 46,
	ID = 5,
	ID_IMEI = 8,
	HEAD = 29, /* up to the alarms, with an id of 5 */
	CELL = 8, /* mcc to number */
	BETWEEN_MAX = 64, /* bytes between frames until it is not H02 */
	LOOK = 12, /* bytes that tell the beginning of a frame from others */
};

static const double KNOT_MPS = 1852.0 / 3600.0;

/* ---- frames ---- */

static bool is_bcd(uint8_t b, uint8_t max)
{
	return b >> 4 <= 9 && (b & 15) <= 9 && b <= max;
}

/* Whether @n bytes begin a binary frame whose id has @id bytes, as far as they go. */
static bool is_binary(const uint8_t *b, size_t n, size_t id)
{
	static const uint8_t after[] = { 0x23, 0x59, 0x59, 0x31, 0x12, 0x99, 0x90, 0x59, 0x99, 0x99 };

	for (size_t i = 1; i <= id && i < n; i++)
		if (!is_bcd(b[i], 0x99))
			return false;
	for (size_t i = 0; i < sizeof after && 1 + id + i < n; i++)
		if (!is_bcd(b[1 + id + i], after[i]))
			return false;
	return true;
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Whether a frame, or a line end, begins here. */
static bool begins(const uint8_t *b, size_t n)
{
	if (n > LOOK)
		n = LOOK;
	switch (*b) {
	case '$':
		return is_binary(b, n, ID) || is_binary(b, n, ID_IMEI);
	case '*':
		return (n < 2 || is_letter(b[1])) && (n < 3 || is_letter(b[2])) && (n < 4 || b[3] == ',');
	default:
		return *b == '\r' || *b == '\n';
	}
}

static bool is_long(const uint8_t *b, size_t len)
{
	return b[HEAD] == 0 || b[HEAD + 1] != 0 || (len > SHORT && !begins(b + SHORT, len - SHORT));
}

static ssize_t binary_frame(const uint8_t *b, size_t len)
{
	bool five = is_binary(b, len, ID);

	if (!five && !is_binary(b, len, ID_IMEI))
		return -REASON_BAD_FRAME;
	if (len < SHORT)
		return PROTOCOL_MORE;
	if (!five)
		return len < IMEI ? PROTOCOL_MORE : IMEI;
	if (!is_long(b, len))
		return SHORT;
	if (len < LONG)
		return PROTOCOL_MORE;
	bool one_more = len > LONG && !begins(b + LONG, 1) && (len == LONGEST || begins(b + LONGEST, len - LONGEST));
	return one_more ? LONGEST : LONG;
}

/* Line ends, and the rest of a frame that came in pieces. */
static ssize_t between(const uint8_t *b, size_t len)
{
	size_t n = 0;

	while (n < len && b[n] != '*' && b[n] != '$')
		n++;
	return n < BETWEEN_MAX ? (ssize_t)n : -REASON_BAD_FRAME;
}

ssize_t h02_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	if (len == 0)
		return PROTOCOL_MORE;
	if (*buf == '*')
		return sentence_frame(buf, len, '#', limits->frame_max);
	return *buf == '$' ? binary_frame(buf, len) : between(buf, len);
}

/* ---- what they say ---- */

/* "ddmmmmmm" or "dddmmmmmm", four of the digits being decimals of the minutes. */
static struct slice with_point(char out[static 12], struct slice digits)
{
	struct text t = text_in(out, 12);

	text_put(&t, digits.s, digits.n - 4);
	text_putc(&t, '.');
	text_put(&t, digits.s + digits.n - 4, 4);
	return slice_of(t.buf, t.len);
}

static int read_place(struct report *r, struct slice lat, struct slice lon, uint8_t flags)
{
	char latitude[12], longitude[12];
	int e = sentence_place(&r->p, with_point(latitude, lat), slice_of(flags & 4 ? "N" : "S", 1),
		with_point(longitude, lon), slice_of(flags & 8 ? "E" : "W", 1));

	return sentence_fix(&r->p, flags & 2, e);
}

/* 1 to 6, F1 to F6: steps; up to 100: percent. */
static void put_battery(struct report *r, uint8_t v)
{
	if (v > 0xF0 && v <= 0xF6)
		v -= 0xF0;
	if (v > 0 && v <= 6) {
		attribute_int(&r->extra, "batteryLevel", v);
	} else if (v > 6 && v <= 100) {
		r->p.battery_pct = v;
		r->p.has |= POSITION_BATTERY;
	}
}

static void put_cell(struct report *r, const uint8_t *tail)
{
	struct wire w = wire_over(tail, CELL);
	struct parts_cell c = { .mcc = wire_u16(&w) };
	struct parts list;

	c.mnc = wire_u8(&w);
	c.lac = wire_u16(&w);
	c.cid = wire_u16(&w);
	parts_begin(&list);
	if (c.mcc >= 200 && c.mcc <= 799 && (c.lac || c.cid))
		parts_cell(&list, &c);
	parts_end(&list, "cells", &r->extra, r->arena);
}

int h02_binary(struct report *r, const uint8_t *frame, size_t len, struct slice *id)
{
	bool five = is_binary(frame, len, ID);
	char *hex = arena_take(r->arena, 2 * LONGEST + 1);
	uint64_t battery, flags, status;

	if (!hex)
		return REASON_TOO_MANY;
	text_hex(hex, frame, len);
	struct sentence s = sentence_over(hex, 2 * len);
	sentence_take(&s, 2);
	*id = sentence_take(&s, five ? 2 * ID : 2 * ID_IMEI - 1);
	sentence_take(&s, five ? 0 : 1);
	struct slice time = sentence_take(&s, 6), date = sentence_take(&s, 6), lat = sentence_take(&s, 8);
	struct slice level = sentence_take(&s, 2), lon = sentence_take(&s, 9), bits = sentence_take(&s, 1);
	struct slice speed = sentence_take(&s, 3), course = sentence_take(&s, 3), state = sentence_take(&s, 8);
	if (!sentence_ok(&s) || sentence_hex(&battery, level) || sentence_hex(&flags, bits) ||
		sentence_hex(&status, state))
		return REASON_BAD_FRAME;
	int e = read_place(r, lat, lon, (uint8_t)flags);
	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_DMY, date, time);
	if (e != 0)
		return e;
	if (position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, speed, KNOT_MPS);
		report_course(r, course);
	}
	put_battery(r, (uint8_t)battery);
	h02_status(r, (uint32_t)status);
	if (len == LONG)
		put_cell(r, frame + LONG - CELL);
	return 0;
}
