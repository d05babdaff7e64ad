/*
 * lane - one event loop with what its connections need: listeners or a broker, a producer, scratch memory
 *
 * The gateway runs several lanes, each on a thread of its own, that listen on the same ports. Only the caches of devices and
 * friends, the list of strangers and the metrics are shared.
 *
 * Thread: lane_open(), lane_open_broker() and lane_close() from main; lane_looked_up(), lane_drain() and lane_up() from any.
 */
#pragma once

#include "bus/bus.h"
#include "ingest/gateway/devices.h"
#include "ingest/gateway/friends.h"
#include "ingest/gateway/stats.h"
#include "ingest/gateway/strangers.h"

#include <stdatomic.h>

struct lane;
struct mqtt_options;

/* One protocol on its port. */
struct port {
	const struct protocol *protocol;
	uint16_t number; /* 0: any free one, which the first lane sets for the others */
	int64_t idle_ms;
	struct protocol_limits limits;
	struct stats stats;
};

/* What all lanes have in common. Outlives them. */
struct lane_options {
	const char *address;
	struct port *ports;
	size_t ports_n;
	int64_t backlog;
	int64_t connections_max; /* of all lanes */
	int64_t connections_per_address; /* on one port of one lane */
	int64_t write_max;
	int64_t datagrams_max; /* of this lane, on their way */
	int64_t datagrams_per_address; /* of those; 0: no bound */
	int64_t datagram_buffer; /* bytes of them that the kernel keeps for one port of one lane; 0: its default */
	int64_t queue_max; /* records of this lane not yet in Kafka */
	int64_t linger_ms, delivery_timeout_ms;
	int64_t drain_ms;
	int64_t future_max_ms, rollover_ms; /* as device_clock_bounds */
	struct filters filters; /* of devices whose rules say nothing else */
	struct devices *devices;
	struct strangers *strangers; /* NULL: nobody wants to know of them */
	struct friends *friends; /* NULL: trackers are not told of their owner's other pets */
	const struct bus_config *kafka;
	const char *positions_topic;
	atomic_bool topics_there;
	atomic_llong connections; /* of all lanes */
};

/* Listens and runs. @number: 0, 1... 0 or -errno. */
MUST_CHECK int lane_open(struct lane **ret, struct lane_options *o, int number);

/* One that subscribes at @broker (borrowed, outlives it) and does not listen: what its connection does that blocks is felt by no
 * other. */
MUST_CHECK int lane_open_broker(struct lane **ret, struct lane_options *o, const struct mqtt_options *broker);

/* Look-ups up to @ticket are settled. */
void lane_looked_up(struct lane *l, uint64_t ticket);

/* Accepts nothing more, answers what is in flight, closes its connections, and ends; not later than after drain_ms. */
void lane_drain(struct lane *l);

/* Whether its producer reaches Kafka; where not, why is in bus_last_error(). */
bool lane_up(const struct lane *l);

/* Waits for the end that lane_drain() has begun, flushes, frees. Accepts NULL. Returns how many records were lost (none of them
 * acknowledged). */
size_t lane_close(struct lane *l);
