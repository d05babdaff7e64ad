/*
 * audit_list - GET /v1/audit: what happened to the caller's account, newest first, page by page
 *
 * Thread: any.
 */
#pragma once

#include "web/web.h"

#include <bson/bson.h>

/* {"time","event", and what is known of "address", "agent", "who", "name", "session", "device", "grant", "link", "token"}; NULL when
 * the document is no event or memory is out. */
json_t *audit_event_json(const bson_t *doc);

void audit_list_handle(struct web_request *q, void *owner);
