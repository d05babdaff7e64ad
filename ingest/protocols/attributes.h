/*
 * attributes - gathers the attributes of one position while its frame is read
 *
 * A name occurs once: setting it again replaces the value. What goes beyond POSITION_ATTRIBUTES_MAX, or beyond the bounds
 * of a name or a text, is dropped, and so is a real that is not finite: the fix is worth more than the extra.
 */
#pragma once

#include "base/arena.h"
#include "base/position.h"

struct attributes {
	struct attribute at[POSITION_ATTRIBUTES_MAX];
	size_t n;
};

static inline void attributes_begin(struct attributes *a)
{
	a->n = 0;
}

/* @name and @text must live as long as the position: constants, or from the scratch's arena. */
void attribute_bool(struct attributes *a, const char *name, bool v);
void attribute_int(struct attributes *a, const char *name, int64_t v);
void attribute_real(struct attributes *a, const char *name, double v);
void attribute_text(struct attributes *a, const char *name, const char *text);

/* Hands what was gathered to @p, in memory of @arena. False when the arena is full. */
bool attributes_end(const struct attributes *a, struct position *p, struct arena *arena);
