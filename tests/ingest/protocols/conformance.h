/*
 * conformance - frames of devices in the field, decoded here and compared with what another server made of them
 *
 * Compared are time (second), latitude and longitude (1e-5), speed (1e-3 m/s), course (0.5 degrees), validity, the number of
 * positions and the answer. Where Pettrack differs on purpose a table says so, frame by frame; a difference that is none
 * any more fails the test as well.
 */
#pragma once

#include "ingest/protocols/protocol.h"

#include <check.h>
#include <jansson.h>
#include <stddef.h>

struct conformance_difference {
	const char *frame; /* a piece of it (text or hex) that tells it from the others */
	const char *fields; /* some of "count time place speed course valid answer refused frame", divided by blanks */
	const char *why;
};

struct conformance {
	const char *file; /* among the vectors */
	const struct protocol *protocol;
	const char *names; /* what a vector's protocol begins with; others in the file are passed over */
	const char *identifier; /* of the session before the frame; NULL: none */
	const char *end; /* of a frame, where the vector has it cut off; NULL: nothing */
	const struct conformance_difference *differences; /* ends with a frame of NULL; may be NULL */
};

enum { CONFORMANCE_POSITIONS = 1024, CONFORMANCE_ANSWERS = 4096, CONFORMANCE_BYTES = 32 * 1024 };

/* What was made of one vector. */
struct conformance_outcome {
	struct position positions[CONFORMANCE_POSITIONS]; /* and contacts */
	size_t n;
	char answers[CONFORMANCE_ANSWERS]; /* hex */
	bool uncut; /* its frames do not end where its bytes do */
	int refused; /* enum protocol_reason, the last one; 0: none */
};

/* Whose work is compared: sets *o, which is empty, to what becomes of @vector. */
typedef void conformance_subject(struct conformance_outcome *o, const struct conformance *c, const json_t *vector);

/* The protocol's functions. */
conformance_subject conformance_protocol;

/* The gateway's clock for answers: 2026-11-24 08:02:34, when the other server answered. */
#define CONFORMANCE_NOW_MS INT64_C(1795507354000)

/* A vector's frame of text as bytes, which are not always UTF-8, into @out of CONFORMANCE_BYTES. Returns how many. */
size_t conformance_bytes(uint8_t *out, const json_t *vector);

/* Compares all frames of a file in @folder. Fails the test at the first that differs; also when there are none. */
void conformance_check(const char *folder, const struct conformance *c, conformance_subject *subject);

/* For main(): its exit status after @s has run, or 77 (skipped, and said so) where there are no vectors in @folder. */
int conformance_run(Suite *s, const char *folder);

/* The first frame that must be cut from a stream, from framing.jsonl. Vectors of other protocols are passed over. */
void conformance_check_framing(const char *folder, const struct conformance *c);

/* What is compared, protocol by protocol; each list ends with a file of NULL. */
extern const struct conformance conformance_binary[];
extern const struct conformance conformance_http[];
extern const struct conformance conformance_text[];
