/*
 * device_set - which devices: a sorted list of ids that never changes, and how much of them may be shown
 *
 * Thread: any; counted references, so that a set may be held while the cache replaces it.
 */
#pragma once

#include "base/uuid.h"
#include "query/access/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct device_set {
	atomic_uint refs;
	struct limits limits; /* of all of them; set before the set is shared */
	size_t n;
	struct uuid ids[]; /* ascending, none twice */
};

/* A set of @n ids (copied, in any order, duplicates dropped) with one reference, not limited. NULL when memory is out. */
struct device_set *device_set_new(const struct uuid *ids, size_t n);
/* @s, with one more reference. */
struct device_set *device_set_ref(struct device_set *s);
void device_set_unref(struct device_set *s); /* accepts NULL */

bool device_set_has(const struct device_set *s, const struct uuid *id);
