/*
 * wire - bounded cursor over untrusted bytes
 *
 * A read past the end makes the cursor bad: that read and every later one returns zero and moves nothing. So a
 * decoder reads straight through and asks wire_ok() once, before it believes anything it read.
 *
 * Thread: any, one cursor per thread. Owns nothing: the bytes must outlive the cursor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	const uint8_t *at; /* next unread byte; borrowed */
	size_t left; /* how many are unread */
	bool bad; /* a read wanted more than was left */
};

static inline struct wire wire_over(const void *bytes, size_t len)
{
	return (struct wire){ .at = bytes, .left = len };
}

static inline bool wire_ok(const struct wire *w)
{
	return !w->bad;
}

/* The next @n bytes, or NULL (and @w bad) when fewer are left. */
static inline const uint8_t *wire_bytes(struct wire *w, size_t n)
{
	if (w->bad || n > w->left) {
		w->bad = true;
		return NULL;
	}
	w->left -= n;
	w->at += n;
	return w->at - n;
}

/* An unsigned integer of @n bytes (at most 8), most significant first. */
static inline uint64_t wire_be(struct wire *w, size_t n)
{
	const uint8_t *b = wire_bytes(w, n);
	uint64_t v = 0;

	for (size_t i = 0; b && i < n; i++)
		v = v << 8 | b[i];
	return v;
}

/* The same, least significant first. */
static inline uint64_t wire_le(struct wire *w, size_t n)
{
	const uint8_t *b = wire_bytes(w, n);
	uint64_t v = 0;

	for (size_t i = n; b && i > 0; i--)
		v = v << 8 | b[i - 1];
	return v;
}

static inline uint8_t wire_u8(struct wire *w)
{
	return (uint8_t)wire_be(w, 1);
}

static inline uint16_t wire_u16(struct wire *w)
{
	return (uint16_t)wire_be(w, 2);
}

static inline uint32_t wire_u32(struct wire *w)
{
	return (uint32_t)wire_be(w, 4);
}

static inline uint64_t wire_u64(struct wire *w)
{
	return wire_be(w, 8);
}

static inline int16_t wire_i16(struct wire *w)
{
	return (int16_t)wire_u16(w);
}

static inline int32_t wire_i32(struct wire *w)
{
	return (int32_t)wire_u32(w);
}
