/*
 * writer - bytes under construction
 *
 * What does not fit is dropped, with all that comes after it, and remembered: ask writer_len() once, at the end.
 *
 * Thread: any, one writer per thread. Owns nothing: the buffer must outlive the writer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t *out;
	size_t n, size;
	bool full; /* something did not fit */
};

static inline struct writer writer_in(uint8_t *out, size_t size)
{
	return (struct writer){ .out = out, .size = size };
}

/* How many bytes there are; 0 when something did not fit. */
static inline size_t writer_len(const struct writer *w)
{
	return w->full ? 0 : w->n;
}

static inline void writer_put(struct writer *w, const void *bytes, size_t n)
{
	if (w->full || n > w->size - w->n) {
		w->full = true;
		return;
	}
	memcpy(w->out + w->n, bytes, n);
	w->n += n;
}

/* The low @n bytes (at most 8) of @v, the most significant first. */
static inline void writer_be(struct writer *w, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = n; i > 0; i--, v >>= 8)
		bytes[i - 1] = (uint8_t)v;
	writer_put(w, bytes, n);
}

/* The same, the least significant first. */
static inline void writer_le(struct writer *w, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++, v >>= 8)
		bytes[i] = (uint8_t)v;
	writer_put(w, bytes, n);
}
