/*
 * tracks - recorded tracks of animals, from GPX or from CSV with Movebank's columns
 *
 * A GPX track, or all rows of one tag in a CSV, is one track. Fixes are ordered by time, and those that somebody marked
 * as outliers are among them: a tracker would have sent them.
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "base/position.h"

struct track {
	char *name; /* of the animal or tag */
	struct position *fixes;
	size_t n;
};

struct tracks {
	struct track *items;
	size_t n;
};

enum tracks_result {
	TRACKS_E_MALFORMED = 1, /* the fault says where and what */
};

enum { TRACKS_FAULT_SIZE = 200 };

/* Reads a file of either format. 0 and *ret, the caller's to tracks_free(); TRACKS_E_MALFORMED and "line 7: ..." in
 * @fault; or -errno. */
MUST_CHECK int tracks_read(struct tracks *ret, const char *path, char fault[static TRACKS_FAULT_SIZE]);

/* The same from memory. */
MUST_CHECK int tracks_parse(struct tracks *ret, const char *bytes, size_t len, char fault[static TRACKS_FAULT_SIZE]);

void tracks_free(struct tracks *t);
