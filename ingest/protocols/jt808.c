/*
 * JT/T 808: trackers of Chinese make, 2011, 2013 and 2019
 *
 *   frame  = 7E header body check:1 7E      between the 7E, 7D 02 stands for 7E and 7D 01 for 7D
 *   header = id:2 properties:2 terminal:6 (packed digits) serial:2
 *            2019 (bit 14 of the properties): id:2 properties:2 version:1 terminal:10 serial:2
 *   properties = bits 0-9 length of the body, 10-12 encryption, 13 one of several packets (total:2 number:2 follow), 14 2019
 *   check  = header and body, unescaped, all XORed
 *
 * Source: JT/T 808-2011, -2013 and -2019 (Ministry of Transport of the PRC), "Communication protocol and data format for GNSS-based road
 * transport vehicle satellite positioning system terminals". Big-endian throughout; dates are packed digits of the time zone GMT+8, as the
 * standard has it for all of them.
 *
 * Every message names its terminal. Twelve digits are the identifier as they are, the twenty of 2019 without leading zeros (but for that
 * of an IMEI: those of North America begin with 01); six bytes that are no digits are, with some makers, an IMEI without its check digit.
 *
 * A message is answered by 8001 (serial:2 id:2 result:1), a registration by 8100 with an authentication code, which is the identifier: the
 * protocol knows no secret. Messages in several packets, and encrypted ones, are answered as not supported.
 *
 * Jointech's locks speak beside it (jt808_lock.c): headers with one byte of serial number for ids of 55xx, and text in brackets.
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/jt808.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
	CODE_MAX = 2 * JT808_TERMINAL_2019, /* digits */
	IMEI_DIGITS = 15,
	ENCRYPTED = 7 << 10,
	WANTS_ANSWER = 1 << 15, /* Jointech's */
};

enum id {
	ID_REPLY = 0x0001,
	ID_HEARTBEAT = 0x0002,
	ID_LOGOUT = 0x0003,
	ID_TIME = 0x0004,
	ID_REGISTER = 0x0100,
	ID_LOGIN = 0x0102,
	ID_TIME_2 = 0x0109, /* of some makers */
	ID_LOCATION = 0x0200,
	ID_LOCATION_REPLY = 0x0201,
	ID_SHORT_BATCH = 0x0210,
	ID_CONTROL_REPLY = 0x0500,
	ID_HEARTBEAT_2 = 0x0506,
	ID_TEXT = 0x0701,
	ID_BATCH = 0x0704,
	ID_TRANSPARENT = 0x0900,
	ID_MESSAGE = 0x6006,
	ID_ANSWER = 0x8001,
	ID_TIME_ANSWER = 0x8004,
	ID_REGISTER_ANSWER = 0x8100,
	ID_TIME_2_ANSWER = 0x8109,
};

/* Results of 8001; of 8100 those below 4 mean other things. */
enum { RESULT_DONE = 0, RESULT_WRONG = 2, RESULT_UNSUPPORTED = 3, REGISTER_NO_SUCH_TERMINAL = 4 };

enum answer {
	ANSWER_NONE,
	ANSWER_GENERAL,
	ANSWER_UNSUPPORTED, /* taken all the same */
	ANSWER_REGISTER,
	ANSWER_TIME, /* packed digits */
	ANSWER_TIME_2, /* year in two bytes, binary */
	ANSWER_LOCK,
	ANSWER_SENTENCE,
};

/* protocol_note.state; a sentence has its identifier's digits at NOTE_TERMINAL */
enum { NOTE_ANSWER, NOTE_ID, NOTE_SERIAL = 3, NOTE_VERSION = 5, NOTE_TERMINAL, NOTE_VERSION_NONE = 0xFF };

/* ---- terminals ---- */

static int luhn_digit(uint64_t number)
{
	int sum = 0;

	for (int i = 0; number > 0; i++, number /= 10) {
		int digit = (int)(number % 10) * (i % 2 == 0 ? 2 : 1);
		sum += digit / 10 + digit % 10;
	}
	return (10 - sum % 10) % 10;
}

/* Whether the @n digits are an IMEI without its first one, 0. */
static bool lacks_zero(const char *digits, size_t n)
{
	int64_t number;

	return n == IMEI_DIGITS - 1 && text_to_int(&number, digits, n - 1) == 0 &&
	       luhn_digit((uint64_t)number) == digits[n - 1] - '0';
}

/* @terminal of JT808_TERMINAL or JT808_TERMINAL_2019 bytes as an identifier. */
static void terminal_text(char out[static CODE_MAX + 1], const uint8_t *terminal, size_t n)
{
	struct text t = text_in(out, CODE_MAX + 1);

	if (binary_digits(out, terminal, n)) {
		size_t zeros = n == JT808_TERMINAL_2019 ? strspn(out, "0") : 0;
		zeros -= lacks_zero(out + zeros, 2 * n - zeros);
		memmove(out, out + zeros, 2 * n - zeros + 1);
	} else if (n == JT808_TERMINAL) {
		struct wire w = wire_over(terminal, n);
		uint64_t number = wire_be(&w, n);
		text_printf(&t, "%0*llu%d", IMEI_DIGITS - 1, (unsigned long long)number, luhn_digit(number));
	} else {
		text_hex(out, terminal, n);
	}
}

/* ---- reports ---- */

int jt808_begin(struct jt808_report *r, struct jt808 *m)
{
	if (m->result->positions_n == m->scratch->positions_max)
		return REASON_TOO_MANY;
	r->p = &m->scratch->positions[m->result->positions_n];
	*r->p = (struct position){ 0 };
	r->arena = &m->scratch->arena;
	attributes_begin(&r->a);
	parts_begin(&r->cells);
	parts_begin(&r->wifi);
	parts_begin(&r->alarms);
	return 0;
}

int jt808_end(struct jt808_report *r, struct jt808 *m)
{
	parts_end(&r->alarms, "alarm", &r->a, r->arena);
	parts_end(&r->cells, "cells", &r->a, r->arena);
	parts_end(&r->wifi, "wifi", &r->a, r->arena);
	if (!attributes_end(&r->a, r->p, r->arena))
		return REASON_TOO_MANY;
	m->result->positions_n++;
	return 0;
}

/* ---- messages ---- */

/* A sign of life. */
static int read_heartbeat(struct jt808 *m)
{
	struct jt808_report r;
	int e = jt808_begin(&r, m);

	return e != 0 ? e : jt808_end(&r, m);
}

/* A contact with the rest of the body as attribute @name. */
static int read_rest(struct jt808 *m, const char *name)
{
	struct jt808_report r;
	int e = jt808_begin(&r, m);

	if (e != 0)
		return e;
	binary_text(&r.a, r.arena, name, m->w.at, m->w.left);
	return jt808_end(&r, m);
}

/* 0701: length:4 text. */
static int read_text(struct jt808 *m)
{
	wire_u32(&m->w);
	return wire_ok(&m->w) ? read_rest(m, "result") : REASON_BAD_FRAME;
}

/* 6006: encoding:1 text. */
static int read_message(struct jt808 *m)
{
	wire_u8(&m->w);
	return wire_ok(&m->w) ? read_rest(m, "result") : REASON_BAD_FRAME;
}

/* 0900: kind:1 and what a device behind the terminal says. */
static int read_transparent(struct jt808 *m)
{
	struct jt808_report r;
	uint8_t kind = wire_u8(&m->w);
	int e = jt808_begin(&r, m);

	if (e == 0 && !wire_ok(&m->w))
		e = REASON_BAD_FRAME;
	if (e != 0)
		return e;
	attribute_int(&r.a, "type", kind);
	binary_text(&r.a, r.arena, "data", m->w.at, m->w.left);
	return jt808_end(&r, m);
}

static int read_unknown(struct jt808 *m)
{
	struct jt808_report r;
	int e = jt808_begin(&r, m);

	if (e != 0)
		return e;
	attribute_int(&r.a, "type", m->id);
	binary_hex(&r.a, r.arena, "data", m->w.at, m->w.left);
	return jt808_end(&r, m);
}

/* Nothing to store: the device is named, and that is all. */
static int read_nothing(struct jt808 *m)
{
	(void)m;
	return 0;
}

static const struct kind {
	uint16_t id;
	uint8_t answer;
	int (*read)(struct jt808 *m);
} kinds[] = {
	{ ID_REPLY, ANSWER_NONE, read_nothing },
	{ ID_HEARTBEAT, ANSWER_GENERAL, read_heartbeat },
	{ ID_LOGOUT, ANSWER_GENERAL, read_nothing },
	{ ID_TIME, ANSWER_TIME, read_nothing },
	{ ID_REGISTER, ANSWER_REGISTER, read_nothing },
	{ ID_LOGIN, ANSWER_GENERAL, read_nothing },
	{ ID_TIME_2, ANSWER_TIME_2, read_nothing },
	{ ID_LOCATION, ANSWER_GENERAL, jt808_location },
	{ ID_LOCATION_REPLY, ANSWER_GENERAL, jt808_answered_location },
	{ ID_SHORT_BATCH, ANSWER_GENERAL, jt808_short_batch },
	{ ID_CONTROL_REPLY, ANSWER_GENERAL, jt808_answered_location },
	{ ID_HEARTBEAT_2, ANSWER_GENERAL, read_heartbeat },
	{ ID_TEXT, ANSWER_GENERAL, read_text },
	{ ID_BATCH, ANSWER_GENERAL, jt808_batch },
	{ ID_TRANSPARENT, ANSWER_GENERAL, read_transparent },
	{ JT808_LOCK, ANSWER_NONE, jt808_lock },
	{ JT808_LOCK_BLIND, ANSWER_NONE, jt808_lock },
	{ ID_MESSAGE, ANSWER_GENERAL, read_message },
};

static const struct kind other = { 0, ANSWER_UNSUPPORTED, read_unknown };

static const struct kind *kind_of(uint16_t id)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].id == id)
			return &kinds[i];
	return &other;
}

bool jt808_is_known(uint16_t id)
{
	return kind_of(id) != &other;
}

struct header {
	uint16_t properties;
	const uint8_t *terminal;
	size_t terminal_len;
};

/* Leaves the body in @m. */
static int read_header(struct header *h, struct jt808 *m, struct protocol_note *note)
{
	struct wire *w = &m->w;

	m->id = wire_u16(w);
	bool lock = jt808_is_lock(m->id);
	h->properties = wire_u16(w);
	bool newer = !lock && h->properties & JT808_2019;
	note->state[NOTE_VERSION] = newer ? wire_u8(w) : NOTE_VERSION_NONE;
	h->terminal_len = newer ? JT808_TERMINAL_2019 : JT808_TERMINAL;
	h->terminal = wire_bytes(w, h->terminal_len);
	uint16_t serial = lock ? wire_u8(w) : wire_u16(w);
	if (!wire_ok(w) || (newer && note->state[NOTE_VERSION] == NOTE_VERSION_NONE))
		return REASON_BAD_FRAME;
	note->state[NOTE_ID] = (uint8_t)(m->id >> 8);
	note->state[NOTE_ID + 1] = (uint8_t)m->id;
	note->state[NOTE_SERIAL] = (uint8_t)(serial >> 8);
	note->state[NOTE_SERIAL + 1] = (uint8_t)serial;
	memcpy(note->state + NOTE_TERMINAL, h->terminal, h->terminal_len);
	note->state[NOTE_ANSWER] = kind_of(m->id)->answer;
	if (lock && h->properties & WANTS_ANSWER)
		note->state[NOTE_ANSWER] = ANSWER_LOCK;
	if (!lock && h->properties & (JT808_SPLIT | ENCRYPTED))
		return REASON_UNSUPPORTED;
	return w->left == (h->properties & JT808_LENGTH) ? 0 : REASON_BAD_FRAME;
}

static int read_frame(struct jt808 *m, const uint8_t *frame, size_t len, const char **ret_identifier)
{
	struct arena *arena = &m->scratch->arena;
	char identifier[CODE_MAX + 1];
	struct header h;

	int e = jt808_open(&m->w, frame, len, arena);
	if (e != 0)
		return e;
	e = read_header(&h, m, &m->result->note);
	if (e != 0)
		return e;
	terminal_text(identifier, h.terminal, h.terminal_len);
	*ret_identifier = arena_text(arena, identifier, strlen(identifier));
	if (!*ret_identifier)
		return REASON_TOO_MANY;
	return **ret_identifier ? kind_of(m->id)->read(m) : REASON_NO_DEVICE;
}

/* The identifier of a sentence that is answered. Only one of digits is what the vendor documents. */
static void note_sentence(struct protocol_note *note, const char *identifier)
{
	if (strlen(identifier) != 2 * JT808_TERMINAL ||
		text_unhex(note->state + NOTE_TERMINAL, JT808_TERMINAL, identifier, 2 * JT808_TERMINAL))
		return;
	note->state[NOTE_ANSWER] = ANSWER_SENTENCE;
}

static int read_sentence(struct jt808 *m, const uint8_t *text, size_t n, const char **ret_identifier)
{
	int e = jt808_sentence(m, text, n, ret_identifier);

	if (e == 0 && m->result->positions_n == 0)
		note_sentence(&m->result->note, *ret_identifier);
	return e;
}

static int jt808_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct jt808 m = { .scratch = scratch, .result = &result };
	const char *identifier = NULL;
	bool sentence = len > 0 && frame[0] == '(';

	(void)session;
	arena_reset(&scratch->arena);
	int e = sentence ? read_sentence(&m, frame, len, &identifier) : read_frame(&m, frame, len, &identifier);
	if (e == 0 && scratch->groups_max == 0)
		e = REASON_TOO_MANY;
	result.note.records = (uint32_t)result.positions_n;
	ret->note = result.note;
	if (e != 0)
		return e;
	protocol_one_group(&result, scratch, identifier, NULL);
	*ret = result;
	return 0;
}

/* ---- answers ---- */

static size_t make_frame(uint8_t *out, const struct protocol_note *note, uint16_t id, const uint8_t *body, size_t n)
{
	bool newer = note->state[NOTE_VERSION] != NOTE_VERSION_NONE;
	struct jt808_address to = { .newer = newer, .version = note->state[NOTE_VERSION] };

	memcpy(to.terminal, note->state + NOTE_TERMINAL, newer ? JT808_TERMINAL_2019 : JT808_TERMINAL);
	return jt808_make(out, &to, id, body, n);
}

static size_t answer_general(uint8_t *out, const struct protocol_note *note, uint8_t result)
{
	const uint8_t *s = note->state;
	const uint8_t body[] = { s[NOTE_SERIAL], s[NOTE_SERIAL + 1], s[NOTE_ID], s[NOTE_ID + 1], result };

	return make_frame(out, note, ID_ANSWER, body, sizeof body);
}

static size_t answer_register(uint8_t *out, const struct protocol_note *note, uint8_t result)
{
	uint8_t body[3 + CODE_MAX + 1] = { note->state[NOTE_SERIAL], note->state[NOTE_SERIAL + 1], result };
	bool newer = note->state[NOTE_VERSION] != NOTE_VERSION_NONE;
	char *code = (char *)body + 3;

	if (result == RESULT_DONE)
		terminal_text(code, note->state + NOTE_TERMINAL, newer ? JT808_TERMINAL_2019 : JT808_TERMINAL);
	return make_frame(out, note, ID_REGISTER_ANSWER, body, 3 + strlen(code));
}

static size_t answer_lock(uint8_t *out, const struct protocol_note *note)
{
	const uint8_t body[] = { note->state[NOTE_ID], note->state[NOTE_ID + 1], RESULT_DONE };

	return make_frame(out, note, JT808_LOCK_ANSWER, body, sizeof body);
}

static size_t answer_time(uint8_t *out, const struct protocol_note *note, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	int year = tm.tm_year + 1900;
	uint8_t body[] = { (uint8_t)(year >> 8), (uint8_t)year, (uint8_t)(tm.tm_mon + 1), (uint8_t)tm.tm_mday,
		(uint8_t)tm.tm_hour, (uint8_t)tm.tm_min, (uint8_t)tm.tm_sec };
	if (note->state[NOTE_ANSWER] == ANSWER_TIME_2)
		return make_frame(out, note, ID_TIME_2_ANSWER, body, sizeof body);
	body[1] = (uint8_t)(year % 100);
	for (size_t i = 1; i < sizeof body; i++)
		body[i] = (uint8_t)(body[i] / 10 << 4 | body[i] % 10);
	return make_frame(out, note, ID_TIME_ANSWER, body + 1, sizeof body - 1);
}

/* "(ID,1,001,BASE,2,TIME)" with the time for TIME. */
static size_t answer_sentence(uint8_t *out, const struct protocol_note *note, int64_t now_ms)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	time_t now = (time_t)(now_ms / 1000);
	char digits[2 * JT808_TERMINAL + 1];
	struct tm tm;

	if (!binary_digits(digits, note->state + NOTE_TERMINAL, JT808_TERMINAL))
		return 0;
	gmtime_r(&now, &tm);
	text_printf(&t, "(%s,1,001,BASE,2,%04d%02d%02d%02d%02d%02d)", digits, tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return t.len;
}

static size_t answer_taken(uint8_t *out, const struct protocol_note *note, int64_t now_ms)
{
	switch (note->state[NOTE_ANSWER]) {
	case ANSWER_GENERAL:
		return answer_general(out, note, RESULT_DONE);
	case ANSWER_UNSUPPORTED:
		return answer_general(out, note, RESULT_UNSUPPORTED);
	case ANSWER_REGISTER:
		return answer_register(out, note, RESULT_DONE);
	case ANSWER_TIME:
	case ANSWER_TIME_2:
		return answer_time(out, note, now_ms);
	case ANSWER_LOCK:
		return answer_lock(out, note);
	case ANSWER_SENTENCE:
		return answer_sentence(out, note, now_ms);
	default:
		return 0;
	}
}

/* What can never be read is said to be wrong, or not supported, so that it does not come again; what may be taken later gets no
 * answer. */
static size_t answer_refused(uint8_t *out, const struct protocol_note *note, enum protocol_reason refused)
{
	uint8_t kind = note->state[NOTE_ANSWER];

	if (refused == REASON_UNKNOWN_DEVICE && kind == ANSWER_REGISTER)
		return answer_register(out, note, REGISTER_NO_SUCH_TERMINAL);
	if (kind != ANSWER_GENERAL && kind != ANSWER_UNSUPPORTED)
		return 0;
	if (refused == REASON_UNSUPPORTED)
		return answer_general(out, note, RESULT_UNSUPPORTED);
	if (refused == REASON_BAD_VALUE || refused == REASON_BAD_FRAME)
		return answer_general(out, note, RESULT_WRONG);
	return 0;
}

static struct protocol_answer jt808_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	(void)session;
	return (struct protocol_answer){
		.len = refused ? answer_refused(out, note, refused) : answer_taken(out, note, now_ms),
		.close = binary_closes(refused),
	};
}

const struct protocol protocol_jt808 = {
	.name = "jt808",
	.port = 5015,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = jt808_frame,
	.decode = jt808_decode,
	.answer = jt808_answer,
};
