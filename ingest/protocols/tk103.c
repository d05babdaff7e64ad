/*
 * TK103: text in brackets, as TK103, GT06 of Xexun's kind, Megastek and many others send it
 *
 *   (ID COMMAND ...)       without blanks or commas: ID of 12 characters (a few: 15 digits), COMMAND of four
 *   BR00 BP02 BP04 BP05 BO01   anything, then a block:
 *       yymmdd A lat:9 N lon:10 E speed:5 hhmmss course:6 state:8 L mileage:8[+temperature]       "080524A2232.9806N11404.9355E..."
 *       state: main power (0 on), ignition (1 on), six more; mileage is hex, in metres
 *   BP00 ...HSO            handshake
 *   BZ00,mcc,mnc,lac,cid   a cell, lac and cid in hex
 *
 *   (ID,COMMAND,...)       with commas, the date as ddmmyy:
 *   ZC11 DW31 DW3B...      date, A, latN, lonE, speed, time, course
 *   ZC20                   date, time, level, battery in 10 mV, external power in 10 mV (65535: none), fitting
 *   DW50 to DW5F           mcc, mnc, lac, cid, access points n, (mac*dBm*channel)*n, date, time
 *
 * Source: "GPS Vehicle Tracker (TK103) communication protocol" v1.44 (Xexun) and its extension with commas. A is a fix, V none: the last place
 * known. Speed is in km/h, times in UTC. In a block numbers are as wide as above, padded with zeros or blanks.
 *
 * Answers: BP00 by (ID AP01HSO), BP05 by (ID AP05), BO01 and its alarm by (ID AS01 ALARM).
 */
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

enum {
	ID_LEN = 12,
	COMMAND_LEN = 4,
	FIELDS_MAX = 64,
	STATE_LEN = 8,
};

static const double KMH_MPS = 1 / 3.6;

/* protocol_note.state: the identifier, filled up with zeros; protocol_note.records: the kind, and the alarm from bit 8 on */
enum note_kind { NOTE_NOTHING, NOTE_HANDSHAKE, NOTE_LOGIN, NOTE_ALARM };
enum { NOTE_ALARM_BIT = 8 };

static ssize_t tk103_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t blanks = sentence_blanks(buf, len < limits->frame_max ? len : limits->frame_max);

	if (len == 0 || blanks > 0)
		return (ssize_t)blanks;
	return *buf == '(' ? sentence_frame(buf, len, ')', limits->frame_max) : -REASON_BAD_FRAME;
}

/* ---- blocks ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(s[i]))
		i++;
	return i == n;
}

/* Puts @s where a block begins, six digits before the first A or V that has them. */
static bool find_block(struct sentence *s)
{
	for (size_t i = 6; i < s->left; i++) {
		bool flag = s->at[i] == 'A' || s->at[i] == 'V';
		if (!flag || !all_digits(s->at + i - 6, 6))
			continue;
		sentence_take(s, i - 6);
		return true;
	}
	return false;
}

static void put_state(struct report *r, struct slice state)
{
	uint64_t v;

	if (state.n != STATE_LEN || sentence_hex(&v, state) != 0)
		return;
	attribute_int(&r->extra, "status", (int64_t)v);
	attribute_bool(&r->extra, "charging", state.s[0] == '0');
	attribute_bool(&r->extra, "ignition", state.s[1] == '1');
}

/* L and eight digits, then maybe +ttt.t. */
static void put_mileage(struct report *r, struct sentence *s)
{
	uint64_t metres;

	if (!sentence_skip(s, "L") || s->left < 8)
		return;
	if (sentence_hex(&metres, sentence_take(s, 8)) == 0)
		attribute_int(&r->extra, "odometer", (int64_t)metres);
	if (s->left >= 6 && (*s->at == '+' || *s->at == '-'))
		report_real(r, "temperature", sentence_take(s, 6));
}

static int read_block(struct report *r, struct sentence *s)
{
	struct slice date = sentence_take(s, 6), valid = sentence_take(s, 1);
	struct slice lat = sentence_take(s, 9), ns = sentence_take(s, 1);
	struct slice lon = slice_trim(sentence_take(s, 10)), ew = sentence_take(s, 1);
	struct slice speed = slice_trim(sentence_take(s, 5)), time = sentence_take(s, 6),
		     course = slice_trim(sentence_take(s, 6));

	if (!sentence_ok(s))
		return REASON_BAD_FRAME;
	int e = sentence_fix(&r->p, slice_is(valid, "A"), sentence_place(&r->p, slice_trim(lat), ns, lon, ew));
	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_YMD, date, time);
	if (e != 0)
		return e;
	if (position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, speed, KMH_MPS);
		report_course(r, course);
	}
	if (s->left >= STATE_LEN)
		put_state(r, sentence_take(s, STATE_LEN));
	put_mileage(r, s);
	return 0;
}

static void put_alarm(struct report *r, char c)
{
	static const char *const names[] = { "powerCut", "accident", "sos", "vibration", NULL, "overspeed",
		"geofenceExit" };
	size_t i = (size_t)(c - '0');

	if (is_digit(c) && i < sizeof names / sizeof *names && names[i])
		attribute_text(&r->extra, "alarm", names[i]);
	else
		sentence_put_text(r, "event", slice_of(&c, 1));
}

static int read_cell(struct report *r, struct sentence *s)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint64_t lac, cid;

	sentence_field(s, ','); /* nothing before the first comma */
	struct slice mcc = sentence_field(s, ','), mnc = sentence_field(s, ',');
	struct slice area = sentence_field(s, ','), cell = sentence_field(s, ',');
	if (!sentence_ok(s) || sentence_unsigned(&c.mcc, mcc) || sentence_unsigned(&c.mnc, mnc) ||
		sentence_hex(&lac, area) || sentence_hex(&cid, cell) || lac > UINT32_MAX)
		return REASON_BAD_FRAME;
	c.lac = (uint32_t)lac;
	c.cid = cid;
	parts_begin(&list);
	parts_cell(&list, &c);
	parts_end(&list, "cells", &r->extra, r->arena);
	return 0;
}

static int read_plain(struct report *r, struct slice command, struct sentence *s)
{
	if (slice_is(command, "BZ00"))
		return read_cell(r, s);
	if (slice_is(command, "BO01") && s->left > 0)
		put_alarm(r, *sentence_take(s, 1).s);
	if (find_block(s))
		return read_block(r, s);
	if (!slice_is(command, "BP00")) /* whatever else it is, the device spoke */
		sentence_put_text(r, "event", command);
	return 0;
}

/* ---- with commas ---- */

struct line {
	struct slice f[FIELDS_MAX]; /* behind the command */
	size_t n;
};

static const struct {
	const char *commands; /* with a fix by itself, from a device with Wi-Fi, and without a fix */
	const char *alarm;
} alarms[] = {
	{ "ZC11 DW31 DW51", "movement" },
	{ "ZC12 DW32 DW52", "lowBattery" },
	{ "ZC13 DW33 DW53", "powerCut" },
	{ "ZC17 DW37 DW57", "removed" },
	{ "ZC25 DW3E DW5E", "sos" },
	{ "ZC26 DW3F DW5F", "tamper" },
	{ "ZC27 DW40 DW60", "lowPower" },
};

static bool is_among(struct slice command, const char *commands)
{
	for (const char *at = commands; *at; at += COMMAND_LEN + (at[COMMAND_LEN] == ' '))
		if (memcmp(at, command.s, COMMAND_LEN) == 0)
			return true;
	return false;
}

static void put_command(struct report *r, struct slice command)
{
	sentence_put_text(r, "event", command);
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (is_among(command, alarms[i].commands))
			attribute_text(&r->extra, "alarm", alarms[i].alarm);
	if (is_among(command, "ZC15 DW35 DW55 ZC29 DW42 DW62"))
		attribute_bool(&r->extra, "ignition", true);
	else if (is_among(command, "ZC16 DW36 DW56"))
		attribute_bool(&r->extra, "ignition", false);
}

/* "ddmm.mmmmN" in two. */
static struct slice cut_hemisphere(struct slice *text)
{
	struct slice side = slice_of("", 0);

	if (text->n > 0)
		side = slice_of(text->s + --text->n, 1);
	return side;
}

static int read_location(struct report *r, const struct line *l)
{
	struct slice lat = l->f[2], lon = l->f[3];
	struct slice ns = cut_hemisphere(&lat), ew = cut_hemisphere(&lon);
	int e = sentence_fix(&r->p, slice_is(l->f[1], "A"), sentence_place(&r->p, lat, ns, lon, ew));

	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_DMY, l->f[0], l->f[5]);
	if (e == 0 && position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, l->f[4], KMH_MPS);
		report_course(r, l->f[6]);
	}
	return e;
}

static void put_volts(struct report *r, const char *name, struct slice text)
{
	uint32_t v;

	if (sentence_unsigned(&v, text) == 0 && v < UINT16_MAX)
		attribute_real(&r->extra, name, v / 100.0);
}

static int read_battery(struct report *r, const struct line *l)
{
	if (l->n < 5)
		return REASON_BAD_FRAME;
	sentence_put_int(r, "batteryLevel", l->f[2]);
	put_volts(r, "batteryVoltage", l->f[3]);
	put_volts(r, "externalVoltage", l->f[4]);
	return sentence_when(&r->p, SENTENCE_DMY, l->f[0], l->f[1]);
}

static void put_access_point(struct parts *list, struct slice text)
{
	struct slice mac = slice_cut(&text, '*'), dbm = slice_cut(&text, '*');
	int64_t rssi;
	bool has = sentence_int(&rssi, dbm) == 0;

	parts_wifi(list, mac, has ? &rssi : NULL);
}

static int read_network(struct report *r, const struct line *l)
{
	struct parts_cell c = { 0 };
	struct parts cells, wifi;
	uint32_t n, cid;

	if (l->n < 7 || sentence_unsigned(&n, l->f[4]) != 0 || n > l->n - 7)
		return REASON_BAD_FRAME;
	parts_begin(&cells);
	parts_begin(&wifi);
	if (!sentence_unsigned(&c.mcc, l->f[0]) && !sentence_unsigned(&c.mnc, l->f[1]) &&
		!sentence_unsigned(&c.lac, l->f[2]) && !sentence_unsigned(&cid, l->f[3])) {
		c.cid = cid;
		parts_cell(&cells, &c);
	}
	for (size_t i = 0; i < n; i++)
		put_access_point(&wifi, l->f[5 + i]);
	parts_end(&cells, "cells", &r->extra, r->arena);
	parts_end(&wifi, "wifi", &r->extra, r->arena);
	return sentence_when(&r->p, SENTENCE_DMY, l->f[5 + n], l->f[6 + n]);
}

static int read_commas(struct report *r, struct slice command, struct sentence *s)
{
	struct line l = { .n = 0 };

	l.n = sentence_split(s, ',', l.f, FIELDS_MAX);
	put_command(r, command);
	if (slice_is(command, "ZC20"))
		return read_battery(r, &l);
	if (memcmp(command.s, "DW5", 3) == 0 || slice_is(command, "DW60") || slice_is(command, "DW62"))
		return read_network(r, &l);
	if (l.n >= 7 && (slice_is(l.f[1], "A") || slice_is(l.f[1], "V")))
		return read_location(r, &l);
	return 0;
}

/* ---- a frame ---- */

static bool is_command(const char *s)
{
	return s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z';
}

/* The identifier before the command, and whether there is a comma behind it. */
static struct slice take_id(struct sentence *s, bool *commas)
{
	struct sentence ahead = *s;
	struct slice id = sentence_field(&ahead, ',');
	size_t n = 0;

	*commas = id.n < s->left && s->left - id.n > COMMAND_LEN && is_command(id.s + id.n + 1);
	if (*commas) {
		*s = ahead;
		return id;
	}
	if (s->left >= ID_LEN + COMMAND_LEN && is_command(s->at + ID_LEN))
		return sentence_take(s, ID_LEN);
	while (n < s->left && is_digit(s->at[n]))
		n++;
	return sentence_take(s, n);
}

static void note_answer(struct protocol_note *note, struct slice id, struct slice command, const struct sentence *s)
{
	if (id.n > sizeof note->state)
		return;
	if (slice_is(command, "BP00"))
		note->records = NOTE_HANDSHAKE;
	else if (slice_is(command, "BP05"))
		note->records = NOTE_LOGIN;
	else if (slice_is(command, "BO01") && s->left > 0 && is_digit(*s->at))
		note->records = NOTE_ALARM | (uint32_t)*s->at << NOTE_ALARM_BIT;
	memcpy(note->state, id.s, id.n);
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct sentence s = sentence_over(frame + 1, len - 2);
	struct report r;
	bool commas;

	(void)session;
	report_begin(&r, &scratch->arena);
	struct slice id = take_id(&s, &commas), command = sentence_take(&s, COMMAND_LEN);
	if (!sentence_ok(&s) || !is_command(command.s))
		return REASON_BAD_FRAME;
	if (commas && s.left > 0 && !sentence_skip(&s, ","))
		return REASON_BAD_FRAME;
	note_answer(&result->note, id, command, &s);
	int e = commas ? read_commas(&r, command, &s) : read_plain(&r, command, &s);
	if (e == 0)
		e = report_end(&r, scratch, result);
	return e == 0 ? sentence_group(result, scratch, id) : e;
}

static int tk103_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(tk103_frame, read_frame, session, frame, len, scratch, ret);
}

static struct protocol_answer tk103_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	static const char *const answers[] = {
		[NOTE_HANDSHAKE] = "AP01HSO", [NOTE_LOGIN] = "AP05", [NOTE_ALARM] = "AS01"
	};
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	uint8_t kind = (uint8_t)note->records;

	(void)session;
	(void)now_ms;
	if (refused || kind == NOTE_NOTHING || kind > NOTE_ALARM)
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	text_putc(&t, '(');
	text_put(&t, note->state, strnlen((const char *)note->state, sizeof note->state));
	text_puts(&t, answers[kind]);
	if (kind == NOTE_ALARM)
		text_putc(&t, (char)(note->records >> NOTE_ALARM_BIT));
	text_putc(&t, ')');
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_tk103 = {
	.name = "tk103",
	.port = 5002,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = tk103_frame,
	.decode = tk103_decode,
	.answer = tk103_answer,
};
