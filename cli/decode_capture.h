/*
 * decode_capture - the bytes that a line of a capture stands for
 *
 *   hex    two digits a byte, blanks between them as one likes
 *   text   the bytes as they are, but for \r \n \t \0 \\ and \xNN; any other backslash is one
 *   http   {"method", "uri", "headers": {name: value}, "body"} with any of them left out: the request that it describes. The
 *          method is then POST where there is a body, else GET. A header's value may be a list: one line each. Content-Length
 *          is that of the body, whatever the headers say, and nothing comes in chunks.
 *
 * Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum decode_form { DECODE_HEX, DECODE_TEXT, DECODE_HTTP };

/* The bytes of a line; the caller's memory. */
struct decode_bytes {
	uint8_t *at;
	size_t n, room;
};

/* What @room a line of @line_max bytes needs, whatever its form, with some for what ends a frame of text. */
size_t decode_capture_room(size_t line_max);

/* Reads @line of @n bytes into @ret. NULL, or why it cannot: "bad_hex", "bad_json", "line_too_long" (with what belongs to a
 * request and was not said). */
const char *decode_capture_read(struct decode_bytes *ret, enum decode_form form, const char *line, size_t n);
