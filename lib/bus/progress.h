/*
 * progress - how far a group of consumers has got with a topic, for whoever is not in that group
 *
 * A call connects, asks and leaves, and joins nothing: for questions that are seldom.
 * Thread: any.
 */
#pragma once

#include "bus/bus.h"

/* One offset for each partition of a topic. */
struct bus_offsets {
	int64_t *at;
	int32_t n;
};

/* Appends the next partition's. 0 or -ENOMEM. */
MUST_CHECK int bus_offsets_add(struct bus_offsets *o, int64_t offset);
void bus_offsets_free(struct bus_offsets *o);

/* Whether @done has reached every offset of @until. Partitions that @until does not know have no say. */
bool bus_offsets_passed(const struct bus_offsets *done, const struct bus_offsets *until);

/* How far @group has got with @topic: the offset of the first record of each partition that it has not committed (0: it has
 * committed none), and where the partitions end, which is the offset that the next record gets. Either may be NULL. 0 and
 * the caller's to free, BUS_E_RETRY, BUS_E_MISSING or -errno. Needs the right to describe both. */
MUST_CHECK int bus_group_progress(const struct bus_config *c, const char *group, const char *topic, int timeout_ms,
	struct bus_offsets *ret_done, struct bus_offsets *ret_ends);
