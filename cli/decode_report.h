/*
 * decode_report - what became of one line of a capture, and writing it as one line of JSON
 *
 *   {"device", "positions": [{"time", "valid", "lat", "lon", "speed", "course", "altitude", "accuracy", "battery", "attributes"}],
 *    "contact": {"time", "speed", ... "attributes"} or null, "answer": hex, "error": null or the reason}
 *
 * Units are those of struct position; what is not known is null. Several contacts: the last one, and the others in its "earlier".
 * Positions of several devices: each has its own "device".
 *
 * Thread: one at a time. Memory that cannot be had is told by decode_report_write().
 */
#pragma once

#include "base/err.h"
#include "base/position.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct decode_report {
	char *device; /* NULL: none so far */
	json_t *positions, *contacts;
	char *answer; /* hex */
	size_t answer_n;
	const char *error; /* the first one; static text; NULL: none */
	bool several; /* not all is of @device */
	bool failed; /* no memory */
};

struct decode_report decode_report_begin(void);
void decode_report_end(struct decode_report *r);

/* Who speaks, by what it calls itself; the first one counts. */
void decode_report_device(struct decode_report *r, const char *identifier);

/* A position, or without a location a contact, of @identifier (NULL: nobody knows whose). All is copied. */
void decode_report_add(struct decode_report *r, const char *identifier, const struct position *p);

/* @n bytes more that are sent back. */
void decode_report_answer(struct decode_report *r, const uint8_t *bytes, size_t n);

/* Why it is refused; the first one counts. @reason is static text. */
void decode_report_error(struct decode_report *r, const char *reason);

/* Writes the line and flushes it, once. 0, -ENOMEM or -EIO. */
MUST_CHECK int decode_report_write(struct decode_report *r, FILE *out);
