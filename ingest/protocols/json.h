/*
 * json - reads JSON (RFC 8259) straight from bytes, without building a tree
 *
 *     struct json j = json_over(body);
 *     struct slice name;
 *     for (json_object(&j); json_member(&j, &name);) {
 *             if (slice_is(name, "lat"))
 *                     lat = json_number(&j);
 *             else
 *                     json_skip(&j);
 *     }
 *     if (!json_done(&j))
 *             ...
 *
 * As with wire.h an error sticks: after it every call returns nothing, so that a reader asks json_done() once, at the end. A
 * member's value must be read, by one of the calls below or by json_skip(), before the next member.
 */
#pragma once

#include "base/arena.h"
#include "ingest/protocols/slice.h"

#include <stdint.h>

enum { JSON_DEPTH_MAX = 32 };

struct json {
	const char *at, *end;
	bool fresh; /* an object or array was entered, and no member read yet */
	bool bad;
};

enum json_type {
	JSON_NOTHING = 0, /* the end, or an error */
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
};

struct json json_over(struct slice text);

/* Of the next value, which is not read yet. */
enum json_type json_type(struct json *j);

/* Enters the object (array) that is next; bad when something else is. */
void json_object(struct json *j);
void json_array(struct json *j);

/* Goes to the next member (element); false at the end, which is then passed. @ret_name is as written, without its quotes:
 * a name that needs an escape matches nothing. */
bool json_member(struct json *j, struct slice *ret_name);
bool json_element(struct json *j);

/* The next value. A value of another type is skipped and gives s = NULL, false, NULL. */
struct slice json_number(struct json *j);
bool json_bool(struct json *j, bool *ret);
/* NUL-terminated in @arena, without escapes; NULL also when the arena is full (then @j is bad). */
const char *json_string(struct json *j, struct arena *arena);

/* Passes over the next value, whatever it is. */
void json_skip(struct json *j);

/* Whether everything was read, without error, and nothing but blanks is left. */
bool json_done(struct json *j);
