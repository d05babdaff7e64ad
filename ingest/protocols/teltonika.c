/*
 * Teltonika codec 8, 8 extended and 16 over TCP, and the answers of codec 12
 *
 *   login   = length:2 (15) imei:15            answered by one byte, 01 or 00
 *   packet  = zero:4 length:4 body crc:4       length counts the body; crc is CRC-16/IBM of it; answered by count:4
 *   body    = codec:1 count:1 record[count] count:1         teltonika_records.c
 *   body 12 = codec:1 quantity:1 type:1 (06) length:4 text quantity:1
 *
 * Source: Teltonika wiki, "Teltonika Data Sending Protocols" (https://wiki.teltonika-gps.com/view/Codec). Big-endian
 * throughout. A device that sees another count than it sent sends the packet again.
 *
 * FF bytes may stand between packets; they are a sign of life, nothing else.
 */
#include "ingest/protocols/attributes.h"
#include "ingest/protocols/teltonika.h"

#include "base/text.h"

#include <string.h>

enum {
	LOGIN_LEN = 2 + TELTONIKA_IMEI,
	HEAD = 8,
	TAIL = 4,
	BODY_MIN = 3, /* codec and both counts */
	PING = 0xFF,
	CODEC_12 = 0x0C,
	TYPE_RESPONSE = 0x06, /* of codec 12: what the device says */
};

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
	if (len >= 2 && buf[1] == TELTONIKA_IMEI)
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

/* ---- packets ---- */

/* What a device says to a command, or by itself: a contact that carries the text. Not answered. */
static int read_response(struct wire *w, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct arena *arena = &scratch->arena;
	struct position *p = scratch->positions;
	struct attributes a;

	wire_u8(w); /* codec */
	wire_u8(w); /* quantity, not used */
	uint8_t type = wire_u8(w);
	uint32_t n = wire_u32(w);
	const uint8_t *bytes = wire_bytes(w, n);
	wire_u8(w);
	if (!wire_ok(w) || w->left != 0)
		return REASON_BAD_FRAME;
	if (type != TYPE_RESPONSE)
		return REASON_UNSUPPORTED;
	if (scratch->positions_max == 0)
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

	result->note.state[0] = NOTE_PACKET;
	wire_u32(&w);
	uint32_t body_len = wire_u32(&w);
	const uint8_t *body = wire_bytes(&w, body_len);
	uint32_t crc = wire_u32(&w);
	if (!wire_ok(&w) || w.left != 0 || body_len < BODY_MIN)
		return REASON_BAD_FRAME;
	if (crc != crc16(body, body_len))
		return REASON_BAD_CHECKSUM;
	w = wire_over(body, body_len);
	return *body == CODEC_12 ? read_response(&w, scratch, result) : teltonika_records(&w, scratch, result);
}

/* ---- sessions ---- */

bool teltonika_is_imei(const uint8_t *digits)
{
	for (size_t i = 0; i < TELTONIKA_IMEI; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return false;
	return true;
}

static int read_login(
	const uint8_t *frame, size_t len, struct protocol_scratch *scratch, struct protocol_result *result)
{
	result->note.state[0] = NOTE_LOGIN;
	if (len != LOGIN_LEN)
		return REASON_BAD_FRAME;
	if (!teltonika_is_imei(frame + 2))
		return REASON_BAD_FRAME;
	for (size_t i = 0; i < TELTONIKA_IMEI; i++)
		result->note.state[NOTE_IMEI + i / 2] |= (uint8_t)((frame[2 + i] - '0') << (i % 2 ? 0 : 4));
	scratch->groups[0].identifier = arena_text(&scratch->arena, (const char *)frame + 2, TELTONIKA_IMEI);
	return scratch->groups[0].identifier ? 0 : REASON_TOO_MANY;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	if (scratch->groups_max == 0)
		return REASON_TOO_MANY;
	scratch->groups[0] = (struct protocol_group){ .identifier = session->identifier };
	if (len >= 2 && frame[0] == 0 && frame[1] == TELTONIKA_IMEI)
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
	protocol_one_group(&result, scratch, scratch->groups[0].identifier, NULL);
	*ret = result;
	return 0;
}

static void log_in(struct protocol_session *session, const struct protocol_note *note)
{
	for (size_t i = 0; i < TELTONIKA_IMEI; i++) {
		uint8_t pair = note->state[NOTE_IMEI + i / 2];
		session->identifier[i] = (char)('0' + (i % 2 ? pair & 15 : pair >> 4));
	}
	session->identifier[TELTONIKA_IMEI] = '\0';
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
