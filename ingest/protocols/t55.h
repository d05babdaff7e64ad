/* t55 - a line of NMEA and what it says; see t55.c */
#pragma once

#include "ingest/protocols/report.h"

enum { T55_FIELDS_MAX = 48, T55_DAY_MS = 86400000 };

/* What a session remembers. */
struct t55_memory {
	uint16_t day; /* of the last RMC, since 1970; 0: none yet */
	uint16_t lent; /* when the GGA was whose altitude and satellites these are, in 2 s of its day */
	int16_t altitude_m;
	uint8_t satellites; /* 0: none are lent */
	uint8_t unit; /* when the last RMC was, in 10 minutes of its day */
};

struct t55_line {
	struct report report;
	struct slice f[T55_FIELDS_MAX]; /* from the name of the sentence on */
	size_t n;
	struct slice id; /* whose it is; empty: nobody's yet */
	struct slice login; /* what the sentence names for those after it; empty: nothing */
	struct t55_memory memory;
	bool remembers; /* the device was named before: memory is its own */
	bool remembered; /* memory is to be kept */
	bool speaks; /* there is something to report */
};

/* Reads what is between the dollar and the end of the line; a checksum must be right if it is there. 0 or enum protocol_reason. */
MUST_CHECK int t55_sentence(struct t55_line *l, struct slice text);
