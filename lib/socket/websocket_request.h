/*
 * websocket_request - the HTTP request that opens a WebSocket (RFC 6455 section 4.2.1); internal to lib/socket
 *
 * It is read here, and libwebsockets gets a short one made from it: version 4.1 copies Sec-WebSocket-Protocol into 128
 * bytes and drops the connection when a bearer token does not fit, and it refuses without an answer.
 *
 * Thread: any. No I/O, no allocation.
 */
#pragma once

#include "base/err.h"
#include "base/forwarded.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes within somebody else's buffer. */
struct slice {
	const char *at;
	size_t n;
};

struct ws_request {
	struct slice path; /* without the query */
	struct slice key, protocols, origin; /* @at is NULL where the header is absent */
	struct forwarded_lines x_forwarded_for, forwarded;
};

/* The values from 400 on are what to answer with. */
enum ws_request_result {
	WS_REQUEST_MORE = 1, /* the head is not complete */
	WS_REQUEST_BAD = 400,
	WS_REQUEST_METHOD = 405, /* not GET */
	WS_REQUEST_UPGRADE = 426, /* HTTP, but no WebSocket of version 13 */
};

/* Reads the head of a request from @bytes. 0, *ret (pointing into @bytes) and *ret_used, the head's length; or enum
 * ws_request_result. */
MUST_CHECK int ws_request_read(const char *bytes, size_t n, size_t *ret_used, struct ws_request *ret);

/* Whether @word is an element of the comma-separated @list. */
bool slice_lists(struct slice list, const char *word, bool ignore_case);
