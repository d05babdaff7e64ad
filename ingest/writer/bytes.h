/* bytes - a buffer that grows and is emptied as a whole: documents are kept in it by offset */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *at;
	size_t used, room;
};

/* Appends @n bytes; *ret_offset is where they went. 0, or -ENOMEM and nothing changed. */
MUST_CHECK int bytes_add(struct bytes *b, const void *from, size_t n, size_t *ret_offset);

/* Empties it; the memory stays. */
static inline void bytes_clear(struct bytes *b)
{
	b->used = 0;
}

void bytes_free(struct bytes *b);
