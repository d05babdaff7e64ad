/* decode_stream - line → bytes → frames → report. */
#include "cli/decode_stream.h"
#include "cli/decode_frames.h"
#include "cli/decode_lines.h"
#include "ingest/protocols/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct decoding {
	FILE *out;
	enum decode_form form;
	struct decode_lines lines;
	struct decode_bytes bytes;
	struct decode_frames frames;
};

static bool is_blank(const char *line, size_t n)
{
	size_t i = 0;

	while (i < n && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return i == n;
}

/* @fault: why there is no line; NULL: there is one, of @n bytes. */
static int one_line(struct decoding *d, size_t n, const char *fault)
{
	struct decode_report report = decode_report_begin();

	if (!fault)
		fault = decode_capture_read(&d->bytes, d->form, d->lines.buf, n);
	if (fault)
		decode_report_error(&report, fault);
	else
		decode_frames_read(&d->frames, &d->bytes, &report);
	int r = decode_report_write(&report, d->out);
	decode_report_end(&report);
	return r;
}

static int all_lines(struct decoding *d)
{
	for (;;) {
		size_t n = 0;
		int r = decode_lines_next(&d->lines, &n);
		if (r == DECODE_LINES_E_END)
			return 0;
		if (r == DECODE_LINES_E_TOO_LONG)
			r = one_line(d, 0, "line_too_long");
		else if (r == 0 && !is_blank(d->lines.buf, n))
			r = one_line(d, n, NULL);
		if (r)
			return r;
	}
}

int decode_stream(FILE *in, FILE *out, const struct decode_options *o)
{
	struct decoding d = {
		.out = out,
		.form = o->form,
		.bytes = { .room = decode_capture_room(o->line_max) },
		.frames = { .protocol = o->protocol,
			.datagrams = o->datagrams,
			.limits = o->limits,
			.now_ms = o->now_ms,
			.mend = o->form == DECODE_TEXT },
	};
	int r = decode_lines_open(&d.lines, in, o->line_max);

	d.bytes.at = malloc(d.bytes.room);
	if (r == 0)
		r = d.bytes.at ? protocol_scratch_open(&d.frames.scratch) : -ENOMEM;
	if (o->login)
		snprintf(d.frames.session.identifier, sizeof d.frames.session.identifier, "%s", o->login);
	if (r == 0) {
		r = all_lines(&d);
		protocol_scratch_close(&d.frames.scratch);
	}
	free(d.bytes.at);
	decode_lines_close(&d.lines);
	return r;
}
