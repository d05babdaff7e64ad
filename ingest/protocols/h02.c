/*
 * H02: text and binary frames of Sinotrack and many others
 *
 *   text    *MAKER,ID,KIND,...#           fields by comma; MAKER two letters (HQ, TH, hq)
 *   binary  $ id time date lat battery lon+flags speed+course status:4 rest
 *           BCD: id 5 bytes, or 15 digits in 8; hhmmss ddmmyy ddmmmmmm dddmmmmmm and a nibble of flags
 *           (2 valid, 4 north, 8 east), three digits of knots, three of degrees
 *
 *   V1 V4 V6 V8 V19   time, A or V, lat, N, lon, E, knots, course, date, status[, mcc, mnc, lac, cid[, more]]
 *                     V4 answers a command: what was answered stands before the time
 *   VP1               the same without time and status; or V, mcc, mnc, then lac,cid,rssi divided by Y
 *   V3                time, mccmnc, n, (lac, cid, level, dBm)*n, battery, restarts, X, date, status
 *   NBR               time, mcc, mnc, timing advance, n, (lac, cid, level)*n, date, status[, battery]
 *   LINK              time, GSM, satellites, battery, steps, turnovers, date, status
 *   HTBT              [battery]
 *
 * Source: "H02 GPS tracker communication protocol" (v1.0.5, as Sinotrack hands it out). Each frame names its device. V marks
 * a fix as not valid: the place is the last one known. VP1 gives a day but no time of it, and so no time: midnight would make one
 * fix of all that day's.
 *
 * status is four bytes in which a 0 bit is what holds; the bits without a name below are kept as the attribute status.
 *
 * Answers: V1 and NBR by *MAKER,ID,V4,KIND,yyyymmddhhmmss#, HTBT and V0 by themselves without their fields.
 */
#include "ingest/protocols/h02.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"
#include "base/time.h"

/* protocol_note.state: the identifier packed, then */
enum { NOTE_MAKER = SENTENCE_PACKED, NOTE_KIND = NOTE_MAKER + 2 };

enum note_kind { NOTE_NOTHING, NOTE_V1, NOTE_NBR, NOTE_HTBT, NOTE_V0 };

static const struct {
	const char *kind;
	bool confirmed; /* else sent back */
} answers[] = {
	[NOTE_NOTHING] = { "", false },
	[NOTE_V1] = { "V1", true },
	[NOTE_NBR] = { "NBR", true },
	[NOTE_HTBT] = { "HTBT", false },
	[NOTE_V0] = { "V0", false },
};

enum { ANSWERS = sizeof answers / sizeof *answers };

/* ---- what text and binary have in common ---- */

/* What holds when one of the bits is 0. */
static const struct {
	uint32_t bits;
	const char *alarm;
} alarms[] = {
	{ 1 << 0, "vibration" }, /* burglar alarm, raised by the shock sensor */
	{ 1 << 1 | 1 << 18, "sos" }, /* "robbery"; the button */
	{ 1 << 2, "overspeed" }, { 1 << 4, "geofenceEnter" }, { 1 << 7, "geofenceExit" },
	{ 1 << 19 | 1 << 20, "powerCut" }, /* runs on its own battery; vehicle battery removed */
};

enum { STATUS_ACC_ON = 1 << 10 };

void h02_status(struct report *r, uint32_t status)
{
	struct parts list;

	attribute_int(&r->extra, "status", status);
	if (status == 0) /* everything at once: a device that knows no status */
		return;
	parts_begin(&list);
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (~status & alarms[i].bits)
			parts_alarm(&list, alarms[i].alarm);
	parts_end(&list, "alarm", &r->extra, r->arena);
	attribute_bool(&r->extra, "ignition", (status & STATUS_ACC_ON) != 0);
}

/* ---- frames ---- */

static void note_answer(struct protocol_note *note, const struct h02_line *l)
{
	for (size_t i = NOTE_NOTHING + 1; i < ANSWERS; i++) {
		if (!slice_is(l->kind, answers[i].kind) || !sentence_pack(note->state, l->id))
			continue;
		memcpy(note->state + NOTE_MAKER, l->maker.s, 2);
		note->state[NOTE_KIND] = (uint8_t)i;
	}
}

static int read_text(struct report *r, const uint8_t *frame, size_t len, struct slice *id, struct protocol_note *note)
{
	struct sentence s = sentence_over(frame + 1, len - 2);
	struct h02_line l = { .maker = sentence_field(&s, ',') };

	l.id = sentence_field(&s, ',');
	l.kind = sentence_field(&s, ',');
	if (!sentence_ok(&s) || l.maker.n != 2 || l.kind.n == 0)
		return REASON_BAD_FRAME;
	l.n = sentence_split(&s, ',', l.fields, H02_FIELDS_MAX);
	note_answer(note, &l);
	*id = l.id;
	return h02_kind(r, &l);
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct report r;
	struct slice id = { 0 };
	int e;

	(void)session;
	report_begin(&r, &scratch->arena);
	if (*frame == '*')
		e = read_text(&r, frame, len, &id, &result->note);
	else
		e = h02_binary(&r, frame, len, &id);
	if (e == 0)
		e = report_end(&r, scratch, result);
	return e == 0 ? sentence_group(result, scratch, id) : e;
}

static int h02_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(h02_frame, read_frame, session, frame, len, scratch, ret);
}

/* yyyymmddhhmmss */
static void put_now(struct text *t, int64_t now_ms)
{
	char now[TIME_TEXT_SIZE];

	time_format(now, now_ms);
	for (size_t i = 0; i < 19; i++)
		if (now[i] >= '0' && now[i] <= '9')
			text_putc(t, now[i]);
}

static struct protocol_answer h02_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	uint8_t kind = note->state[NOTE_KIND];
	char id[SENTENCE_DIGITS + 1];

	(void)session;
	if (refused || kind == NOTE_NOTHING || kind >= ANSWERS)
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	sentence_unpack(id, note->state);
	text_putc(&t, '*');
	text_put(&t, note->state + NOTE_MAKER, 2);
	text_printf(&t, ",%s,%s%s", id, answers[kind].confirmed ? "V4," : "", answers[kind].kind);
	if (answers[kind].confirmed) {
		text_putc(&t, ',');
		put_now(&t, now_ms);
	}
	text_putc(&t, '#');
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_h02 = {
	.name = "h02",
	.port = 5013,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = h02_frame,
	.decode = h02_decode,
	.answer = h02_answer,
};
