/*
 * pet - the animal that wears a device: from JSON, to BSON, and back
 *
 * { name, species, breed, sex: "female|male|unknown", birth: "YYYY-MM-DD", weight_kg }: the same members in both. Each may be
 * absent; null says so too.
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"

#include <bson/bson.h>
#include <stdint.h>

/* Checks every member that is there. @today_ms: no birth is later. Unknown members are passed over. */
bool pet_check(const json_t *pet, int64_t today_ms, struct check_fault *ret);

/* Whether @birth is a day that exists, from 1900 to the UTC day of @today_ms (and one more, for who is east of it). */
bool pet_birth(const char *birth, int64_t today_ms);

/* Appends a checked pet to @doc, as "pet". */
void pet_write(const json_t *pet, bson_t *doc);

/* The pet of a device's document as JSON, null when it has none; NULL when memory is out. */
json_t *pet_json(const bson_t *device);
