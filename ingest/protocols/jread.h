/*
 * jread - reads JSON (RFC 8259) straight from bytes, without building a tree
 *
 *     struct jread j = jread_over(body);
 *     struct slice name;
 *     for (jread_object(&j); jread_member(&j, &name);) {
 *             if (slice_is(name, "lat"))
 *                     lat = jread_number(&j);
 *             else
 *                     jread_skip(&j);
 *     }
 *     if (!jread_done(&j))
 *             ...
 *
 * As with wire.h an error sticks: after it every call returns nothing, so that a reader asks jread_done() once, at the end. A
 * member's value must be read, by one of the calls below or by jread_skip(), before the next member.
 */
#pragma once

#include "base/arena.h"
#include "ingest/protocols/slice.h"

#include <stdint.h>

enum { JREAD_DEPTH_MAX = 32 };

struct jread {
	const char *at, *end;
	bool fresh; /* an object or array was entered, and no member read yet */
	bool bad;
};

enum jread_type {
	JREAD_NOTHING = 0, /* the end, or an error */
	JREAD_OBJECT,
	JREAD_ARRAY,
	JREAD_STRING,
	JREAD_NUMBER,
	JREAD_BOOL,
	JREAD_NULL,
};

struct jread jread_over(struct slice text);

/* Of the next value, which is not read yet. */
enum jread_type jread_type(struct jread *j);

/* Enters the object (array) that is next; bad when something else is. */
void jread_object(struct jread *j);
void jread_array(struct jread *j);

/* Goes to the next member (element); false at the end, which is then passed. @ret_name is as written, without its quotes:
 * a name that needs an escape matches nothing. */
bool jread_member(struct jread *j, struct slice *ret_name);
bool jread_element(struct jread *j);

/* The next value. A value of another type is skipped and gives s = NULL, false, NULL. */
struct slice jread_number(struct jread *j);
bool jread_bool(struct jread *j, bool *ret);
/* NUL-terminated in @arena, without escapes; NULL also when the arena is full (then @j is bad). */
const char *jread_string(struct jread *j, struct arena *arena);

/* Passes over the next value, whatever it is. */
void jread_skip(struct jread *j);

/* Whether everything was read, without error, and nothing but blanks is left. */
bool jread_done(struct jread *j);
