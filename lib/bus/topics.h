/*
 * topics - Pettrack's topics: what they are called, how they are made, and whether they are there
 *
 *     static struct bus_topics topics;
 *     static const struct setting settings[] = { BUS_TOPIC_SETTINGS(topics), { 0 } };
 *     r = bus_topics_ensure(&kafka, &topics, (const char *const[]){ BUS_TOPIC_POSITIONS, NULL }, 5000);
 *
 * Every program makes what it needs, all the same way, so that it does not matter which comes first. One that is there
 * is left as it is. Made are: as many partitions and replicas as the settings say; min.insync.replicas 2 where there are
 * three replicas or more, so that with acks=all a record is on two brokers before it counts, and one broker may be away
 * (with fewer replicas a second one in sync would cost more than it gives: the broker's default stays); `access` and
 * `devices` compacted; positions.dead kept for 30 days; `positions` for as long as the broker keeps by itself.
 */
#pragma once

#include "bus/bus.h"

/* Names without the prefix. */
#define BUS_TOPIC_POSITIONS "positions"
#define BUS_TOPIC_DEAD "positions.dead"
#define BUS_TOPIC_ACCESS "access"
#define BUS_TOPIC_DEVICES "devices"

enum { BUS_TOPIC_SIZE = 250 }; /* of a whole name: Kafka's limit, and the NUL */

struct bus_topics {
	const char *prefix; /* before every name; NULL: none */
	int64_t partitions, replication; /* of those that are made */
	bool create; /* else they are only waited for */
	void (*made)(const char *kind, const char *name); /* told what was made; may be NULL */
};

/* The whole name. */
void bus_topic_name(char out[static BUS_TOPIC_SIZE], const struct bus_topics *t, const char *name);

/* Sees to it that the topics called @names (NULL-terminated, without the prefix) are there. 0; BUS_E_MISSING: one is not,
 * and may not be made by this program; BUS_E_RETRY; or -errno. */
MUST_CHECK int bus_topics_ensure(
	const struct bus_config *c, const struct bus_topics *t, const char *const *names, int timeout_ms);

/* The same as a step of prepare (service/prepare.h), whose owner is a struct bus_needs. */
struct bus_needs {
	const struct bus_config *kafka;
	const struct bus_topics *topics;
	const char *const *names;
};
MUST_CHECK int bus_prepare(void *needs, const char **ret_why);
