/*
 * jt808 - the messages of JT/T 808, as a terminal writes them
 *
 *   frame     7E header body check:1 7E         between the 7E, 7D 02 stands for 7E and 7D 01 for 7D; check: all XORed
 *   header    id:2 properties:2 [version:1] terminal:6 serial:2        properties: length of the body, bit 14: of 2019
 *             of 2019 with the version and ten bytes of packed digits, else six
 *   register  0100  province:2 city:2 maker model id plate_colour:1 plate           answered by 8100: serial:2 result:1 code
 *   auth      0102  code; of 2019: length:1 code imei:15 software:20
 *   location  0200  alarm:4 status:4 lat:4 lon:4 (1e-6 degrees) altitude:2 (m) speed:2 (0.1 km/h) course:2 date:6 items
 *   batch     0704  n:2 kind:1 (length:2 location)[n]
 *   item      id:1 length:1 bytes
 *   answer    8001  serial:2 id:2 result:1
 *
 * Twelve digits are a terminal of 2013, any other number (an IMEI) one of 2019. Dates are of the time zone GMT+8, whatever zone the terminal
 * is in. A terminal registers, and is then to authenticate by the code that it is told; one that has registered before knows it. This one
 * says both at once: its code is its number, as gateways without a secret of their own give it.
 *
 * JT/T 808-2011 (as amended 2013) and 808-2019. The item of the battery is a maker's: the standard has none.
 */
#include "base/text.h"
#include "base/wire.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/whole.h"
#include "cli/simulation/writer.h"

enum {
	REGISTER = 0x0100,
	AUTHENTICATE = 0x0102,
	LOCATION = 0x0200,
	BATCH = 0x0704,
	ANSWER = 0x8001,
	REGISTERED = 0x8100,
};

enum {
	MARK = 0x7e,
	ESCAPE = 0x7d,
	BODY_MAX = 1023,
	OF_2019 = 1 << 14,
	TERMINAL = 6,
	TERMINAL_2019 = 10,
	HEADER_MAX = 2 + 2 + 1 + TERMINAL_2019 + 2,
	ANSWER_MAX = 256, /* unescaped */
	VERSION = 1, /* of the protocol of 2019 */
};

/* Messages are numbered from the first of a connection on; there is one message a write then. */
enum { SERIAL_REGISTER, SERIAL_AUTHENTICATE, SERIAL_LOCATION };

enum {
	POSITIONED = 1 << 1,
	SOUTH = 1 << 2,
	WEST = 1 << 3,
	ITEM_SATELLITES = 0x31,
	ITEM_BATTERY = 0xd4,
	LOCATION_SIZE = 28 + 3 + 3, /* with both items */
	RECORDS_MAX = (BODY_MAX - 3) / (2 + LOCATION_SIZE),
	SATELLITES = 9,
	ZONE_MS = 8 * 3600 * 1000,
};

/* Results of 8001. */
enum { RESULT_DONE, RESULT_FAILED, RESULT_WRONG, RESULT_UNSUPPORTED, RESULT_ALARM };

/* ---- messages ---- */

struct terminal {
	uint8_t number[TERMINAL_2019];
	size_t n;
	const char *digits; /* borrowed */
};

static bool of_2019(const struct terminal *t)
{
	return t->n == TERMINAL_2019;
}

/* Returns whether @identifier is a number that a header can have. */
static bool terminal_of(struct terminal *ret, const char *identifier)
{
	size_t n = strlen(identifier);
	char digits[2 * TERMINAL_2019 + 1];

	ret->digits = identifier;
	ret->n = n == 2 * (size_t)TERMINAL ? TERMINAL : TERMINAL_2019;
	if (n == 0 || n > 2 * ret->n || strspn(identifier, "0123456789") != n)
		return false;
	memset(digits, '0', sizeof digits);
	memcpy(digits + 2 * ret->n - n, identifier, n);
	return text_unhex(ret->number, ret->n, digits, 2 * ret->n) == 0;
}

static void put_escaped(struct writer *w, uint8_t byte)
{
	if (byte != MARK && byte != ESCAPE) {
		writer_be(w, byte, 1);
		return;
	}
	writer_be(w, ESCAPE, 1);
	writer_be(w, byte == MARK ? 2 : 1, 1);
}

static void put_header(struct writer *w, uint16_t id, const struct terminal *t, size_t body_n, unsigned serial)
{
	writer_be(w, id, 2);
	writer_be(w, body_n | (of_2019(t) ? OF_2019 : 0), 2);
	if (of_2019(t))
		writer_be(w, VERSION, 1);
	writer_put(w, t->number, t->n);
	writer_be(w, serial, 2);
}

static void put_message(
	struct writer *w, uint16_t id, const struct terminal *t, const struct writer *body, unsigned serial)
{
	uint8_t plain[HEADER_MAX + BODY_MAX], check = 0;
	struct writer p = writer_in(plain, sizeof plain);

	put_header(&p, id, t, body->n, serial);
	writer_put(&p, body->out, body->n);
	w->full |= p.full || body->full;
	writer_be(w, MARK, 1);
	for (size_t i = 0; i < p.n; i++) {
		put_escaped(w, plain[i]);
		check ^= plain[i];
	}
	put_escaped(w, check);
	writer_be(w, MARK, 1);
}

/* ---- login ---- */

/* @text at the beginning of @n bytes, the rest of them zero. */
static void put_field(struct writer *w, const char *text, size_t n)
{
	size_t len = strnlen(text, n);

	writer_put(w, text, len);
	for (; len < n; len++)
		writer_be(w, 0, 1);
}

static void put_register(struct writer *w, const struct terminal *t)
{
	enum { PROVINCE = 44, CITY = 300, NO_PLATE = 0 };
	uint8_t bytes[128];
	struct writer body = writer_in(bytes, sizeof bytes);

	writer_be(&body, PROVINCE, 2);
	writer_be(&body, CITY, 2);
	put_field(&body, "PTRCK", of_2019(t) ? 11 : 5);
	put_field(&body, "simulated", of_2019(t) ? 30 : 20);
	put_field(&body, t->digits + (strlen(t->digits) > 7 ? strlen(t->digits) - 7 : 0), of_2019(t) ? 30 : 7);
	writer_be(&body, NO_PLATE, 1);
	put_message(w, REGISTER, t, &body, SERIAL_REGISTER);
}

static void put_authenticate(struct writer *w, const struct terminal *t)
{
	uint8_t bytes[64];
	struct writer body = writer_in(bytes, sizeof bytes);
	size_t n = strlen(t->digits);

	if (of_2019(t))
		writer_be(&body, n, 1);
	writer_put(&body, t->digits, n);
	if (of_2019(t)) {
		put_field(&body, t->digits, 15);
		put_field(&body, "1.0", 20);
	}
	put_message(w, AUTHENTICATE, t, &body, SERIAL_AUTHENTICATE);
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct writer w = writer_in(out, size);
	struct terminal t;

	if (!terminal_of(&t, identifier))
		return 0;
	put_register(&w, &t);
	put_authenticate(&w, &t);
	return writer_len(&w);
}

/* ---- locations ---- */

static void put_item(struct writer *w, uint8_t id, unsigned value)
{
	writer_be(w, id, 1);
	writer_be(w, 1, 1);
	writer_be(w, value, 1);
}

static unsigned status_of(const struct position *p)
{
	return (p->invalid ? 0 : POSITIONED) | (p->lat_e7 < 0 ? SOUTH : 0) | (p->lon_e7 < 0 ? WEST : 0);
}

static void put_date(struct writer *w, int64_t time_ms)
{
	uint8_t date[WHOLE_DATE];

	whole_date(date, time_ms + ZONE_MS);
	for (size_t i = 0; i < sizeof date; i++)
		writer_be(w, (uint8_t)(date[i] / 10 << 4 | date[i] % 10), 1);
}

static void put_location(struct writer *w, const struct position *p)
{
	writer_be(w, 0, 4); /* no alarm */
	writer_be(w, status_of(p), 4);
	writer_be(w, whole_degrees(p->lat_e7, 1, 10), 4);
	writer_be(w, whole_degrees(p->lon_e7, 1, 10), 4);
	writer_be(w, (uint16_t)whole_altitude_m(p), 2);
	writer_be(w, whole_speed(p, 36, UINT16_MAX), 2);
	writer_be(w, whole_course_deg(p), 2);
	put_date(w, p->time_ms);
	put_item(w, ITEM_SATELLITES, SATELLITES);
	if (position_has(p, POSITION_BATTERY))
		put_item(w, ITEM_BATTERY, whole_battery_pct(p));
}

static void put_batch(struct writer *w, const struct position *p, size_t n)
{
	enum { NORMAL = 0 };

	writer_be(w, n, 2);
	writer_be(w, NORMAL, 1);
	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[LOCATION_SIZE];
		struct writer location = writer_in(bytes, sizeof bytes);
		put_location(&location, &p[i]);
		writer_be(w, location.n, 2);
		writer_put(w, bytes, location.n);
	}
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	uint8_t bytes[BODY_MAX];
	struct writer w = writer_in(out, size), body = writer_in(bytes, sizeof bytes);
	struct terminal t;

	(void)secret;
	if (!terminal_of(&t, identifier))
		return 0;
	if (n == 1)
		put_location(&body, p);
	else
		put_batch(&body, p, n);
	put_message(&w, n == 1 ? LOCATION : BATCH, &t, &body, SERIAL_LOCATION);
	return writer_len(&w);
}

/* ---- answers ---- */

/* Unescapes @n bytes into @out of ANSWER_MAX. How many there are then, 0 when an escape is none or they are too many. */
static size_t unescape(uint8_t *out, const uint8_t *bytes, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t byte = bytes[i];
		if (byte == ESCAPE) {
			if (++i == n || (bytes[i] != 1 && bytes[i] != 2))
				return 0;
			byte = bytes[i] == 2 ? MARK : ESCAPE;
		}
		if (count == ANSWER_MAX)
			return 0;
		out[count++] = byte;
	}
	return count;
}

struct message {
	uint8_t plain[ANSWER_MAX];
	uint16_t id;
	struct wire body;
	size_t used; /* bytes of the frame */
};

/* The message in @n bytes from @plain on, the check included. */
static bool read_plain(struct message *m, size_t n)
{
	uint8_t check = 0;
	struct wire w = wire_over(m->plain, n);

	for (size_t i = 0; i < n; i++)
		check ^= m->plain[i];
	m->id = wire_u16(&w);
	uint16_t properties = wire_u16(&w);
	wire_bytes(&w, properties & OF_2019 ? 1 + TERMINAL_2019 : TERMINAL);
	wire_u16(&w);
	m->body = wire_over(w.at, properties & BODY_MAX);
	return wire_ok(&w) && check == 0 && w.left == m->body.left + 1;
}

/* REPLY_TAKEN: it is in @m, whose memory the body points into. */
static enum reply_kind read_message(struct message *m, const uint8_t *bytes, size_t len)
{
	const uint8_t *end = len > 0 ? memchr(bytes + 1, MARK, len - 1) : NULL;

	if (len > 0 && bytes[0] != MARK)
		return REPLY_GARBAGE;
	if (!end)
		return len > 2 * ANSWER_MAX ? REPLY_GARBAGE : REPLY_MORE;
	size_t n = unescape(m->plain, bytes + 1, (size_t)(end - bytes) - 1);
	m->used = (size_t)(end - bytes) + 1;
	return read_plain(m, n) ? REPLY_TAKEN : REPLY_GARBAGE;
}

/* The general answer to message @id. Its result, or -1: it is something else. */
static int result_of(struct message *m, uint16_t id, unsigned serial)
{
	struct wire *w = &m->body;
	bool ours = m->id == ANSWER && wire_u16(w) == serial && wire_u16(w) == id;
	int result = wire_u8(w);

	return ours && wire_ok(w) && w->left == 0 ? result : -1;
}

/* Whether this is the answer to the registration. @ret_welcome: that there is such a terminal. */
static bool registered(struct message *m, bool *ret_welcome)
{
	struct wire *w = &m->body;
	bool ours = m->id == REGISTERED && wire_u16(w) == SERIAL_REGISTER;

	*ret_welcome = wire_u8(w) == RESULT_DONE;
	return ours && wire_ok(w) && (w->left > 0 || !*ret_welcome);
}

/* To the registration and to the authentication. */
static struct reply read_greeting(const uint8_t *bytes, size_t len)
{
	struct message m;
	enum reply_kind kind = read_message(&m, bytes, len);
	size_t used = kind == REPLY_TAKEN ? m.used : 0;
	bool welcome;

	if (kind != REPLY_TAKEN)
		return (struct reply){ .kind = kind };
	if (!registered(&m, &welcome))
		return (struct reply){ .kind = REPLY_GARBAGE };
	if (!welcome)
		return (struct reply){ .kind = REPLY_DENIED, .used = used };
	kind = read_message(&m, bytes + used, len - used);
	if (kind != REPLY_TAKEN)
		return (struct reply){ .kind = kind };
	int result = result_of(&m, AUTHENTICATE, SERIAL_AUTHENTICATE);
	if (result < 0)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = result == RESULT_DONE ? REPLY_WELCOME : REPLY_DENIED, .used = used + m.used };
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	struct message m;

	if (greeting)
		return read_greeting(bytes, len);
	enum reply_kind kind = read_message(&m, bytes, len);
	if (kind != REPLY_TAKEN)
		return (struct reply){ .kind = kind };
	switch (result_of(&m, sent == 1 ? LOCATION : BATCH, SERIAL_LOCATION)) {
	case RESULT_DONE:
	case RESULT_ALARM:
		return (struct reply){ .kind = REPLY_TAKEN, .used = m.used, .taken = sent };
	case RESULT_FAILED:
		return (struct reply){ .kind = REPLY_LATER, .used = m.used };
	case RESULT_WRONG:
	case RESULT_UNSUPPORTED:
		return (struct reply){ .kind = REPLY_REFUSED, .used = m.used };
	default:
		return (struct reply){ .kind = REPLY_GARBAGE };
	}
}

const struct dialect dialect_jt808 = {
	.name = "jt808",
	.protocol = "jt808",
	.port = 5015,
	.records_max = RECORDS_MAX,
	.imei = true,
	.seconds = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
