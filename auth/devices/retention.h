/*
 * retention - how long a device's history is kept
 *
 * Auth only remembers it: `pettrack retention` asks and deletes. In a device's document `retention_days`, absent where
 * the installation's own limit counts.
 * Thread: any.
 */
#pragma once

#include "web/web.h"

#include <bson/bson.h>

enum { RETENTION_DAYS_MAX = 3650 };

/* Whether @value is null or 1 to RETENTION_DAYS_MAX; else says so to @q. */
bool retention_check(struct web_request *q, const json_t *value);

/* Appends a checked one that is not null to @doc. */
void retention_write(const json_t *value, bson_t *doc);

/* The one of a device's document, or null. NULL when memory is out. */
json_t *retention_json(const bson_t *device);
