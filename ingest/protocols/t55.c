/*
 * T55: NMEA 0183 over TCP, a sentence a line, the device named once or in front of each sentence
 *
 *   $PGID,ID*hh  $DEVID,ID*hh  $PCPTI,ID,...  $GPFID,ID  $IMEI,ID  IMEI ID  ID      names the device of the sentences after it
 *   ID$GPRMC,...                                                                     of this one
 *
 *   RMC   hhmmss.ss, A, lat, N, lon, E, knots, course, ddmmyy         of any talker: GP, GN, GL...
 *   GGA   hhmmss.ss, lat, N, lon, E, quality, satellites, hdop, altitude, M
 *   GLL   lat, N, lon, E, hhmmss.ss, A
 *   PUBX,00   hhmmss.ss, lat, N, lon, E, altitude, status, accuracy, -, km/h, course, -, -, hdop, -, -, satellites
 *   GPIOP     inputs, outputs, 4 analog, external V, battery V
 *   GPTXT,NET number, operator, dBm, "mcc mnc"
 *   ID        ID, ..., GPSEX, A, D, ddmmyy, T, hhmmss, S, seen:used, La, degrees, N, Lo, degrees, E
 *   CONNECT   ID, ..., LAC, hex, CID, hex
 *
 * Source: NMEA 0183; u-blox "Receiver Description" (PUBX); T55 protocol for the rest. The checksum behind an asterisk, the exclusive
 * or of what is between it and the dollar, must be right where there is one. Sentences of other kinds are passed over.
 *
 * Only RMC has a date. Where RMC comes too, GGA and GLL say nothing new: then GGA lends altitude and satellites to the RMC of
 * the same moment, and no second fix comes of them. By themselves they are a fix, under the day of an RMC before, or else under the
 * gateway's time. That is remembered for a device that was named once.
 *
 * Nothing is answered.
 */
#include "ingest/protocols/sentence.h"
#include "ingest/protocols/t55.h"

enum { ID_MIN = 5 }; /* characters of a line that is nothing but an identifier */

_Static_assert(sizeof(struct t55_memory) == sizeof(((struct protocol_session *)0)->state), "fits");

/* protocol_note.records: the kind; for a login, 3 more bytes of its identifier from bit 8 on. protocol_note.state: the
 * identifier, filled up with zeros, or a struct t55_memory. */
enum note_kind { NOTE_NOTHING, NOTE_LOGIN, NOTE_MEMORY };
enum { NOTE_ID_MORE = 3, NOTE_ID_MAX = sizeof(((struct protocol_note *)0)->state) + NOTE_ID_MORE };

/* ---- frames ---- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static ssize_t t55_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t look = len < limits->frame_max ? len : limits->frame_max, blanks = sentence_blanks(buf, look);

	if (len == 0 || blanks > 0)
		return (ssize_t)blanks;
	if (*buf != '$' && !is_alnum((char)*buf))
		return -REASON_BAD_FRAME;
	for (size_t i = 0; i < look; i++)
		if (buf[i] == '\r' || buf[i] == '\n')
			return (ssize_t)i + 1;
	return len < limits->frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
}

/* ---- lines ---- */

static bool is_identifier(struct slice text)
{
	size_t i = 0;

	while (i < text.n && (is_alnum(text.s[i]) || text.s[i] == '-' || text.s[i] == '_'))
		i++;
	return i == text.n && text.n >= ID_MIN;
}

/* A line without a dollar: an identifier, "IMEI" before it or not. */
static int read_name(struct t55_line *l, struct slice text)
{
	if (text.n > 4 && memcmp(text.s, "IMEI", 4) == 0)
		text = slice_trim(slice_of(text.s + 5, text.n - 5));
	if (!is_identifier(text))
		return REASON_BAD_FRAME;
	l->id = l->login = text;
	return 0;
}

/* An identifier before the dollar, which may have a comma or slash behind it. */
static int read_named(struct t55_line *l, struct slice id, struct slice text)
{
	if (id.n > 0 && (id.s[id.n - 1] == ',' || id.s[id.n - 1] == '/'))
		id.n--;
	if (!is_identifier(id))
		return REASON_BAD_FRAME;
	l->id = id;
	l->remembers = false;
	l->memory = (struct t55_memory){ 0 };
	return t55_sentence(l, text);
}

static int read_line(struct t55_line *l, struct slice text)
{
	struct slice rest = text;

	text = slice_trim(text);
	if (!memchr(text.s, '$', text.n))
		return read_name(l, text);
	struct slice before = slice_cut(&rest, '$');
	return before.n > 0 ? read_named(l, before, rest) : t55_sentence(l, rest);
}

/* ---- a frame ---- */

static int note_line(struct protocol_note *note, const struct t55_line *l)
{
	uint32_t more = 0;

	if (l->login.n > NOTE_ID_MAX)
		return REASON_UNKNOWN_DEVICE;
	if (l->login.n > 0) {
		size_t n = l->login.n < sizeof note->state ? l->login.n : sizeof note->state;
		memcpy(note->state, l->login.s, n);
		for (size_t i = l->login.n; i > n; i--)
			more = more << 8 | (uint8_t)l->login.s[i - 1];
		note->records = NOTE_LOGIN | more << 8;
	} else if (l->remembered && l->remembers) {
		memcpy(note->state, &l->memory, sizeof l->memory);
		note->records = NOTE_MEMORY;
	}
	return 0;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct t55_line l = { .id = slice_of(session->identifier, strlen(session->identifier)),
		.remembers = session->identifier[0] };

	memcpy(&l.memory, session->state, sizeof l.memory);
	report_begin(&l.report, &scratch->arena);
	int e = read_line(&l, slice_of((const char *)frame, len - 1));
	if (e == 0)
		e = note_line(&result->note, &l);
	if (e == 0 && l.speaks)
		e = report_end(&l.report, scratch, result);
	if (e != 0 || (!l.speaks && l.login.n == 0))
		return e;
	return sentence_group(result, scratch, l.id);
}

static int t55_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(t55_frame, read_frame, session, frame, len, scratch, ret);
}

static void log_in(struct protocol_session *session, const struct protocol_note *note)
{
	size_t n = strnlen((const char *)note->state, sizeof note->state);

	*session = (struct protocol_session){ 0 };
	memcpy(session->identifier, note->state, n);
	for (uint32_t more = note->records >> 8; more; more >>= 8)
		session->identifier[n++] = (char)more;
}

static struct protocol_answer t55_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	(void)now_ms;
	(void)out;
	if (!refused && (uint8_t)note->records == NOTE_LOGIN)
		log_in(session, note);
	else if (!refused && note->records == NOTE_MEMORY)
		memcpy(session->state, note->state, sizeof session->state);
	return (struct protocol_answer){ .close = sentence_closes(refused) };
}

const struct protocol protocol_t55 = {
	.name = "t55",
	.port = 5005,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.frame = t55_frame,
	.decode = t55_decode,
	.answer = t55_answer,
};
