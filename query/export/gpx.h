/*
 * gpx - positions as a GPX 1.1 track (topografix.com/GPX/1/1), piece by piece
 *
 *     gpx_begin(&g, &t, name);  gpx_point(&g, &t, position) for each, oldest first;  gpx_end(&g, &t)
 *
 * A point has place, time and, where it is known, elevation: what the schema has room for. Fixes that the device itself marks as
 * not valid are left out, and a gap of more than an hour begins a new segment.
 *
 * Thread: any. Does not allocate.
 */
#pragma once

#include "base/position.h"
#include "base/text.h"

struct gpx {
	bool segment; /* one is open */
	int64_t last_ms; /* the last point's time */
};

enum {
	GPX_HEAD_SIZE = 4096, /* enough for gpx_begin() with a name of 100 characters */
	GPX_POINT_SIZE = 256, /* enough for a point, and for the end */
};

/* Begins the file. @name: of the track; any UTF-8. */
void gpx_begin(struct gpx *g, struct text *t, const char *name);

/* Appends @p, which has a place; nothing where it is left out. */
void gpx_point(struct gpx *g, struct text *t, const struct position *p);

void gpx_end(struct gpx *g, struct text *t);
