/*
 * conformance - frames of devices in the field, decoded here and compared with what another server made of them
 *
 * Compared are time (second), latitude and longitude (1e-5), speed (1e-3 m/s), course (0.5 degrees), validity, the number of
 * positions and the answer. Where Pettrack differs on purpose a table says so, frame by frame; a difference that is none
 * any more fails the test as well.
 */
#pragma once

#include "ingest/protocols/protocol.h"

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

/* Compares all frames of a file in @folder. Fails the test at the first that differs; also when there are none. */
void conformance_check(const char *folder, const struct conformance *c);

/* The first frame that must be cut from a stream, from framing.jsonl. Vectors of other protocols are passed over. */
void conformance_check_framing(const char *folder, const struct conformance *c);

/* What is compared, protocol by protocol; each list ends with a file of NULL. */
extern const struct conformance conformance_binary[];
extern const struct conformance conformance_http[];
extern const struct conformance conformance_text[];
