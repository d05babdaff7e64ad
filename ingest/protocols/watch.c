/*
 * Watch: the children's watches and pets' collars of Beesure, Wonlex, ReachFar, Setracker and those who copy them
 *
 *   [MAKER*ID*LENGTH*KIND,...]  or  [MAKER*ID*INDEX*LENGTH*KIND,...]      MAKER 3G, SG, CS or ZJ; LENGTH and INDEX four hex digits
 *
 *   UD AL WT    ddmmyy, hhmmss, A or V, lat, N, lon, E, km/h, course, altitude, satellites, GSM, battery, steps, rolls,
 *               status, cells n, timing advance, mcc, mnc, (lac, cid, level)*n, access points m, (name, mac, dBm)*m, accuracy
 *               (_LTE, _WCDMA... behind the kind name the network). UD2 comes from the device's memory
 *   LK          [steps, rolls, battery]
 *   TKQ INIT    ask for something; heart, btemp2... measure the wearer
 *
 * Source: "GPS Watch Communication Protocol" (Beesure, 3G-ELEC; the ZJ variant with an index by i365). LENGTH counts what follows
 * it, after } and one of 01 to 05 became one of }[],* again. Some makers (SG) miscount, and names of access points have
 * brackets in them: where there is no ] where LENGTH says, the frame goes on to the bracket that closes the first. One in which the
 * same device begins another broke off; it is refused, so that the device connects again, and does not wait for its answers in vain.
 *
 * status has two halves: what is (bit 0 battery low, 4 moving) and what the alarm is about (16 SOS, 17 battery low, 18 fence left,
 * 19 fence entered, 20 taken off, 21 and 22 fallen).
 *
 * Answers: LK, TKQ and AL by themselves without their fields, INIT by INIT,1. Voice (TK) is neither kept nor answered, so that the
 * device says it was not sent.
 */
#include "ingest/protocols/sentence.h"
#include "ingest/protocols/watch.h"

#include "base/text.h"

enum {
	MAKER_LEN = 2,
	HEX_LEN = 4,
	ID_MAX = 24,
};

/* protocol_note.state: the identifier packed, then; protocol_note.records is the kind of answer, and above it whether there is an
 * index */
enum { NOTE_MAKER = SENTENCE_PACKED, NOTE_INDEX = NOTE_MAKER + MAKER_LEN, NOTE_HAS_INDEX = 1 << 8 };

enum note_kind { NOTE_NOTHING, NOTE_LK, NOTE_TKQ, NOTE_TKQ2, NOTE_AL, NOTE_INIT };

static const struct {
	const char *kind; /* with or without _ and a network behind it */
	const char *answer;
} answers[] = {
	[NOTE_NOTHING] = { "", "" },
	[NOTE_LK] = { "LK", "LK" },
	[NOTE_TKQ] = { "TKQ", "TKQ" },
	[NOTE_TKQ2] = { "TKQ2", "TKQ2" },
	[NOTE_AL] = { "AL", "AL" },
	[NOTE_INIT] = { "INIT", "INIT,1" },
};

enum { ANSWERS = sizeof answers / sizeof *answers };

/* A frame's beginning, as far as it is there. */
struct head {
	struct slice maker, id, index; /* index.n is 0 when there is none */
	size_t length; /* what it says of itself */
	size_t at; /* where that begins; 0: not there yet */
};

/* ---- frames ---- */

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Four hex digits and an asterisk at @at. 1 when they are, 0 when they may become, -1 when not. */
static int hex_at(const uint8_t *b, size_t len, size_t at, uint64_t *ret)
{
	size_t n = at < len ? len - at : 0;

	if (n > HEX_LEN && b[at + HEX_LEN] != '*')
		return -1;
	struct slice digits = slice_of((const char *)b + at, n < HEX_LEN ? n : HEX_LEN);
	if (n > 0 && sentence_hex(ret, digits) != 0)
		return -1;
	return n > HEX_LEN;
}

/* 0, or REASON_BAD_FRAME for what cannot become one. */
static int read_head(struct head *h, const uint8_t *b, size_t len)
{
	uint64_t first, second;
	size_t at = 1, id;

	*h = (struct head){ 0 };
	if (*b != '[')
		return REASON_BAD_FRAME;
	for (; at <= MAKER_LEN; at++)
		if (at < len && !is_alnum(b[at]))
			return REASON_BAD_FRAME;
	if (at < len && b[at] != '*')
		return REASON_BAD_FRAME;
	for (id = ++at; at < len && b[at] != '*'; at++)
		if (!is_alnum(b[at]) || at - id == ID_MAX)
			return REASON_BAD_FRAME;
	if (at >= len)
		return 0;
	h->maker = slice_of((const char *)b + 1, MAKER_LEN);
	h->id = slice_of((const char *)b + id, at - id);
	int r = hex_at(b, len, ++at, &first);
	if (r <= 0)
		return r < 0 ? REASON_BAD_FRAME : 0;
	size_t next = at + HEX_LEN + 1;
	int again = hex_at(b, len, next, &second);
	if (again == 0)
		return 0;
	if (again > 0)
		h->index = slice_of((const char *)b + at, HEX_LEN);
	h->length = (size_t)(again > 0 ? second : first);
	h->at = again > 0 ? next + HEX_LEN + 1 : next;
	return 0;
}

static bool is_escape(const uint8_t *b, size_t left)
{
	return left >= 2 && b[0] == '}' && b[1] >= 1 && b[1] <= 5;
}

/* Where @length bytes from @at end, when each escape counts as one; 0 when they are not all there. */
static size_t counted_end(const uint8_t *b, size_t len, size_t at, size_t length)
{
	for (; length > 0 && at < len; length--)
		at += is_escape(b + at, len - at) ? 2 : 1;
	return length == 0 && at < len ? at : 0;
}

/* Behind the bracket that closes the one before @at, and behind which a frame could begin; 0 when it is not there. */
static size_t bracket_end(const uint8_t *b, size_t len, size_t at)
{
	size_t depth = 1;

	for (; at < len; at++) {
		depth += b[at] == '[';
		if (b[at] != ']')
			continue;
		depth -= depth > 0;
		if (depth == 0 && (at + 1 == len || b[at + 1] == '[' || sentence_blanks(b + at + 1, 1)))
			return at + 1;
	}
	return 0;
}

/* Whether the same device begins another frame before this one, @h, has ended: it will not end any more. */
static bool breaks_off(const struct head *h, const uint8_t *b, size_t len)
{
	struct head next;

	for (size_t at = h->at; at < len; at++) {
		bool begins = read_head(&next, b + at, len - at) == 0 && next.at > 0;
		if (begins && next.id.n == h->id.n && memcmp(next.id.s, h->id.s, h->id.n) == 0)
			return true;
	}
	return false;
}

static ssize_t watch_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	size_t look = len < limits->frame_max ? len : limits->frame_max;
	size_t blanks = sentence_blanks(buf, look), end = 0;
	struct head h;

	if (len == 0 || blanks > 0)
		return (ssize_t)blanks;
	if (read_head(&h, buf, look) != 0)
		return -REASON_BAD_FRAME;
	if (h.at > 0)
		end = counted_end(buf, look, h.at, h.length);
	if (end > 0 && buf[end] == ']')
		return (ssize_t)end + 1;
	if (h.at > 0)
		end = bracket_end(buf, look, h.at);
	if (end > 0)
		return (ssize_t)end;
	if (h.at > 0 && breaks_off(&h, buf, look))
		return -REASON_BAD_FRAME;
	return len < limits->frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
}

/* ---- a frame ---- */

static void note_answer(struct protocol_note *note, const struct head *h, struct slice kind)
{
	uint64_t index = 0;

	for (size_t i = NOTE_NOTHING + 1; i < ANSWERS; i++)
		if (slice_is(watch_plain_kind(kind), answers[i].kind) && sentence_pack(note->state, h->id))
			note->records = (uint32_t)i;
	memcpy(note->state + NOTE_MAKER, h->maker.s, MAKER_LEN);
	if (h->index.n > 0 && sentence_hex(&index, h->index) == 0)
		note->records |= NOTE_HAS_INDEX;
	note->state[NOTE_INDEX] = (uint8_t)(index >> 8);
	note->state[NOTE_INDEX + 1] = (uint8_t)index;
}

/* What the frame says, its escapes undone where it has any. NULL: no room. */
static const char *unescaped(struct arena *arena, const uint8_t *b, size_t *n)
{
	static const char meant[] = "}[],*";
	size_t left = *n, to = 0;

	if (!memchr(b, '}', left))
		return (const char *)b;
	char *copy = arena_take(arena, left);
	for (; copy && left > 0; left--, b++) {
		bool escape = is_escape(b, left);
		copy[to++] = escape ? meant[b[1] - 1] : (char)*b;
		b += escape;
		left -= escape;
	}
	*n = to;
	return copy;
}

static int read_frame(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct report r;
	struct watch_line l = { 0 };
	struct head h;
	int e = read_head(&h, frame, len);

	(void)session;
	if (e != 0)
		return e;
	size_t n = len - h.at - 1;
	const char *text = unescaped(&scratch->arena, frame + h.at, &n);
	if (!text)
		return REASON_TOO_MANY;
	struct sentence s = sentence_over(text, n);
	l.kind = sentence_field(&s, ',');
	l.n = sentence_split(&s, ',', l.fields, WATCH_FIELDS_MAX);
	note_answer(&result->note, &h, l.kind);
	report_begin(&r, &scratch->arena);
	e = watch_read(&r, &l);
	if (e == 0)
		e = report_end(&r, scratch, result);
	return e == 0 ? sentence_group(result, scratch, h.id) : e;
}

static int watch_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	return sentence_decode(watch_frame, read_frame, session, frame, len, scratch, ret);
}

static struct protocol_answer watch_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	struct text t = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	uint8_t kind = (uint8_t)note->records;
	char id[SENTENCE_DIGITS + 1];

	(void)session;
	(void)now_ms;
	if (refused || kind == NOTE_NOTHING || kind >= ANSWERS)
		return (struct protocol_answer){ .close = sentence_closes(refused) };
	sentence_unpack(id, note->state);
	text_putc(&t, '[');
	text_put(&t, note->state + NOTE_MAKER, MAKER_LEN);
	text_printf(&t, "*%s*", id);
	if (note->records & NOTE_HAS_INDEX)
		text_printf(&t, "%02x%02x*", note->state[NOTE_INDEX], note->state[NOTE_INDEX + 1]);
	text_printf(&t, "%04zx*%s]", strlen(answers[kind].answer), answers[kind].answer);
	return (struct protocol_answer){ .len = t.len };
}

const struct protocol protocol_watch = {
	.name = "watch",
	.port = 5093,
	.transport = PROTOCOL_TCP,
	.idle_s = 1800,
	.shared = true,
	.frame = watch_frame,
	.decode = watch_decode,
	.answer = watch_answer,
};
