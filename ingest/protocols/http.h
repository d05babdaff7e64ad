/*
 * http - requests of HTTP/1.0 and 1.1 cut out of a stream, and answers to them (RFC 9112)
 *
 * Pure functions for trackers' HTTP: no routing, no content negotiation. Strict where two readers could disagree on where a
 * request ends (request smuggling): CR LF only, no folded headers, no blank before a colon, Content-Length once and
 * without Transfer-Encoding, "chunked" as the only coding. A missing Host is let pass: trackers forget it, and nothing
 * here depends on it.
 */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/slice.h"

enum { HTTP_HEAD_MAX = 256 }; /* bytes of what stands around an answer's body */

struct http_request {
	struct slice method, path, query; /* as sent, still escaped; query is empty when there is none */
	struct slice content_type, authorization, device_secret; /* s = NULL: no such header */
	struct slice user, device; /* X-Limit-U, X-Limit-D: OwnTracks names itself so */
	size_t content_length;
	bool has_length, chunked;
	bool keep_alive;
	bool expects_continue;
	bool http10;
};

/* Reads the request line and the headers. Their length with the empty line, PROTOCOL_MORE or -enum protocol_reason. *ret
 * points into @buf. A body that is announced beyond the limits is refused here already. */
ssize_t http_head(const uint8_t *buf, size_t len, const struct protocol_limits *limits, struct http_request *ret);

/* struct protocol's frame() and interim() for any protocol over HTTP. */
ssize_t http_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits);
size_t http_interim(const uint8_t *buf, size_t len, const struct protocol_limits *limits, uint8_t *out);

/* A request that http_frame() has found whole, and its body, in @arena where it came in chunks. 0 or enum
 * protocol_reason. @note is set for http_answer() in both cases. */
MUST_CHECK int http_read(struct http_request *ret, struct slice *ret_body, const uint8_t *frame, size_t len,
	struct arena *arena, struct protocol_note *note);

/* Reads what a request says, into @result. 0 or enum protocol_reason; @result's note may be added to in both cases. */
typedef int http_reader(const struct http_request *http, struct slice body, struct protocol_scratch *scratch,
	struct protocol_result *result);

/* struct protocol's decode() of a request that http_frame() has found whole: http_read(), then @read; what it found are the
 * note's records. */
MUST_CHECK int http_decode(http_reader *read, const uint8_t *frame, size_t len, struct protocol_scratch *scratch,
	struct protocol_result *ret);

/* The device's secret from Authorization (Bearer, or the password of Basic) or X-Device-Secret. NULL: none, or one that cannot
 * be read. In @arena. */
const char *http_secret(const struct http_request *q, struct arena *arena);

/* One name=value pair of a query or form, cut from the front of @rest; false at the end. Both are still escaped. */
bool http_pair(struct slice *rest, struct slice *ret_name, struct slice *ret_value);

/* Undoes the escapes of @raw, in @arena where there are any. 0 or REASON_BAD_VALUE. */
MUST_CHECK int http_unescape(struct slice *ret, struct slice raw, struct arena *arena);

/* An answer with an empty body, or the reason as text. @status is the caller's; a @note that is all zero (the request was
 * never understood) closes the connection. */
struct protocol_answer http_answer(
	const struct protocol_note *note, int status, enum protocol_reason reason, int64_t now_ms, uint8_t *out);

/* The same with status 200 and a body that is JSON, no longer than fits beside the headers. */
struct protocol_answer http_answer_json(
	const struct protocol_note *note, const char *json, int64_t now_ms, uint8_t *out);
/* The same into @out of @size bytes: HTTP_HEAD_MAX more than @json has. */
struct protocol_answer http_answer_long_json(
	const struct protocol_note *note, const char *json, int64_t now_ms, uint8_t *out, size_t size);

/* The status for @reason (0: 200). */
int http_status(enum protocol_reason reason);
