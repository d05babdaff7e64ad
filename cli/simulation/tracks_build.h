/* tracks_build - what the readers of the formats share; internal to cli/simulation */
#pragma once

#include "cli/simulation/tracks.h"

/* The track called @name (@len bytes), made when it is new. NULL: no memory. */
struct track *tracks_named(struct tracks *t, const char *name, size_t len);

/* A new track without a name yet. NULL: no memory. */
struct track *tracks_new(struct tracks *t);

/* 0 or -ENOMEM. */
MUST_CHECK int track_add(struct track *t, const struct position *fix);

/* Writes "line N: ..." to @fault and returns TRACKS_E_MALFORMED. */
int tracks_fault(char *fault, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);

MUST_CHECK int gpx_parse(struct tracks *t, const char *bytes, size_t len, char *fault);
MUST_CHECK int csv_parse(struct tracks *t, const char *bytes, size_t len, char *fault);
