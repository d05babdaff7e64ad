/*
 * retention - how long a device's history is kept
 *
 * Auth only remembers it: `pettrack retention` asks and deletes. In a device's document `retention_days`, absent where
 * the installation's own limit counts.
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"

#include <bson/bson.h>

enum { RETENTION_DAYS_MAX = 3650 };

/* Whether @value is 1 to RETENTION_DAYS_MAX. */
bool retention_check(const json_t *value, struct check_fault *ret);

/* Appends a checked one to @doc. */
void retention_write(const json_t *value, bson_t *doc);

/* The one of a device's document, or null. NULL when memory is out. */
json_t *retention_json(const bson_t *device);
