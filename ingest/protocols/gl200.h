/* gl200 - a text report of Queclink's @Track taken apart; see gl200.c */
#pragma once

#include "ingest/protocols/report.h"

enum { GL200_FIELDS_MAX = 512 };

struct gl200 {
	struct slice kind; /* FRI, SOS... */
	struct slice f[GL200_FIELDS_MAX]; /* from the version on, without the time of sending and the count behind it */
	size_t n;
	bool stored; /* +BUFF */
	bool command; /* +ACK */
	int64_t sent_ms; /* 0: not said */
};

enum { GL200_VERSION, GL200_ID, GL200_NAME };

/* Appends what the report says to the result in @scratch: its positions, or one contact. 0 or enum protocol_reason. */
MUST_CHECK int gl200_read(const struct gl200 *g, struct protocol_scratch *scratch, struct protocol_result *result);
