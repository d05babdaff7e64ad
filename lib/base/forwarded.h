/*
 * forwarded - whom a request behind proxies comes from, by X-Forwarded-For or Forwarded (RFC 7239)
 *
 * Each proxy adds whom it was asked by, at the end. So the way back is walked from there: from the peer over every proxy that
 * is trusted to the first address that is none; what stands before that, anybody may have written.
 *
 * Thread: any. Nothing here allocates.
 */
#pragma once

#include "base/network.h"

#include <stddef.h>

enum { FORWARDED_LINES_MAX = 16 };

/* All lines of one header, in the order in which they came: a proxy may append to the last, or add its own. */
struct forwarded_lines {
	struct {
		const char *text;
		size_t len;
	} lines[FORWARDED_LINES_MAX];
	size_t n; /* beyond FORWARDED_LINES_MAX: there were more */
};

/* Adds a line; both are borrowed. */
void forwarded_add(struct forwarded_lines *l, const char *text, size_t len);

/* Who is behind @peer. @peer itself where it is not trusted, where no header says anything, and where both do and differ: a
 * proxy that writes one of them may let pass what its client wrote into the other. Where a proxy cannot or will not say
 * whom it was asked by, the proxy. */
struct address forwarded_client(const struct networks *trusted, const struct address *peer,
	const struct forwarded_lines *x_forwarded_for, const struct forwarded_lines *forwarded);
