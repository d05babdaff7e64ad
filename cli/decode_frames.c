/* decode_frames - read decode_frames_read() first: cut → carry → answer. */
#include "cli/decode_frames.h"
#include "base/clock.h"

#include <string.h>

/* ---- cut ---- */

/* What reading lines takes away from a frame of text, or people do who copy it. GPS103's ';' may as well be a line end. */
static const char *const ends[] = { "\r\n", "$", NULL };

/* The first frame from @at on, as struct protocol's frame(). */
static ssize_t cut(const struct decode_frames *f, struct decode_bytes *b, size_t at)
{
	ssize_t len = f->protocol->frame(b->at + at, b->n - at, &f->limits);

	if (len != PROTOCOL_MORE || !f->mend)
		return len;
	for (const char *const *end = ends; *end; end++) {
		size_t n = strlen(*end);
		if (n > b->room - b->n)
			break;
		memcpy(b->at + b->n, *end, n);
		len = f->protocol->frame(b->at + at, b->n - at + n, &f->limits);
		if (len > 0) {
			b->n += n;
			return len;
		}
	}
	return PROTOCOL_MORE;
}

/* ---- carry ---- */

/* Why the gateway refuses what was decoded. 0 or enum protocol_reason. */
static int fault_of(const struct protocol_result *result)
{
	for (size_t i = 0; i < result->groups_n; i++)
		if (!protocol_identifier_possible(result->groups[i].identifier))
			return REASON_UNKNOWN_DEVICE;
	for (size_t i = 0; i < result->positions_n; i++) {
		struct position p = result->positions[i];
		if (p.time_ms < 0)
			p.time_ms = 0; /* the gateway's own time stands in */
		if (position_fault(&p))
			return REASON_BAD_VALUE;
	}
	return 0;
}

static void add_positions(struct decode_report *report, const struct protocol_result *result, bool nameless)
{
	for (size_t i = 0; i < result->groups_n; i++) {
		const struct protocol_group *g = &result->groups[i];
		for (size_t at = g->first; at < g->first + g->n; at++)
			decode_report_add(report, nameless ? NULL : g->identifier, &result->positions[at]);
	}
}

/* A capture that begins in the middle has no login, and so the gateway refuses it. What the frame says is shown all the same. */
static void show_nameless(struct decode_frames *f, const uint8_t *frame, size_t len, struct decode_report *report)
{
	struct protocol_session session = f->session;
	struct protocol_result result = { 0 };

	strcpy(session.identifier, "nobody");
	if (f->protocol->decode(&session, frame, len, &f->scratch, &result) == 0 && fault_of(&result) == 0)
		add_positions(report, &result, true);
}

/* 0 or enum protocol_reason; *note is set in both cases. */
static int carry(struct decode_frames *f, const uint8_t *frame, size_t len, struct protocol_note *note,
	struct decode_report *report)
{
	struct protocol_result result = { 0 };
	int r = f->protocol->decode(&f->session, frame, len, &f->scratch, &result);

	*note = result.note;
	if (r == REASON_NO_DEVICE && !f->session.identifier[0])
		show_nameless(f, frame, len, report);
	if (r != 0)
		return r;
	for (size_t i = 0; i < result.groups_n; i++)
		decode_report_device(report, result.groups[i].identifier);
	r = fault_of(&result);
	if (r == 0)
		add_positions(report, &result, false);
	return r;
}

/* ---- answer ---- */

/* Whether the connection goes on. */
static bool answer(struct decode_frames *f, const struct protocol_note *note, enum protocol_reason refused,
	struct decode_report *report)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	int64_t now_ms = f->now_ms ? f->now_ms : clock_real_ms();
	struct protocol_answer a = f->protocol->answer(&f->session, note, refused, now_ms, out);

	if (refused)
		decode_report_error(report, protocol_reason_name(refused));
	decode_report_answer(report, out, a.len);
	return !a.close;
}

/* ---- the frames of a line ---- */

static bool serve(struct decode_frames *f, const uint8_t *frame, size_t len, struct decode_report *report)
{
	struct protocol_note note = { 0 };
	int r = carry(f, frame, len, &note, report);

	return answer(f, &note, (enum protocol_reason)r, report);
}

static void refuse(struct decode_frames *f, enum protocol_reason reason, struct decode_report *report)
{
	answer(f, &(struct protocol_note){ 0 }, reason, report);
}

static void read_stream(struct decode_frames *f, struct decode_bytes *b, struct decode_report *report)
{
	bool open = true;

	for (size_t used = 0; open && used < b->n;) {
		ssize_t len = cut(f, b, used);
		if (len == PROTOCOL_MORE) {
			decode_report_error(report, "incomplete");
			return;
		}
		if (len < 0) { /* from here on nobody knows where a frame begins */
			refuse(f, (enum protocol_reason) - len, report);
			return;
		}
		open = serve(f, b->at + used, (size_t)len, report);
		used += (size_t)len;
	}
}

static void read_datagram(struct decode_frames *f, const struct decode_bytes *b, struct decode_report *report)
{
	f->session = (struct protocol_session){ 0 };
	if (b->n > f->limits.frame_max)
		refuse(f, REASON_TOO_LARGE, report);
	else
		serve(f, b->at, b->n, report);
}

static bool is_datagram(const struct decode_frames *f, const struct decode_bytes *b)
{
	const struct protocol_session none = { 0 };
	struct protocol_scratch scratch = f->scratch;
	struct protocol_result result = { 0 };

	return f->datagrams && f->protocol->frame(b->at, b->n, &f->limits) == -REASON_BAD_FRAME &&
	       f->datagrams->decode(&none, b->at, b->n, &scratch, &result) == 0;
}

void decode_frames_read(struct decode_frames *f, struct decode_bytes *bytes, struct decode_report *report)
{
	struct decode_frames over_udp = *f; /* which leaves the session of the connection alone */

	if (!f->protocol->frame) {
		read_datagram(f, bytes, report);
	} else if (is_datagram(f, bytes)) {
		over_udp.protocol = f->datagrams;
		read_datagram(&over_udp, bytes, report);
	} else {
		read_stream(f, bytes, report);
		if (!report->device && f->session.identifier[0])
			decode_report_device(report, f->session.identifier);
	}
}
