/*
 * decode_stream - a capture, one frame a line, into what the gateway makes of it, one line of JSON each
 *
 * A line with nothing but blanks is passed over. Each other one has its answer before the next is read.
 *
 * Thread: one at a time.
 */
#pragma once

#include "cli/decode_capture.h"
#include "ingest/protocols/protocol.h"

#include <stdio.h>

struct decode_options {
	const struct protocol *protocol;
	const struct protocol *datagrams; /* see struct decode_frames */
	struct protocol_limits limits;
	enum decode_form form;
	const char *
		login; /* the device that has logged in before the first line, at most PROTOCOL_IDENTIFIER_MAX bytes; NULL: none */
	int64_t now_ms; /* of answers that have a time; 0: the clock's */
	size_t line_max; /* bytes of a line */
};

/* Reads @in to its end. 0 or -errno; that a line is no frame is said in @out. */
MUST_CHECK int decode_stream(FILE *in, FILE *out, const struct decode_options *o);
