/* h02 - what the parts of H02 share; see h02.c */
#pragma once

#include "ingest/protocols/report.h"

enum { H02_FIELDS_MAX = 80 };

/* A text frame taken apart at its commas. */
struct h02_line {
	struct slice maker, id, kind;
	struct slice fields[H02_FIELDS_MAX];
	size_t n;
};

ssize_t h02_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits);

/* Reads what a line says. 0 or enum protocol_reason. */
MUST_CHECK int h02_kind(struct report *r, const struct h02_line *l);

/* Reads a whole frame that begins with $. 0 or enum protocol_reason. *id is in the arena of @r. */
MUST_CHECK int h02_binary(struct report *r, const uint8_t *frame, size_t len, struct slice *id);

/* The four bytes of status as attributes. */
void h02_status(struct report *r, uint32_t status);
