/*
 * counts - how many there are of each: connections of a user, of an address; over all loops
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"

struct counts;

MUST_CHECK int counts_open(struct counts **ret);
void counts_close(struct counts *c); /* accepts NULL */

/* One more of @key, unless there are @max. Whether there is room (and memory). */
bool counts_enter(struct counts *c, const struct uuid *key, int64_t max);
/* One less; for each that was let in. */
void counts_leave(struct counts *c, const struct uuid *key);

/* The key of a numeric address. Of IPv6 it is the /64: that is what one customer gets. */
struct uuid address_as_key(const char *address);
