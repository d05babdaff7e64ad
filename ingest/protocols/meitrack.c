/*
 * Meitrack: text (AAA) and binary (CCC, CCE) reports of the MT, MVT, T and P series
 *
 *   $$ FLAG LENGTH,IMEI,COMMAND,...*CC\r\n        without blanks; FLAG any character, CC the sum of all before it in hex
 *
 *   AAA   event, lat, lon, yymmddhhmmss, A, satellites, GSM, km/h, course, hdop, altitude, metres, seconds of running, mcc|mnc|lac|cid, I/O,
 *         A1|A2|A3|battery|power, about the event, -, version, fuel...
 *   CCC   records of 52 bytes, CCE: records of parameters (meitrack_binary.c)
 *
 * Source: "MEITRACK GPRS Protocol" V1.6 and V2.07. LENGTH counts from the comma behind it to the line end. A frame of text ends at its
 * line end, whatever it counts, since some models count wrong; a binary one by its length. Degrees are decimal, times UTC, lac, cid, I/O
 * and the analog values hex; of I/O the high byte is inputs, the low one outputs. V marks a fix as not valid: the last place known.
 *
 * The battery is in 10 mV with newer models, and in steps of a converter with older ones: 6 V by 1024 (MVT), 6.6 V by 4096 (MT90).
 * Which it is, the model is not said, shows in the value: a cell of 2.5 to 4.5 V is 250 to 450, 451 to 768 or 1552 to 2793 of them.
 *
 * Answers: CCC by @@ FLAG LENGTH,IMEI,CCC,COUNT*CC. AAA and CCE want none. Pictures (D00, D03) are not fetched.
 */
#include "ingest/protocols/meitrack.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

enum {
	COMMAND_LEN = 3,
	LENGTH_MAX = 5, /* digits of LENGTH */
	ID_MAX = 24,
	TAIL = 5, /* *CC\r\n */
	FIELDS_MAX = 32,
};

static const double KMH_MPS = 1 / 3.6;

/* protocol_note.state: the IMEI packed, then the flag; protocol_note.records: those of a CCC, 0 when none is answered */
enum { NOTE_FLAG = SENTENCE_PACKED, NOTE_ANSWER };

/* ---- frames ---- */

struct head {
	size_t comma; /* behind LENGTH; 0: not there yet */
	uint32_t length;
	struct slice id;
	size_t command; /* where it begins; 0: not there yet */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* 0, or REASON_BAD_FRAME for what cannot become one. */
static int read_head(struct head *h, const uint8_t *b, size_t len)
{
	size_t at = 3;

	*h = (struct head){ 0 };
	if (b[0] != '$' || (len > 1 && b[1] != '$') || (len > 2 && (b[2] <= ' ' || b[2] > '~')))
		return REASON_BAD_FRAME;
	while (at < len && is_digit(b[at]))
		at++;
	if (at > 3 + LENGTH_MAX || (at < len && (at == 3 || b[at] != ',')))
		return REASON_BAD_FRAME;
	if (at >= len)
		return 0;
	h->comma = at;
	if (sentence_unsigned(&h->length, slice_of((const char *)b + 3, at - 3)) != 0)
		return REASON_BAD_FRAME;
	size_t id = ++at;
	while (at < len && is_alnum(b[at]) && at - id <= ID_MAX)
		at++;
	if (at - id > ID_MAX || (at < len && b[at] != ','))
		return REASON_BAD_FRAME;
	if (at >= len)
		return 0;
	h->id = slice_of((const char *)b + id, at - id);
	h->command = ++at;
	for (; at < len && at < h->command + COMMAND_LEN; at++)
		if (!is_alnum(b[at]))
			return REASON_BAD_FRAME;
	return 0;
}

static bool is_binary(struct slice command)
{
	return slice_is(command, "CCC") || slice_is(command, "CCE") || slice_is(command, "D00");
}

static ssize_t meitrack_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t look = len < limits->frame_max ? len : limits->frame_max, blanks = sentence_blanks(buf, look);
	struct head h;

	if (len == 0 || blanks > 0)
		return (ssize_t)blanks;
	if (read_head(&h, buf, look) != 0)
		return -REASON_BAD_FRAME;
	if (h.command == 0 || look - h.command < COMMAND_LEN)
		return len < limits->frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
	if (!is_binary(slice_of((const char *)buf + h.command, COMMAND_LEN)))
		return sentence_frame(buf, len, '\n', limits->frame_max);
	size_t whole = h.comma + h.length;
	if (whole < h.command + COMMAND_LEN + TAIL)
		return -REASON_BAD_FRAME;
	if (whole > limits->frame_max)
		return -REASON_TOO_LARGE;
	return len < whole ? PROTOCOL_MORE : (ssize_t)whole;
}

/* The sum over everything up to and with the asterisk. */
static int check_sum(const uint8_t *frame, size_t len)
{
	uint64_t want;
	uint8_t sum = 0;

	if (len < TAIL || frame[len - TAIL] != '*' || frame[len - 2] != '\r' || frame[len - 1] != '\n')
		return REASON_BAD_FRAME;
	for (size_t i = 0; i <= len - TAIL; i++)
		sum = (uint8_t)(sum + frame[i]);
	struct slice digits = slice_of((const char *)frame + len - TAIL + 1, 2);
	return sentence_hex(&want, digits) == 0 && want == sum ? 0 : REASON_BAD_CHECKSUM;
}

/* ---- what text and binary have in common ---- */

static const struct {
	uint8_t event;
	const char *alarm;
} alarms[] = {
	{ 1, "sos" },
	{ 17, "lowBattery" },
	{ 18, "lowPower" },
	{ 19, "overspeed" },
	{ 20, "geofenceEnter" },
	{ 21, "geofenceExit" },
	{ 23, "powerCut" },
	{ 30, "vibration" },
	{ 36, "towing" },
	{ 40, "powerOff" },
	{ 44, "jamming" },
	{ 78, "accident" },
	{ 79, "fall" },
};

enum { EVENT_STOPPED = 41, EVENT_STARTED = 42, EVENT_RFID = 37 };

void meitrack_event(struct report *r, uint32_t event)
{
	attribute_int(&r->extra, "event", event);
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (alarms[i].event == event)
			attribute_text(&r->extra, "alarm", alarms[i].alarm);
	if (event == EVENT_STOPPED || event == EVENT_STARTED)
		attribute_bool(&r->extra, "motion", event == EVENT_STARTED);
}

/* The first two always, others when they are set. */
static void put_bits(struct report *r, uint32_t bits, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bits >> i & 1 || i < 2)
			attribute_bool(&r->extra, names[i], bits >> i & 1);
}

void meitrack_inputs(struct report *r, uint32_t bits)
{
	static const char *const names[] = { "input1", "input2", "input3", "input4", "input5", "input6", "input7",
		"input8" };

	put_bits(r, bits, names, sizeof names / sizeof *names);
}

void meitrack_outputs(struct report *r, uint32_t bits)
{
	static const char *const names[] = { "output1", "output2", "output3", "output4", "output5", "output6",
		"output7", "output8" };

	put_bits(r, bits, names, sizeof names / sizeof *names);
}

/* ---- AAA ---- */

struct line {
	struct slice f[FIELDS_MAX]; /* behind the command */
	size_t n;
};

static struct slice field(const struct line *l, size_t i)
{
	return i < l->n ? l->f[i] : slice_of("", 0);
}

static void put_cell(struct report *r, struct slice text)
{
	struct slice mcc = slice_cut(&text, '|'), mnc = slice_cut(&text, '|'), area = slice_cut(&text, '|');
	struct parts_cell c = { 0 };
	struct parts list;
	uint64_t lac, cid;

	if (sentence_unsigned(&c.mcc, mcc) || sentence_unsigned(&c.mnc, mnc) || sentence_hex(&lac, area) ||
		sentence_hex(&cid, text) || lac > UINT32_MAX || (!lac && !cid))
		return;
	c.lac = (uint32_t)lac;
	c.cid = cid;
	parts_begin(&list);
	parts_cell(&list, &c);
	parts_end(&list, "cells", &r->extra, r->arena);
}

/* Volts for each of them and for the power, by what the battery has; 0: not known. */
static const struct scale {
	uint16_t min, max;
	double volts, power;
} scales[] = {
	{ 250, 450, 0.01, 0.01 },
	{ 451, 768, 6.0 / 1024, 48.0 / 1024 },
	{ 1552, 2793, 6.6 / 4096, 0 },
};

static void put_volts(struct report *r, const char *name, struct slice hex, double scale)
{
	uint64_t v;

	if (scale > 0 && sentence_hex(&v, hex) == 0 && v <= UINT16_MAX)
		attribute_real(&r->extra, name, (double)v * scale);
}

static void put_analog(struct report *r, struct slice text)
{
	struct slice a1 = slice_cut(&text, '|'), a2 = slice_cut(&text, '|'), a3 = slice_cut(&text, '|');
	struct slice battery = slice_cut(&text, '|'), power = text;
	uint64_t v;

	if (sentence_hex(&v, battery) != 0)
		return;
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
		const struct scale *s = &scales[i];
		if (v < s->min || v > s->max)
			continue;
		put_volts(r, "analog1", a1, s->volts);
		put_volts(r, "analog2", a2, s->volts);
		put_volts(r, "analog3", a3, s->volts);
		put_volts(r, "batteryVoltage", battery, s->volts);
		put_volts(r, "externalVoltage", power, s->power);
	}
}

static int read_place(struct report *r, const struct line *l)
{
	int e = report_place(r, field(l, 1), field(l, 2));

	if (e == 0 && !position_has(&r->p, POSITION_LOCATION)) /* both empty */
		e = REASON_BAD_VALUE;
	e = sentence_fix(&r->p, slice_is(field(l, 4), "A"), e);
	if (e == 0 && field(l, 3).n == 12)
		e = sentence_when(&r->p, SENTENCE_YMD, slice_of(l->f[3].s, 6), slice_of(l->f[3].s + 6, 6));
	else if (e == 0 && field(l, 3).n > 0)
		e = REASON_BAD_VALUE;
	if (e == 0 && position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, field(l, 7), KMH_MPS);
		report_course(r, field(l, 8));
		report_altitude(r, field(l, 10));
	}
	return e;
}

static int read_report(struct report *r, const struct line *l)
{
	uint32_t event;
	uint64_t io;

	if (l->n < 5)
		return REASON_BAD_FRAME;
	int e = read_place(r, l);
	if (e != 0)
		return e;
	if (sentence_unsigned(&event, l->f[0]) == 0) {
		meitrack_event(r, event);
		if (event == EVENT_RFID)
			sentence_put_text(r, "rfid", field(l, 16));
	}
	sentence_put_int(r, "satellites", field(l, 5));
	sentence_put_int(r, "gsmSignal", field(l, 6));
	report_real(r, "hdop", field(l, 9));
	sentence_put_int(r, "odometer", field(l, 11));
	sentence_put_int(r, "runtime", field(l, 12));
	put_cell(r, field(l, 13));
	if (field(l, 14).n == 4 && sentence_hex(&io, l->f[14]) == 0) {
		meitrack_inputs(r, (uint32_t)(io >> 8));
		meitrack_outputs(r, (uint32_t)(io & 0xFF));
	}
	put_analog(r, field(l, 15));
	return 0;
}

/* ---- a frame ---- */

/* Text: from the command to the asterisk. */
static int read_text(struct slice text, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct sentence s = sentence_over(text.s, text.n);
	struct line l = { .n = 0 };
	struct report r;
	int e = 0;

	report_begin(&r, &scratch->arena);
	struct slice command = sentence_field(&s, ',');
	if (slice_is(command, "AAA")) {
		l.n = sentence_split(&s, ',', l.f, FIELDS_MAX);
		e = read_report(&r, &l);
	} else if (slice_is(command, "D00")) { /* a piece of a picture */
		sentence_put_text(&r, "event", command);
	} else { /* what was answered to a command */
		sentence_put_text(&r, "result", text);
	}
	return e == 0 ? report_end(&r, scratch, result) : e;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct head h;
	int e = read_head(&h, frame, len);

	(void)session;
	if (e == 0)
		e = check_sum(frame, len);
	if (e != 0)
		return e;
	if (h.command == 0 || len - TAIL < h.command + COMMAND_LEN)
		return REASON_BAD_FRAME;
	struct slice text = slice_of((const char *)frame + h.command, len - TAIL - h.command);
	struct slice command = slice_of(text.s, COMMAND_LEN);
	const uint8_t *bytes = frame + h.command + COMMAND_LEN + 1;
	size_t n = text.n > COMMAND_LEN ? text.n - COMMAND_LEN - 1 : 0;
	if (slice_is(command, "CCC"))
		e = meitrack_ccc(bytes, n, scratch, result);
	else if (slice_is(command, "CCE"))
		e = meitrack_cce(bytes, n, scratch, result);
	else
		e = read_text(text, scratch, result);
	if (e != 0)
		return e;
	if (slice_is(command, "CCC") && sentence_pack(result->note.state, h.id)) {
		result->note.state[NOTE_FLAG] = frame[2];
		result->note.state[NOTE_ANSWER] = 1;
		result->note.records = (uint32_t)result->positions_n;
	}
	return sentence_group(result, scratch, h.id);
}

static int meitrack_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(meitrack_frame, read_frame, session, frame, len, scratch, ret);
}

static struct protocol_answer meitrack_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	char body[64], id[SENTENCE_DIGITS + 1];
	struct text b = text_in(body, sizeof body), t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	uint8_t sum = 0;

	(void)session;
	(void)now_ms;
	if (refused || !note->state[NOTE_ANSWER])
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	sentence_unpack(id, note->state);
	text_printf(&b, ",%s,CCC,%u*", id, note->records);
	text_puts(&t, "@@");
	text_putc(&t, (char)note->state[NOTE_FLAG]);
	text_int(&t, (int64_t)b.len + TAIL - 1);
	text_put(&t, b.buf, b.len);
	for (size_t i = 0; i < t.len; i++)
		sum = (uint8_t)(sum + out[i]);
	text_printf(&t, "%02X\r\n", sum);
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_meitrack = {
	.name = "meitrack",
	.port = 5020,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = meitrack_frame,
	.decode = meitrack_decode,
	.answer = meitrack_answer,
};
