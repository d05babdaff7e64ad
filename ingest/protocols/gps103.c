/*
 * GPS103: Coban's trackers (GPS103, GPS303, GPS403, TK102-2...) and those who copy them
 *
 *   ##,imei:ID,A;        login, answered LOAD
 *   ID;                  heartbeat, answered ON; some send it without its semicolon, right before a report
 *   imei:ID,KEYWORD,LOCAL,PHONE,F,UTC,A,lat,N,lon,E,knots,course,altitude,ACC,door,fuel1%,fuel2%,temperature;
 *   imei:ID,KEYWORD,LOCAL,PHONE,L,,,LAC,,CID,,,,,ACC,door,...;        no fix: where the network is
 *   imei:ID,OBD,LOCAL,km,-,litres,hours,km/h,load%,coolant,throttle%,rpm,V,codes...;
 *   imei:ID,NAME,---,------,----,hhmmss,ddmmyy,GSM,1,lat,lon,km/h,course,altitude,hdop,satellites,ACC,charging,---,*
 *
 * Source: Coban "GPS103 GPRS protocol" (and "OBD II GPS303"). Frames end with a semicolon, an asterisk or a line end. LOCAL is
 * yymmddhhmm[ss] on the tracker's clock, UTC hhmmss.sss of the satellites': the date is the one that puts both within twelve hours. A frame
 * without UTC has the local time only. A is a fix, V none.
 *
 * What a keyword means is in the table below; "help me" is answered by **,imei:ID,E; which stops the tracker from repeating it.
 */
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

enum { FIELDS_MAX = 32, DAY_MS = 86400000, MINUTE_MS = 60000 };

static const double KNOT_MPS = 1852.0 / 3600.0, KMH_MPS = 1 / 3.6;

/* protocol_note.state: the identifier packed; protocol_note.records */
enum note_kind { NOTE_NOTHING, NOTE_LOGIN, NOTE_HEARTBEAT, NOTE_HELP };

static const char imei_is[] = "imei:";

/* ---- frames ---- */

static bool is_end(uint8_t c)
{
	return c == ';' || c == '*' || c == '\r' || c == '\n';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Whether @n bytes, as far as they go, begin as @text does. */
static bool begins(const uint8_t *b, size_t n, const char *text)
{
	size_t want = strlen(text);

	return memcmp(b, text, n < want ? n : want) == 0;
}

static ssize_t gps103_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t look = len < limits->frame_max ? len : limits->frame_max, n = 0, digits = 0;

	while (n < look && (is_end(buf[n]) || buf[n] == ' ' || buf[n] == '\0'))
		n++;
	if (n > 0 || len == 0)
		return (ssize_t)n;
	while (digits < look && is_digit(buf[digits]))
		digits++;
	bool id_alone = digits > 0 && digits < look && is_end(buf[digits]);
	if (digits > PROTOCOL_IDENTIFIER_MAX ||
		(!id_alone && !begins(buf + digits, look - digits, imei_is) && !begins(buf, look, "##,imei:")))
		return -REASON_BAD_FRAME;
	for (n = digits; n < look; n++)
		if (is_end(buf[n]))
			return (ssize_t)n + 1;
	return len < limits->frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
}

/* ---- a report ---- */

struct line {
	struct slice id, keyword;
	struct slice f[FIELDS_MAX]; /* from the id on */
	size_t n;
};

static struct slice field(const struct line *l, size_t i)
{
	return i < l->n ? l->f[i] : slice_of("", 0);
}

static const struct {
	const char *keyword; /* with or without an exclamation mark */
	const char *alarm; /* NULL: none */
	signed char ignition; /* 1, 0; -1: says nothing of it */
} keywords[] = {
	{ "help me", "sos", -1 },
	{ "low battery", "lowBattery", -1 },
	{ "move", "movement", -1 },
	{ "speed", "overspeed", -1 },
	{ "stockade", "geofenceExit", -1 },
	{ "ac alarm", "powerCut", -1 },
	{ "door alarm", "tamper", -1 },
	{ "bonnet alarm", "tamper", -1 },
	{ "sensor alarm", "vibration", -1 },
	{ "accident alarm", "accident", -1 },
	{ "acc on", NULL, 1 },
	{ "acc off", NULL, 0 },
};

static void put_keyword(struct report *r, struct slice keyword)
{
	if (keyword.n > 0 && keyword.s[keyword.n - 1] == '!')
		keyword.n--;
	if (keyword.n > 2 && memcmp(keyword.s, "T:", 2) == 0)
		report_real(r, "temperature", slice_of(keyword.s + 2, keyword.n - 2));
	else if (!slice_is(keyword, "tracker"))
		sentence_put_text(r, "event", keyword);
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (!slice_is_nocase(keyword, keywords[i].keyword))
			continue;
		if (keywords[i].alarm)
			attribute_text(&r->extra, "alarm", keywords[i].alarm);
		if (keywords[i].ignition >= 0)
			attribute_bool(&r->extra, "ignition", keywords[i].ignition == 1);
	}
}

static bool is_zero(struct slice text)
{
	size_t i = 0;

	while (i < text.n && text.s[i] == '0')
		i++;
	return i == text.n;
}

/* @utc may be none; then it is the local time. Without a local date there is no time. */
static int read_time(struct report *r, struct slice local, struct slice utc)
{
	int64_t local_ms, utc_ms;

	if (is_zero(local))
		return 0;
	if (sentence_stamp(&local_ms, local) != 0)
		return REASON_BAD_VALUE;
	if (sentence_time(&utc_ms, SENTENCE_YMD, slice_of(local.s, 6), utc) != 0) {
		r->p.time_ms = local_ms;
		return 0;
	}
	int64_t ahead_ms = local_ms / MINUTE_MS * MINUTE_MS - utc_ms / MINUTE_MS * MINUTE_MS;
	if (ahead_ms > DAY_MS / 2)
		utc_ms += DAY_MS;
	else if (ahead_ms <= -DAY_MS / 2 && utc_ms >= DAY_MS)
		utc_ms -= DAY_MS;
	r->p.time_ms = utc_ms;
	return 0;
}

static void put_bool(struct report *r, const char *name, struct slice text)
{
	if (slice_is(text, "0") || slice_is(text, "1"))
		attribute_bool(&r->extra, name, *text.s == '1');
}

static void put_percent(struct report *r, const char *name, struct slice text)
{
	if (text.n > 1 && text.s[text.n - 1] == '%')
		report_real(r, name, slice_of(text.s, text.n - 1));
}

/* ACC, door, fuel, fuel, temperature from field @at. */
static void read_sensors(struct report *r, const struct line *l, size_t at)
{
	put_bool(r, "ignition", field(l, at));
	put_bool(r, "door", field(l, at + 1));
	put_percent(r, "fuel", field(l, at + 2));
	put_percent(r, "fuel2", field(l, at + 3));
	report_real(r, "temperature", field(l, at + 4));
}

/* Some say N before the latitude and E before the longitude. */
static int read_fix(struct report *r, const struct line *l)
{
	bool before = slice_is(l->f[7], "N") || slice_is(l->f[7], "S");
	int e = before ? sentence_place(&r->p, l->f[8], l->f[7], l->f[10], l->f[9])
		       : sentence_place(&r->p, l->f[7], l->f[8], l->f[9], l->f[10]);

	e = sentence_fix(&r->p, slice_is(l->f[6], "A"), e);
	if (e == 0)
		e = read_time(r, l->f[2], l->f[5]);
	if (e == 0 && position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, field(l, 11), KNOT_MPS);
		report_course(r, field(l, 12));
		report_altitude(r, field(l, 13));
	}
	return e;
}

/* The network's country is not said. */
static int read_network(struct report *r, const struct line *l)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint64_t lac, cid;

	parts_begin(&list);
	if (sentence_hex(&lac, field(l, 7)) == 0 && sentence_hex(&cid, field(l, 9)) == 0 && lac <= UINT16_MAX &&
		(lac || cid)) {
		c.lac = (uint32_t)lac;
		c.cid = cid;
		parts_cell(&list, &c);
	}
	parts_end(&list, "cells", &r->extra, r->arena);
	return read_time(r, l->f[2], slice_of("", 0));
}

static int read_location(struct report *r, const struct line *l)
{
	bool fix = slice_is(l->f[4], "F");
	int e;

	if (fix && l->n < 11)
		return REASON_BAD_FRAME;
	e = fix ? read_fix(r, l) : read_network(r, l);
	if (e != 0)
		return e;
	read_sensors(r, l, 14);
	put_keyword(r, l->keyword); /* after the sensors: "acc off" is newer than they are */
	if (slice_is(l->keyword, "rfid"))
		sentence_put_text(r, "rfid", l->f[3]);
	return 0;
}

static void put_kilometres(struct report *r, struct slice km)
{
	int64_t v;

	if (sentence_int(&v, km) == 0 && v > 0 && v < INT32_MAX)
		attribute_int(&r->extra, "odometer", v * 1000);
}

static void put_hours(struct report *r, struct slice hours)
{
	uint32_t v;

	if (sentence_unsigned(&v, hours) == 0)
		attribute_int(&r->extra, "hours", (int64_t)v * 3600);
}

/* What the engine's computer says. */
static int read_engine(struct report *r, const struct line *l)
{
	put_kilometres(r, field(l, 3));
	put_hours(r, field(l, 6));
	put_percent(r, "engineLoad", field(l, 8));
	sentence_put_int(r, "coolantTemperature", field(l, 9));
	put_percent(r, "throttle", field(l, 10));
	sentence_put_int(r, "rpm", field(l, 11));
	report_real(r, "externalVoltage", field(l, 12));
	put_keyword(r, l->keyword);
	return read_time(r, field(l, 2), slice_of("", 0));
}

/* The variant with decimal degrees. */
static int read_decimal(struct report *r, const struct line *l)
{
	int e = report_place(r, l->f[9], l->f[10]);

	e = sentence_fix(&r->p, slice_is(l->f[8], "1"), e);
	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_DMY, l->f[6], l->f[5]);
	if (e != 0)
		return e;
	if (position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, l->f[11], KMH_MPS);
		report_course(r, l->f[12]);
		report_altitude(r, l->f[13]);
	}
	sentence_put_int(r, "gsmSignal", l->f[7]);
	report_real(r, "hdop", l->f[14]);
	sentence_put_int(r, "satellites", l->f[15]);
	put_bool(r, "ignition", l->f[16]);
	put_bool(r, "charging", field(l, 17));
	return 0;
}

static bool has_point(struct slice text)
{
	return text.n > 0 && memchr(text.s, '.', text.n);
}

static int read_report(struct report *r, const struct line *l)
{
	if (slice_is(l->keyword, "OBD"))
		return read_engine(r, l);
	if (l->n > 4 && (slice_is(l->f[4], "F") || slice_is(l->f[4], "L")))
		return read_location(r, l);
	if (l->n > 16 && has_point(l->f[9]) && has_point(l->f[10]))
		return read_decimal(r, l);
	put_keyword(r, l->keyword);
	return 0;
}

/* ---- a frame ---- */

static void note_answer(struct protocol_note *note, enum note_kind kind, struct slice id)
{
	if (sentence_pack(note->state, id) || kind != NOTE_HELP) /* only that one is answered by name */
		note->records = kind;
}

static int read_line(struct slice text, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct sentence s = sentence_over(text.s, text.n);
	struct line l = { .id = { 0 } };
	struct report r;

	report_begin(&r, &scratch->arena);
	l.n = sentence_split(&s, ',', l.f, FIELDS_MAX);
	l.id = l.f[0];
	l.keyword = slice_trim(field(&l, 1));
	if (l.n < 2)
		return REASON_BAD_FRAME;
	if (slice_is_nocase(l.keyword, "help me") || slice_is_nocase(l.keyword, "help me!"))
		note_answer(&result->note, NOTE_HELP, l.id);
	int e = read_report(&r, &l);
	if (e == 0)
		e = report_end(&r, scratch, result);
	return e == 0 ? sentence_group(result, scratch, l.id) : e;
}

/* A heartbeat, and maybe a report behind it. */
static int read_heartbeat(struct sentence *s, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct report r;
	size_t n = 0;

	while (n < s->left && is_digit((uint8_t)s->at[n]))
		n++;
	struct slice id = sentence_take(s, n);
	note_answer(&result->note, NOTE_HEARTBEAT, id);
	if (sentence_skip(s, imei_is))
		return read_line(slice_of(s->at, s->left), scratch, result);
	report_begin(&r, &scratch->arena);
	int e = report_end(&r, scratch, result);
	return e == 0 ? sentence_group(result, scratch, id) : e;
}

static int read_login(struct sentence *s, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct slice id = sentence_field(s, ',');

	note_answer(&result->note, NOTE_LOGIN, id);
	return sentence_group(result, scratch, id);
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct sentence s = sentence_over(frame, len - 1);

	(void)session;
	if (is_digit(*frame))
		return read_heartbeat(&s, scratch, result);
	if (sentence_skip(&s, "##,imei:"))
		return read_login(&s, scratch, result);
	if (sentence_skip(&s, imei_is))
		return read_line(slice_of(s.at, s.left), scratch, result);
	return 0; /* nothing but line ends */
}

static int gps103_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(gps103_frame, read_frame, session, frame, len, scratch, ret);
}

static struct protocol_answer gps103_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	char id[SENTENCE_DIGITS + 1];

	(void)session;
	(void)now_ms;
	if (refused)
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	switch (note->records) {
	case NOTE_LOGIN:
		text_puts(&t, "LOAD");
		break;
	case NOTE_HEARTBEAT:
		text_puts(&t, "ON");
		break;
	case NOTE_HELP:
		sentence_unpack(id, note->state);
		text_printf(&t, "**,imei:%s,E;", id);
		break;
	default:
		break;
	}
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_gps103 = {
	.name = "gps103",
	.port = 5001,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = gps103_frame,
	.decode = gps103_decode,
	.answer = gps103_answer,
};
