/*
 * GL200: Queclink's @Track protocol, text, of all its trackers
 *
 *   +RESP:GTxxx,VERSION,ID,NAME,...,SENT,COUNT$     a report; +BUFF: the same from the device's memory
 *   +ACK:GTxxx,VERSION,ID,NAME,...,SENT,COUNT$      a command was taken; +ACK:GTHBD is the heartbeat
 *
 * Source: Queclink "GL200 @Track Air Interface Protocol" and those of GL300, GL500, GV55, GV65, GV300, GV350. COUNT is four hex digits,
 * SENT is yyyymmddhhmmss, UTC. The fields between differ from model to model; gl200_read.c says how they are told apart.
 *
 * Answers: +SACK:COUNT$ to every +RESP and +BUFF: a device that does not ask for it (SACK is a setting of the device, not said in a
 * frame) takes no notice, one that does sends again until it has it. +SACK:GTHBD,VERSION,COUNT$ to the heartbeat.
 *
 * The hex form of the protocol (+RSP, +EVT...) is refused: trackers have a setting for it.
 */
#include "ingest/protocols/gl200.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

enum { COUNT_LEN = 4, SENT_LEN = 14, VERSION_MAX = 16, VERSION_BYTES = VERSION_MAX / 2 };

/* protocol_note.records */
enum note_kind { NOTE_NOTHING, NOTE_REPORT, NOTE_HEARTBEAT };

/* protocol_note.state: the count's digits, then, most significant byte first, the version's, of which records has the number from bit
 * 8 on */
enum { NOTE_COUNT = 0, NOTE_VERSION = COUNT_LEN, NOTE_DIGITS = 8 };

static const struct {
	const char *begin;
	bool stored, command;
} heads[] = {
	{ "+RESP:GT", false, false },
	{ "+BUFF:GT", true, false },
	{ "+ACK:GT", false, true },
};

enum { HEADS = sizeof heads / sizeof *heads };

/* ---- frames ---- */

/* Whether @len bytes begin as one of them does, as far as they go. */
static bool begins(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < HEADS; i++) {
		size_t n = strlen(heads[i].begin);
		if (memcmp(buf, heads[i].begin, len < n ? len : n) == 0)
			return true;
	}
	return false;
}

static ssize_t gl200_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t blanks = sentence_blanks(buf, len < limits->frame_max ? len : limits->frame_max);

	if (len == 0 || blanks > 0)
		return (ssize_t)blanks;
	if (!begins(buf, len))
		return *buf == '+' ? -REASON_UNSUPPORTED : -REASON_BAD_FRAME;
	return sentence_frame(buf, len, '$', limits->frame_max);
}

/* ---- a frame ---- */

static bool is_count(struct slice text)
{
	uint64_t v;

	return text.n == COUNT_LEN && sentence_hex(&v, text) == 0;
}

static void note_answer(struct protocol_note *note, const struct gl200 *g, struct slice count)
{
	struct slice version = g->f[GL200_VERSION];
	bool heartbeat = g->command && slice_is(g->kind, "HBD");
	uint64_t v = 0;

	if ((g->command && !heartbeat) || !is_count(count) || version.n > VERSION_MAX || sentence_hex(&v, version) != 0)
		return;
	memcpy(note->state + NOTE_COUNT, count.s, COUNT_LEN);
	for (size_t i = 0; i < VERSION_BYTES; i++)
		note->state[NOTE_VERSION + i] = (uint8_t)(v >> 8 * (VERSION_BYTES - 1 - i));
	note->records = (heartbeat ? NOTE_HEARTBEAT : NOTE_REPORT) | (uint32_t)version.n << NOTE_DIGITS;
}

/* The time of sending and the count stand at the end; a count that is cut off is missed by nobody but its answer. */
static struct slice take_tail(struct gl200 *g)
{
	struct slice count = { 0 };

	if (g->n > 0 && is_count(g->f[g->n - 1]))
		count = g->f[--g->n];
	if (g->n > 0 && g->f[g->n - 1].n == SENT_LEN && sentence_stamp(&g->sent_ms, g->f[g->n - 1]) == 0)
		g->n--;
	return count;
}

static bool is_kind(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] < 'A' || text.s[i] > 'Z')
			return false;
	return text.n == 3;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct sentence s = sentence_over(frame, len - 1);
	struct gl200 g = { 0 };

	(void)session;
	for (size_t i = 0; i < HEADS; i++) {
		if (!sentence_skip(&s, heads[i].begin))
			continue;
		g.stored = heads[i].stored;
		g.command = heads[i].command;
		break;
	}
	g.kind = sentence_field(&s, ',');
	g.n = sentence_split(&s, ',', g.f, GL200_FIELDS_MAX);
	struct slice count = take_tail(&g);
	if (!is_kind(g.kind) || g.n <= GL200_ID)
		return REASON_BAD_FRAME;
	note_answer(&result->note, &g, count);
	int e = gl200_read(&g, scratch, result);
	return e == 0 ? sentence_group(result, scratch, g.f[GL200_ID]) : e;
}

static int gl200_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(gl200_frame, read_frame, session, frame, len, scratch, ret);
}

static struct protocol_answer gl200_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	uint8_t kind = (uint8_t)note->records;
	uint64_t version = 0;

	(void)session;
	(void)now_ms;
	if (refused || kind == NOTE_NOTHING)
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	text_puts(&t, "+SACK:");
	for (size_t i = 0; i < VERSION_BYTES; i++)
		version = version << 8 | note->state[NOTE_VERSION + i];
	if (kind == NOTE_HEARTBEAT)
		text_printf(&t, "GTHBD,%0*llX,", (int)(note->records >> NOTE_DIGITS), (unsigned long long)version);
	text_put(&t, note->state + NOTE_COUNT, COUNT_LEN);
	text_putc(&t, '$');
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_gl200 = {
	.name = "gl200",
	.port = 5004,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = gl200_frame,
	.decode = gl200_decode,
	.answer = gl200_answer,
};
