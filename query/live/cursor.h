/*
 * cursor - what a client keeps to come back with: which devices it watched, and how far it had come
 *
 * For each partition that has one of its devices the place (see ring.h), and one further place as a proof of which topic
 * is meant, where none of those has a check. Opaque to clients: base64url of bytes that only this file knows. A cursor
 * is checked, never believed: it can make no more visible than the token does.
 *
 * Thread: any. Does not allocate.
 */
#pragma once

#include "query/live/ring.h"

enum {
	CURSOR_PLACES_MAX = 512, /* a topic with more partitions is read, but nobody resumes on all of it */
	CURSOR_TEXT_SIZE = (16 + (CURSOR_PLACES_MAX + 1) * 20) / 3 * 4 + 8,
};

struct cursor_place {
	int32_t partition;
	struct place at;
};

struct cursor {
	uint32_t partitions; /* of the topic; 0: a cursor that nothing can be resumed with */
	uint64_t devices; /* device_sum() of all that were watched */
	size_t n;
	bool has_proof; /* the last of @places is of a partition that is not watched */
	struct cursor_place places[CURSOR_PLACES_MAX + 1];
};

/* The sum of any set of devices is the sum of theirs, by ^. */
uint64_t device_sum(const struct uuid *device);

/* Writes @n places (and @proof, where not NULL) as text with a NUL. Returns its length. More than CURSOR_PLACES_MAX, or
 * @partitions 0: the cursor that nothing can be resumed with. */
size_t cursor_write(char out[static CURSOR_TEXT_SIZE], uint32_t partitions, uint64_t devices,
	const struct cursor_place *places, size_t n, const struct cursor_place *proof);
/* 0, or -EINVAL for what cursor_write() does not write. */
MUST_CHECK int cursor_read(struct cursor *ret, const char *text, size_t len);
