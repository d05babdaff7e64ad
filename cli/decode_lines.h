/*
 * decode_lines - lines of a capture, whatever bytes are in them
 *
 * LF and CR LF end a line, and so does the end of the input. Memory is bounded: what a line has too much is dropped while it is
 * read.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

struct decode_lines {
	FILE *in; /* borrowed */
	char *buf; /* of @max bytes */
	size_t max; /* bytes of a line without its end */
};

enum decode_lines_result {
	DECODE_LINES_E_END = 1, /* there is no line any more */
	DECODE_LINES_E_TOO_LONG, /* this line is; the next one can be read */
};

/* 0 or -ENOMEM. */
MUST_CHECK int decode_lines_open(struct decode_lines *ret, FILE *in, size_t max);
void decode_lines_close(struct decode_lines *l);

/* Waits for a whole line. 0: @l->buf has the *ret_n bytes of it, without its end; enum decode_lines_result; or -errno. */
MUST_CHECK int decode_lines_next(struct decode_lines *l, size_t *ret_n);
