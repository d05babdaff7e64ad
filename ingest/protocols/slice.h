/* slice - a piece of somebody else's text, not NUL-terminated */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
	const char *s; /* borrowed */
	size_t n;
};

static inline struct slice slice_of(const char *s, size_t n)
{
	return (struct slice){ .s = s, .n = n };
}

static inline bool slice_is(struct slice a, const char *text)
{
	return a.n == strlen(text) && memcmp(a.s, text, a.n) == 0;
}

/* Without regard to the case of ASCII letters. */
static inline bool slice_is_nocase(struct slice a, const char *text)
{
	return a.n == strlen(text) && strncasecmp(a.s, text, a.n) == 0;
}

/* Cuts @a at the first @c: returns what was before it, leaves what is after (all and nothing when there is none). */
static inline struct slice slice_cut(struct slice *a, char c)
{
	struct slice before = *a;

	if (a->n == 0)
		return before;
	const char *at = memchr(a->s, c, a->n);
	if (at)
		before.n = (size_t)(at - a->s);
	a->s += before.n + (at != NULL);
	a->n -= before.n + (at != NULL);
	return before;
}

/* Without blanks and tabs at both ends. */
static inline struct slice slice_trim(struct slice a)
{
	for (; a.n && (*a.s == ' ' || *a.s == '\t'); a.s++)
		a.n--;
	while (a.n && (a.s[a.n - 1] == ' ' || a.s[a.n - 1] == '\t'))
		a.n--;
	return a;
}
