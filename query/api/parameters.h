/*
 * parameters - what a request asks for, out of the texts in its query
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "query/api/cursor.h"

enum {
	HISTORY_LIMIT = 1000,
	HISTORY_LIMIT_MAX = 10000,
	LATEST_LIMIT = 100,
	LATEST_LIMIT_MAX = 1000,
};

/* Why a request cannot be answered, for web_problem(): 400. */
struct complaint {
	const char *code, *detail;
};

enum { PARAMETERS_E_INVALID = 1 };

/* As they came; NULL: absent. */
struct history_texts {
	const char *from, *to, *order, *limit, *cursor, *format;
};

struct history_range {
	int64_t from_ms, to_ms; /* from <= time < to; what the cursor has passed is left out already */
	int64_t limit;
	bool descending, geojson;
};

/* 0, or PARAMETERS_E_INVALID and *ret_complaint. @device: whose history; a cursor of another one is refused. */
MUST_CHECK int history_parameters(struct history_range *ret, struct complaint *ret_complaint,
	const struct history_texts *t, const struct uuid *device);

struct latest_range {
	bool after_any; /* false: from the first device */
	struct uuid after; /* devices beyond this one */
	int64_t limit;
};

/* The same for all devices' latest positions. */
MUST_CHECK int latest_parameters(
	struct latest_range *ret, struct complaint *ret_complaint, const char *limit, const char *cursor);
