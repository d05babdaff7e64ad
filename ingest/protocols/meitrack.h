/* meitrack - what the text and the binary frames of Meitrack have in common; see meitrack.c */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/report.h"

/* Appends the records of a frame of CCC or CCE, @bytes being what stands behind the comma after it up to the asterisk. 0 or enum
 * protocol_reason. */
MUST_CHECK int meitrack_ccc(
	const uint8_t *bytes, size_t len, struct protocol_scratch *scratch, struct protocol_result *result);
MUST_CHECK int meitrack_cce(
	const uint8_t *bytes, size_t len, struct protocol_scratch *scratch, struct protocol_result *result);

/* What made the tracker report. */
void meitrack_event(struct report *r, uint32_t event);

void meitrack_inputs(struct report *r, uint32_t bits);
void meitrack_outputs(struct report *r, uint32_t bits);
