/*
 * optional - the members of a device that it need not have: pet, retention_days, rules
 *
 * Thread: any.
 */
#pragma once

#include "web/web.h"

#include <bson/bson.h>

/* Whether those that @body has are as they must be, or null; else answers 422. */
bool optional_check(struct web_request *q, const json_t *body);

/* Whether @body has any of them. */
bool optional_any(const json_t *body);

/* Adds the names of those that @body has to the list @out: "name" becomes "name, pet, rules". */
void optional_names(const json_t *body, char *out, size_t size);

/* Appends those that a checked @body has to @set, and those that are null there to @unset, which may be NULL. */
void optional_write(const json_t *body, bson_t *set, bson_t *unset);

/* Appends all of them to @unset. */
void optional_unset(bson_t *unset);

/* Adds all of them to @shown, null where the document has none. 0 or -ENOMEM. */
MUST_CHECK int optional_show(const bson_t *device, json_t *shown);
