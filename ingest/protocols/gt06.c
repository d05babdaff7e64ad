/*
 * GT06: Concox, Jimi and the many trackers that speak like them
 *
 *   frame = 7878 length:1 type:1 contents serial:2 crc:2 0D0A      length counts from the type to the crc
 *           7979 length:2 type:1 contents serial:2 crc:2 0D0A      crc is CRC-ITU from the length to the serial
 *   login = type 01, contents imei:8 (packed digits after a 0) [model:2 [zone and language:2]]
 *
 * Source: Concox, "GT06 GPS Tracker Communication Protocol" 1.8.1, and its successors for GT06N, GK310, X3, JM-VL03 and the 4G devices.
 * Types have their names in gt06.h, the layouts stand where they are read: gt06_packet.c (places),
 * gt06_status.c, gt06_around.c (cells, Wi-Fi), gt06_info.c (texts, information, modules).
 *
 * An answer is a frame of the same type and serial number without contents. Not answered, as they document: information (94), what comes
 * from a serial port (9B), replies to commands (21).
 *
 * Dates are UTC in the vendor's documents. The time zone in the login is what the device shows to its owner, and is not applied; a
 * device whose clock is local gets an offset of its own.
 *
 * A type or layout that is not known here but whose checksum is right is a contact that carries the contents as hex, and is
 * answered: a device that waits for its answer says nothing else.
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
	SHORT = 0x78,
	LONG = 0x79,
	LENGTH_MIN = 5, /* type, serial and crc */
	CRC = 2,
	END = 2,
	IMEI = 8,
};

/* protocol_note.state */
enum { NOTE_ANSWER, NOTE_TYPE, NOTE_SERIAL, NOTE_IMEI = NOTE_SERIAL + 2 };

enum answer {
	ANSWER_NONE,
	ANSWER_SHORT,
	ANSWER_LONG,
	ANSWER_LOGIN,
	ANSWER_ADDRESS,
	ANSWER_TIME,
};

/* ---- frames ---- */

static ssize_t gt06_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	struct wire w = wire_over(buf, len);

	if (len >= 1 && buf[0] != SHORT && buf[0] != LONG)
		return -REASON_BAD_FRAME;
	if (len >= 2 && buf[1] != buf[0])
		return -REASON_BAD_FRAME;
	size_t head = len >= 1 && buf[0] == LONG ? 4 : 3;
	wire_u16(&w);
	size_t length = (size_t)wire_be(&w, head - 2);
	if (!wire_ok(&w))
		return PROTOCOL_MORE;
	if (length < LENGTH_MIN)
		return -REASON_BAD_FRAME;
	size_t whole = head + length + END;
	if (whole > limits->frame_max)
		return -REASON_TOO_LARGE;
	if (len < whole)
		return PROTOCOL_MORE;
	return buf[whole - 2] == '\r' && buf[whole - 1] == '\n' ? (ssize_t)whole : -REASON_BAD_FRAME;
}

bool gt06_imei(char out[static GT06_IMEI_MAX + 1], const uint8_t *packed)
{
	if (!binary_digits(out, packed, IMEI))
		return false;
	if (out[0] == '0')
		memmove(out, out + 1, GT06_IMEI_MAX);
	return true;
}

/* ---- contents ---- */

void gt06_keep_raw(struct gt06 *g)
{
	const uint8_t *contents = g->w.at - (g->len - g->w.left);

	attribute_int(&g->a, "type", g->type);
	binary_hex(&g->a, g->arena, "data", contents, g->len);
}

static int read_raw(struct gt06 *g)
{
	gt06_keep_raw(g);
	return 0;
}

static const struct kind {
	uint8_t type;
	bool extended;
	uint8_t answer;
	int (*read)(struct gt06 *g);
} kinds[] = {
	{ GT06_GPS, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_LBS, false, ANSWER_SHORT, gt06_packet },
	{ GT06_STATUS, false, ANSWER_SHORT, gt06_status },
	{ GT06_STRING, false, ANSWER_SHORT, gt06_string },
	{ GT06_ALARM, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_LBS_RFID, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_EXTENSION, false, ANSWER_SHORT, gt06_around },
	{ GT06_LBS_STATUS, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_PHONE, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_LBS_EXTENSION, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_LBS_2, false, ANSWER_SHORT, gt06_packet },
	{ GT06_HEARTBEAT, false, ANSWER_SHORT, gt06_heartbeat },
	{ GT06_LBS_MANY_3, false, ANSWER_SHORT, gt06_around },
	{ GT06_ALARM_NAMED, false, ANSWER_SHORT, gt06_packet },
	{ GT06_ALARM_2, false, ANSWER_SHORT, gt06_packet },
	{ GT06_ALARM_FENCE, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_MANY, false, ANSWER_SHORT, gt06_around },
	{ GT06_ADDRESS, false, ANSWER_ADDRESS, gt06_packet },
	{ GT06_WIFI, false, ANSWER_SHORT, gt06_around },
	{ GT06_GPS_LBS_4, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_MANY_2, false, ANSWER_SHORT, gt06_around },
	{ GT06_GPS_LBS_5, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_DRIVER, false, ANSWER_SHORT, gt06_packet },
	{ GT06_GPS_LBS_MODULES, false, ANSWER_SHORT, gt06_packet },
	{ GT06_INFO, false, ANSWER_NONE, gt06_info },
	{ GT06_EVENT, false, ANSWER_SHORT, gt06_event },
	{ GT06_GPS_4G, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_4G, false, ANSWER_SHORT, gt06_around },
	{ GT06_WIFI_4G, false, ANSWER_SHORT, gt06_around },
	{ GT06_FENCE_4G, false, ANSWER_SHORT, gt06_packet },
	{ GT06_FENCES_4G, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_ALARM_4G, false, ANSWER_SHORT, gt06_packet },
	{ GT06_LBS_PHONE_4G, false, ANSWER_SHORT, gt06_packet },
	{ GT06_ONLINE_STRING, true, ANSWER_NONE, gt06_online_string },
	{ GT06_EXTENDED_GPS, true, ANSWER_LONG, gt06_extended_gps },
	{ GT06_EXTENDED_ALARM, true, ANSWER_LONG, gt06_extended_gps },
	{ GT06_MODULES, true, ANSWER_SHORT, gt06_modules },
	{ GT06_INFO, true, ANSWER_NONE, gt06_info },
	{ GT06_SERIAL, true, ANSWER_NONE, gt06_serial },
	{ GT06_PERIPHERAL, true, ANSWER_SHORT, gt06_peripheral },
};

static const struct kind *kind_of(const struct gt06 *g)
{
	static const struct kind other = { 0, false, ANSWER_SHORT, read_raw },
				 extended = { 0, true, ANSWER_NONE, read_raw };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].type == g->type && kinds[i].extended == g->extended)
			return &kinds[i];
	return g->extended ? &extended : &other;
}

/* Reads the contents into the first position. An empty frame is a sign of life, with nothing to store. */
static int read_contents(struct gt06 *g, struct protocol_scratch *scratch, struct protocol_result *result)
{
	const struct kind *kind = kind_of(g);

	result->note.state[NOTE_ANSWER] = kind->answer;
	if (scratch->positions_max == 0)
		return REASON_TOO_MANY;
	if (g->len == 0)
		return 0;
	g->p = scratch->positions;
	*g->p = (struct position){ 0 };
	int e = kind->read(g);
	if (e != 0)
		return e;
	parts_end(&g->alarms, "alarm", &g->a, g->arena);
	parts_end(&g->cells, "cells", &g->a, g->arena);
	parts_end(&g->wifi, "wifi", &g->a, g->arena);
	if (!attributes_end(&g->a, g->p, g->arena))
		return REASON_TOO_MANY;
	result->positions_n = 1;
	return 0;
}

static int read_login(struct gt06 *g, struct protocol_result *result)
{
	const uint8_t *imei = wire_bytes(&g->w, IMEI);

	result->note.state[NOTE_ANSWER] = ANSWER_LOGIN;
	if (!imei || !gt06_imei(g->imei, imei))
		return REASON_BAD_FRAME;
	memcpy(result->note.state + NOTE_IMEI, imei, IMEI);
	return 0;
}

/* The frame's own name for its device goes before that of the login. */
static int name_group(const struct gt06 *g, const struct protocol_session *session, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	const char *identifier = session->identifier;

	if (g->imei[0])
		identifier = arena_text(&scratch->arena, g->imei, strlen(g->imei));
	if (!identifier || scratch->groups_max == 0)
		return REASON_TOO_MANY;
	if (!*identifier)
		return REASON_NO_DEVICE;
	protocol_one_group(result, scratch, identifier, NULL);
	return 0;
}

static int read_frame(struct gt06 *g, const struct protocol_session *session, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	if (!g->extended && g->type == GT06_TIME) {
		result->note.state[NOTE_ANSWER] = ANSWER_TIME;
		return 0;
	}
	if (g->type >= GT06_COMMAND && g->type <= GT06_COMMAND + 2)
		return 0;
	int e = !g->extended && g->type == GT06_LOGIN ? read_login(g, result) : read_contents(g, scratch, result);
	return e != 0 ? e : name_group(g, session, scratch, result);
}

/* Cuts the frame into @g and the note. */
static int open_frame(struct gt06 *g, const uint8_t *frame, size_t len, struct protocol_note *note)
{
	struct wire w = wire_over(frame, len);
	uint16_t start = wire_u16(&w);

	g->extended = start == (LONG << 8 | LONG);
	if (!g->extended && start != (SHORT << 8 | SHORT))
		return REASON_BAD_FRAME;
	size_t length = (size_t)wire_be(&w, g->extended ? 2 : 1);
	if (!wire_ok(&w) || length < LENGTH_MIN || w.left != length + END)
		return REASON_BAD_FRAME;
	size_t covered = len - CRC - END;
	if (binary_crc_itu(frame + 2, covered - 2) != (frame[covered] << 8 | frame[covered + 1]))
		return REASON_BAD_CHECKSUM;
	g->type = wire_u8(&w);
	g->len = length - LENGTH_MIN;
	g->w = wire_over(w.at, g->len);
	note->state[NOTE_TYPE] = g->type;
	memcpy(note->state + NOTE_SERIAL, w.at + g->len, 2);
	return 0;
}

static int gt06_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct gt06 g = { .arena = &scratch->arena };

	arena_reset(&scratch->arena);
	attributes_begin(&g.a);
	parts_begin(&g.cells);
	parts_begin(&g.wifi);
	parts_begin(&g.alarms);
	int e = open_frame(&g, frame, len, &result.note);
	if (e == 0)
		e = read_frame(&g, session, scratch, &result);
	result.note.records = (uint32_t)result.positions_n;
	ret->note = result.note;
	if (e == 0)
		*ret = result;
	return e;
}

/* ---- answers ---- */

static void put(struct text *t, uint64_t v, size_t n)
{
	while (n-- > 0)
		text_putc(t, (char)(v >> 8 * n));
}

/* Whole with checksum and end, into @out. Returns its length. */
static size_t make_frame(
	uint8_t *out, uint8_t start, uint8_t type, const void *contents, size_t n, const uint8_t *serial)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);

	put(&t, start, 1);
	put(&t, start, 1);
	put(&t, n + LENGTH_MIN, start == LONG ? 2 : 1);
	put(&t, type, 1);
	text_put(&t, contents, n);
	text_put(&t, serial, 2);
	put(&t, binary_crc_itu(out + 2, t.len - 2), CRC);
	text_puts(&t, "\r\n");
	return t.len;
}

/* No address is known here: the answer has empty fields. Length, server flag, text; from serial number 0 on. */
static size_t answer_address(uint8_t *out)
{
	static const char none[] = "\x0b\0\0\0\0NA&&NA&&0##";
	static const uint8_t serial[2];

	return make_frame(out, LONG, GT06_ADDRESS_ANSWER, none, sizeof none - 1, serial);
}

static size_t answer_time(uint8_t *out, int64_t now_ms, const uint8_t *serial)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	const uint8_t date[BINARY_DATE] = { (uint8_t)(tm.tm_year - 100), (uint8_t)(tm.tm_mon + 1), (uint8_t)tm.tm_mday,
		(uint8_t)tm.tm_hour, (uint8_t)tm.tm_min, (uint8_t)tm.tm_sec };
	return make_frame(out, SHORT, GT06_TIME, date, sizeof date, serial);
}

/* A frame that is refused gets no answer, so that the device keeps it. */
static struct protocol_answer gt06_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct protocol_answer a = { .close = binary_closes(refused) };
	const uint8_t *serial = note->state + NOTE_SERIAL;
	uint8_t type = note->state[NOTE_TYPE];
	char imei[GT06_IMEI_MAX + 1];

	if (refused)
		return a;
	switch (note->state[NOTE_ANSWER]) {
	case ANSWER_LOGIN:
		if (gt06_imei(imei, note->state + NOTE_IMEI))
			memcpy(session->identifier, imei, sizeof imei);
		a.len = make_frame(out, SHORT, type, "", 0, serial);
		break;
	case ANSWER_SHORT:
		a.len = make_frame(out, SHORT, type, "", 0, serial);
		break;
	case ANSWER_LONG:
		a.len = make_frame(out, LONG, type, "", 0, serial);
		break;
	case ANSWER_ADDRESS:
		a.len = answer_address(out);
		break;
	case ANSWER_TIME:
		a.len = answer_time(out, now_ms, serial);
		break;
	default:
		break;
	}
	return a;
}

const struct protocol protocol_gt06 = {
	.name = "gt06",
	.port = 5023,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.frame = gt06_frame,
	.decode = gt06_decode,
	.answer = gt06_answer,
};
