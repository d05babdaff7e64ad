/*
 * path - the path and the query of a request, taken apart
 *
 * Internal to lib/web. Thread: any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	PATH_SIZE = 2048, /* of a path and, apart, of a query, NUL included */
	SEGMENTS_MAX = 16,
	PARAMETERS_MAX = 32,
};

enum path_result {
	PATH_E_TOO_LONG = 1,
	PATH_E_MALFORMED, /* a broken escape, or an encoded NUL */
};

struct path {
	size_t n;
	const char *segments[SEGMENTS_MAX]; /* decoded; "/" has one, empty */
	char text[PATH_SIZE];
};

/* Takes apart @raw, a path that begins with a slash. 0 or enum path_result. */
MUST_CHECK int path_split(struct path *ret, const char *raw);

struct query {
	size_t n;
	const char *names[PARAMETERS_MAX], *values[PARAMETERS_MAX]; /* decoded */
	char text[PATH_SIZE];
};

/* Takes apart @raw, what follows the question mark; NULL: nothing does. 0 or enum path_result. */
MUST_CHECK int query_split(struct query *ret, const char *raw);

/* The first value of @name, or NULL. */
const char *query_find(const struct query *q, const char *name);
