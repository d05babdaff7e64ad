/* arena - a pointer that moves through the caller's buffer. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

static void *take(struct arena *a, size_t n, size_t align)
{
	/* The buffer itself may lie anywhere: it is the address that is aligned, not the offset. */
	size_t pad = -((uintptr_t)a->buf + a->used) & (align - 1);
	size_t left = a->size - a->used;

	if (pad > left || n > left - pad)
		return NULL;
	a->used += pad + n;
	return a->buf + (a->used - n);
}

void *arena_take(struct arena *a, size_t n)
{
	return take(a, n, alignof(max_align_t));
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? take(a, n + 1, 1) : NULL;

	if (copy) {
		memcpy(copy, s, n);
		copy[n] = '\0';
	}
	return copy;
}
