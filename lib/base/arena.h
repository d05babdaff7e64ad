/*
 * arena - memory for one piece of work, given back all at once
 *
 * Takes from a buffer of the caller's and never grows: what a frame or a record can claim is bounded by the buffer.
 * Thread: any, one arena per thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *buf;
	size_t used, size;
};

static inline struct arena arena_over(void *buf, size_t size)
{
	return (struct arena){ .buf = buf, .size = size };
}

static inline void arena_reset(struct arena *a)
{
	a->used = 0;
}

/* @n bytes aligned for anything, uninitialised; NULL when the arena is full. */
void *arena_take(struct arena *a, size_t n);

/* A NUL-terminated copy of @n bytes; NULL when the arena is full. */
char *arena_text(struct arena *a, const char *s, size_t n);
