/*
 * progress - how far a group of consumers has got with a topic, for whoever is not in that group
 *
 * Each call connects, asks and leaves: for questions that are seldom.
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

/* Where each partition of @topic ends: the offset that the next record gets. 0 and *ret the caller's, BUS_E_RETRY,
 * BUS_E_MISSING or -errno. */
MUST_CHECK int bus_topic_ends(const struct bus_config *c, const char *topic, int timeout_ms, struct bus_offsets *ret);

/* What @group has committed: the offset of the first record of each partition that it has not done; 0 where it has none. The
 * same results. */
MUST_CHECK int bus_group_offsets(
	const struct bus_config *c, const char *group, const char *topic, int timeout_ms, struct bus_offsets *ret);
