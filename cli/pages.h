/*
 * pages - a list of auth's for modules, which comes page by page: {"devices": [...], "next": cursor or null}
 *
 * Thread: one.
 */
#pragma once

#include "client/client.h"

/* Gives the list of each page of @path to @add, which borrows it. A page is asked for again while auth does not answer, for
 * @timeout_ms. 0; enum client_result, why: client_last_error(); -EPROTO for an answer that is no page; or what @add
 * returned, which ends it. */
MUST_CHECK int pages_read(struct client *auth, const char *path, int64_t timeout_ms,
	int (*add)(void *owner, const json_t *devices), void *owner);
