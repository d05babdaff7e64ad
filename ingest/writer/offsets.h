/*
 * offsets - how far each partition of one topic is done, where that is not committed yet
 *
 * Thread: one.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct offsets {
	int64_t *done; /* by partition; -1: nothing new */
	size_t n;
};

/* Everything up to and including @offset is done. 0 or -ENOMEM. */
MUST_CHECK int offsets_note(struct offsets *o, int32_t partition, int64_t offset);

/* Takes the next partition that has something new, which it then has no more. Returns the offset, or -1: none is left. */
int64_t offsets_take(struct offsets *o, int32_t *ret_partition);

/* Forgets what is new of @partition. */
void offsets_drop(struct offsets *o, int32_t partition);

void offsets_free(struct offsets *o);
