/*
 * rules - what a device may do and how its reports are read: from JSON, to BSON, and back
 *
 * { clock_offset_s, protocols: [name], networks: [CIDR], filters: { invalid, zero_island: bool, accuracy_max_m,
 * speed_max_mps, distance_min_m, period_min_s: number } }: the same members in both, with the units in their names. Each
 * may be absent; null says so too. Auth only remembers them: the gateway is told with the answer to a look-up, and holds
 * the device to them.
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"

#include <bson/bson.h>

enum { PROTOCOL_NAME_MAX = 32 };

/* [a-z0-9-]{1,32}: what the gateway calls a protocol. Whether there is one is the gateway's to know. */
bool protocol_name_good(const json_t *name);

/* Checks every member that is there. Unknown members are refused: a rule that is misspelt would permit what it was to
 * forbid. */
bool rules_check(const json_t *rules, struct check_fault *ret);

/* Appends checked rules to @doc, as "rules". */
void rules_write(const json_t *rules, bson_t *doc);

/* The rules of a device's document as JSON, null when it has none; NULL when memory is out. */
json_t *rules_json(const bson_t *device);
