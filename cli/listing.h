/*
 * listing - a list of auth's that comes page by page, as the user asks for it
 *
 * Thread: the session's.
 */
#pragma once

#include "cli/session.h"

/* All of @path ("/v1/grants?side=given"), whose pages are {@member: [...], "next": cursor or null}, as an array: the caller's to
 * json_decref(). Results are session.h's. */
MUST_CHECK int listing_read(struct session *s, const char *path, const char *member, json_t **ret_array);
