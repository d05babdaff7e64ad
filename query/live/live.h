/*
 * live - the role live of pettrack-query: positions pushed over WebSockets (proto/asyncapi.yaml)
 *
 * One thread reads the topic, all partitions of it, decodes each record once and writes its JSON once. Event loops get
 * references, in batches, find who watches the device, and queue them for each client. What blocks (signatures, auth,
 * MongoDB) is done by a few workers.
 *
 * Thread: main's.
 */
#pragma once

#include "bus/topics.h"
#include "query/access/access.h"
#include "query/access/keys.h"
#include "query/live/queue.h"
#include "query/live/ring.h"
#include "base/network.h"
#include "service/dependency.h"
#include "store/store.h"

struct guesses;
struct live;

struct live_options {
	const char *address;
	uint16_t port; /* 0: any free one */
	const char *origins; /* allowed Origin headers, comma-separated; NULL: any */
	int64_t loops, workers; /* threads */
	int64_t connections_max, connections_per_address, connections_per_user;
	struct networks trusted_proxies; /* which tell whose a connection is */
	int64_t subscriptions_max; /* devices of one connection */
	int64_t message_max; /* bytes */
	int64_t message_rate; /* messages a second, over a few seconds */
	int64_t auth_timeout_ms, ping_ms;
	int64_t expiring_ms; /* how long before its token ends a client is told */
	int64_t linger_ms; /* how long a record waits for others, so that loops are woken less often */
	int64_t frame_max; /* bytes of positions in one frame, about */
	int64_t queue_updates, queue_bytes; /* of one client, before it is conflated */
	int64_t slow_ms, slow_bytes; /* a queue is never empty for so long, or is so large: closed */
	struct ring_options ring;
	/* All borrowed until live_close(). */
	const struct bus_config *kafka;
	const struct bus_topics *topics;
	struct store *store;
	struct keys *keys;
	struct access *access;
	struct guesses *guesses; /* at personal access tokens; NULL: any number */
	struct dependency *kafka_there; /* told whether the topic is followed */
};

/* Listens; whoever subscribes before Kafka is there waits. 0 or -errno. */
MUST_CHECK int live_open(struct live **ret, const struct live_options *o);
uint16_t live_port(const struct live *l);
/* Sends what is queued, closes all with 1001, frees. Accepts NULL. */
void live_close(struct live *l);
