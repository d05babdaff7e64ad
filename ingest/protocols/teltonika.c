/*
 * Teltonika codec 8, 8 extended and 16 over TCP, and the answers of codec 12
 *
 *   login   = length:2 (15) imei:15            answered by one byte, 01 or 00
 *   packet  = zero:4 length:4 body crc:4       length counts the body; crc is CRC-16/IBM of it; answered by count:4
 *   body    = codec:1 count:1 record[count] count:1
 *   record  = time_ms:8 priority:1 lon:4 lat:4 altitude:2 angle:2 satellites:1 speed:2 io
 *   io      = event:I [generation:1, codec 16] total:N  then, for values of 1, 2, 4, 8 bytes: n:N (id:I value)*n,
 *             then, codec 8 extended: n:2 (id:2 length:2 value)*n
 *             I = 1 for codec 8, else 2; N = 2 for codec 8 extended, else 1
 *   body 12 = codec:1 quantity:1 type:1 (06) length:4 text quantity:1
 *
 * Source: Teltonika wiki, "Teltonika Data Sending Protocols" (https://wiki.teltonika-gps.com/view/Codec). Big-endian throughout;
 * coordinates in degrees x 1e7, speed in km/h. A device that sees another count than it sent sends the packet again.
 *
 * Without a fix "longitude, latitude and altitude values are last valid fix, and angle, satellites and speed are 0"
 * (the same page), all zero when there never was one. So a record with no satellites keeps its place as invalid, or is a contact
 * where the place is 0, 0; its speed, course and altitude are unknown.
 *
 * FF bytes may stand between packets; they are a sign of life, nothing else.
 */
#include "ingest/protocols/attributes.h"
#include "ingest/protocols/protocol.h"
#include "ingest/protocols/teltonika_io.h"

#include "base/text.h"
#include "base/wire.h"

#include <string.h>

enum {
	IMEI_LEN = 15,
	LOGIN_LEN = 2 + IMEI_LEN,
	HEAD = 8,
	TAIL = 4,
	BODY_MIN = 3, /* codec and both counts */
	PING = 0xFF,
	CODEC_8 = 0x08,
	CODEC_8E = 0x8E,
	CODEC_16 = 0x10,
	CODEC_12 = 0x0C,
	TYPE_RESPONSE = 0x06, /* of codec 12: what the device says */
	SPEED_UNKNOWN = 0xFFFF,
};

static const double KMH_MPS = 1 / 3.6;

/* protocol_note.state[0] */
enum note { NOTE_NOTHING, NOTE_LOGIN, NOTE_PACKET };

/* protocol_note.state[1..]: the IMEI's digits, two a byte, until the login is accepted */
enum { NOTE_IMEI = 1 };

/* ---- frames ---- */

static ssize_t teltonika_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	struct wire w = wire_over(buf, len);
	size_t pings = 0;

	while (pings < len && buf[pings] == PING)
		pings++;
	if (pings > 0)
		return (ssize_t)pings;
	if (len >= 1 && buf[0] != 0)
		return -REASON_BAD_FRAME;
	if (len >= 2 && buf[1] == IMEI_LEN)
		return len < LOGIN_LEN ? PROTOCOL_MORE : LOGIN_LEN;
	for (size_t i = 0; i < len && i < 4; i++)
		if (buf[i] != 0)
			return -REASON_BAD_FRAME;
	wire_u32(&w);
	uint32_t body = wire_u32(&w);
	if (!wire_ok(&w))
		return PROTOCOL_MORE;
	if (body < BODY_MIN)
		return -REASON_BAD_FRAME;
	if (limits->frame_max < HEAD + TAIL || body > limits->frame_max - HEAD - TAIL)
		return -REASON_TOO_LARGE;
	size_t whole = (size_t)HEAD + body + TAIL;
	return len < whole ? PROTOCOL_MORE : (ssize_t)whole;
}

/* CRC-16/IBM (also called ARC): polynomial 8005 reflected, from 0. Four bits at a time. */
static uint16_t crc16(const uint8_t *p, size_t n)
{
	static const uint16_t step[16] = { 0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001,
		0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400 };
	uint16_t crc = 0;

	for (size_t i = 0; i < n; i++) {
		crc = (uint16_t)(crc >> 4 ^ step[(crc ^ p[i]) & 15]);
		crc = (uint16_t)(crc >> 4 ^ step[(crc ^ p[i] >> 4) & 15]);
	}
	return crc;
}

/* ---- records ---- */

struct packet {
	struct wire w;
	uint8_t codec;
	size_t id_size, count_size; /* I and N above */
	struct protocol_scratch *scratch;
};

static void read_fixed_elements(struct packet *k, struct position *p, struct attributes *a)
{
	for (size_t size = 1; size <= 8; size *= 2) {
		uint64_t n = wire_be(&k->w, k->count_size);
		for (; n > 0 && wire_ok(&k->w); n--) {
			uint16_t id = (uint16_t)wire_be(&k->w, k->id_size);
			uint64_t value = wire_be(&k->w, size);
			if (wire_ok(&k->w))
				teltonika_io(p, a, &k->scratch->arena, id, value, size);
		}
	}
}

static void read_variable_elements(struct packet *k, struct attributes *a)
{
	for (uint64_t n = wire_u16(&k->w); n > 0 && wire_ok(&k->w); n--) {
		uint16_t id = wire_u16(&k->w), size = wire_u16(&k->w);
		const uint8_t *bytes = wire_bytes(&k->w, size);
		if (bytes)
			teltonika_io_bytes(a, &k->scratch->arena, id, bytes, size);
	}
}

static void read_elements(struct packet *k, struct position *p, struct attributes *a)
{
	uint16_t event = (uint16_t)wire_be(&k->w, k->id_size);

	if (event != 0)
		attribute_int(a, "event", event);
	if (k->codec == CODEC_16)
		wire_u8(&k->w); /* generation: why the record was made, 5 being "on change" */
	wire_be(&k->w, k->count_size); /* the total; the counts below say the same */
	read_fixed_elements(k, p, a);
	if (k->codec == CODEC_8E)
		read_variable_elements(k, a);
}

static void read_place(struct wire *w, struct position *p, struct attributes *a)
{
	int32_t lon = wire_i32(w), lat = wire_i32(w);
	int16_t altitude = wire_i16(w);
	uint16_t angle = wire_u16(w);
	uint8_t satellites = wire_u8(w);
	uint16_t speed = wire_u16(w);
	bool possible = lat >= -900000000 && lat <= 900000000 && lon >= -1800000000 && lon <= 1800000000;

	attribute_int(a, "satellites", satellites);
	if (!possible || (satellites == 0 && lat == 0 && lon == 0))
		return;
	p->lat_e7 = lat;
	p->lon_e7 = lon;
	p->has |= POSITION_LOCATION;
	p->invalid = satellites == 0;
	if (p->invalid)
		return;
	p->altitude_m = altitude;
	p->has |= POSITION_ALTITUDE;
	if (angle <= 360) {
		p->course_deg = (float)(angle % 360);
		p->has |= POSITION_COURSE;
	}
	if (speed != SPEED_UNKNOWN) {
		p->speed_mps = (float)(speed * KMH_MPS);
		p->has |= POSITION_SPEED;
	}
}

static int read_record(struct packet *k, struct position *p)
{
	struct attributes a;
	uint64_t time_ms = wire_u64(&k->w);

	attributes_begin(&a);
	*p = (struct position){ .time_ms = time_ms <= INT64_MAX ? (int64_t)time_ms : 0 };
	uint8_t priority = wire_u8(&k->w);
	if (priority != 0)
		attribute_int(&a, "priority", priority); /* 1 high, 2 panic */
	read_place(&k->w, p, &a);
	read_elements(k, p, &a);
	return attributes_end(&a, p, &k->scratch->arena) ? 0 : REASON_TOO_MANY;
}

static int read_records(struct packet *k, struct protocol_result *result)
{
	uint8_t count = wire_u8(&k->w);

	k->id_size = k->codec == CODEC_8 ? 1 : 2;
	k->count_size = k->codec == CODEC_8E ? 2 : 1;
	if (count > k->scratch->positions_max)
		return REASON_TOO_MANY;
	for (size_t i = 0; i < count && wire_ok(&k->w); i++) {
		int e = read_record(k, &k->scratch->positions[i]);
		if (e != 0)
			return e;
	}
	if (wire_u8(&k->w) != count || !wire_ok(&k->w) || k->w.left != 0)
		return REASON_BAD_FRAME;
	result->positions_n = result->note.records = count;
	return 0;
}

/* What a device says to a command, or by itself: a contact that carries the text. Not answered. */
static int read_response(struct packet *k, struct protocol_result *result)
{
	struct arena *arena = &k->scratch->arena;
	struct position *p = k->scratch->positions;
	struct attributes a;

	wire_u8(&k->w); /* quantity, not used */
	uint8_t type = wire_u8(&k->w);
	uint32_t n = wire_u32(&k->w);
	const uint8_t *bytes = wire_bytes(&k->w, n);
	wire_u8(&k->w);
	if (!wire_ok(&k->w) || k->w.left != 0)
		return REASON_BAD_FRAME;
	if (type != TYPE_RESPONSE)
		return REASON_UNSUPPORTED;
	if (k->scratch->positions_max == 0)
		return REASON_TOO_MANY;

	while (n > 0 && (bytes[n - 1] == '\r' || bytes[n - 1] == '\n'))
		n--;
	attributes_begin(&a);
	*p = (struct position){ 0 };
	char *text = arena_take(arena, 2 * (size_t)n + 1);
	if (!text)
		return REASON_TOO_MANY;
	if (text_is_utf8((const char *)bytes, n) && !memchr(bytes, '\0', n))
		memcpy(text, bytes, n), text[n] = '\0';
	else
		text_hex(text, bytes, n);
	attribute_text(&a, "result", text);
	if (!attributes_end(&a, p, arena))
		return REASON_TOO_MANY;
	result->positions_n = 1;
	result->note.state[0] = NOTE_NOTHING;
	return 0;
}

static int read_packet(
	const uint8_t *frame, size_t len, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct wire w = wire_over(frame, len);
	struct packet k = { .scratch = scratch };

	result->note.state[0] = NOTE_PACKET;
	wire_u32(&w);
	uint32_t body_len = wire_u32(&w);
	const uint8_t *body = wire_bytes(&w, body_len);
	uint32_t crc = wire_u32(&w);
	if (!wire_ok(&w) || w.left != 0 || body_len < BODY_MIN)
		return REASON_BAD_FRAME;
	if (crc != crc16(body, body_len))
		return REASON_BAD_CHECKSUM;
	k.w = wire_over(body, body_len);
	k.codec = wire_u8(&k.w);
	switch (k.codec) {
	case CODEC_8:
	case CODEC_8E:
	case CODEC_16:
		return read_records(&k, result);
	case CODEC_12:
		return read_response(&k, result);
	default:
		return REASON_UNSUPPORTED;
	}
}

/* ---- sessions ---- */

static int read_login(
	const uint8_t *frame, size_t len, struct protocol_scratch *scratch, struct protocol_result *result)
{
	result->note.state[0] = NOTE_LOGIN;
	if (len != LOGIN_LEN)
		return REASON_BAD_FRAME;
	for (size_t i = 0; i < IMEI_LEN; i++) {
		uint8_t digit = frame[2 + i];
		if (digit < '0' || digit > '9')
			return REASON_BAD_FRAME;
		result->note.state[NOTE_IMEI + i / 2] |= (uint8_t)((digit - '0') << (i % 2 ? 0 : 4));
	}
	scratch->groups[0].identifier = arena_text(&scratch->arena, (const char *)frame + 2, IMEI_LEN);
	return scratch->groups[0].identifier ? 0 : REASON_TOO_MANY;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	if (scratch->groups_max == 0)
		return REASON_TOO_MANY;
	scratch->groups[0] = (struct protocol_group){ .identifier = session->identifier };
	if (len >= 2 && frame[0] == 0 && frame[1] == IMEI_LEN)
		return read_login(frame, len, scratch, result);
	int e = read_packet(frame, len, scratch, result);
	if (e == 0 && !session->identifier[0])
		e = REASON_NO_DEVICE;
	return e;
}

static int teltonika_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };

	ret->note = result.note;
	if (len == 0)
		return REASON_BAD_FRAME;
	arena_reset(&scratch->arena);
	if (frame[0] == PING) {
		*ret = result;
		return 0;
	}
	int e = read_frame(session, frame, len, scratch, &result);
	ret->note = result.note;
	if (e != 0)
		return e;
	result.positions = scratch->positions;
	result.groups = scratch->groups;
	result.groups_n = 1;
	result.groups[0].n = result.positions_n;
	*ret = result;
	return 0;
}

static void log_in(struct protocol_session *session, const struct protocol_note *note)
{
	for (size_t i = 0; i < IMEI_LEN; i++) {
		uint8_t pair = note->state[NOTE_IMEI + i / 2];
		session->identifier[i] = (char)('0' + (i % 2 ? pair & 15 : pair >> 4));
	}
	session->identifier[IMEI_LEN] = '\0';
}

/* A refused packet is answered by a count of 0 so that the device keeps its records, and one that could not be stored by
 * nothing at all: it comes back, by itself, on the next connection. */
static struct protocol_answer teltonika_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct protocol_answer a = { .close = refused != 0 };
	uint32_t records = refused ? 0 : note->records;

	(void)now_ms;
	if (refused == REASON_UNAVAILABLE)
		return a;
	switch (note->state[0]) {
	case NOTE_LOGIN:
		if (!refused)
			log_in(session, note);
		out[0] = refused ? 0 : 1;
		a.len = 1;
		break;
	case NOTE_PACKET:
		for (size_t i = 0; i < 4; i++)
			out[i] = (uint8_t)(records >> 8 * (3 - i));
		a.len = 4;
		break;
	default:
		break;
	}
	return a;
}

const struct protocol protocol_teltonika = {
	.name = "teltonika",
	.port = 5027,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.frame = teltonika_frame,
	.decode = teltonika_decode,
	.answer = teltonika_answer,
};
