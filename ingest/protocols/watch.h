/* watch - a frame of the watch protocol taken apart; see watch.c */
#pragma once

#include "ingest/protocols/report.h"

enum { WATCH_FIELDS_MAX = 128 };

struct watch_line {
	struct slice kind;
	struct slice fields[WATCH_FIELDS_MAX];
	size_t n;
};

/* The kind without the network behind it. */
static inline struct slice watch_plain_kind(struct slice kind)
{
	return slice_cut(&kind, '_');
}

/* Reads what a frame says. 0 or enum protocol_reason. */
MUST_CHECK int watch_read(struct report *r, const struct watch_line *l);
