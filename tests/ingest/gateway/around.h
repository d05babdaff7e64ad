/*
 * around - the gateway around a lane: Kafka is librdkafka's mock cluster, and a thread in the place of lookup.c knows cat, dog, and
 * every IMEI that does not begin with 99. A device's id begins with its identifier; its secret is SECRET.
 */
#pragma once

#include "ingest/gateway/lane.h"
#include "tests/lib/bus/cluster.h"

#include <stdatomic.h>

enum {
	AROUND_PORTS_MAX = 4,
	BROKER = 1,
	DELIVERY_MS = 1500,
	FUTURE_MS = 86400000,
};

#define SECRET "s3cret"

struct around {
	struct cluster *cluster;
	struct port ports[AROUND_PORTS_MAX];
	struct lane_options options; /* a test may change them before it starts */
	const struct mqtt_options *broker; /* a test may set it before it starts: the lane is that broker's */
	struct lane *lane;
	atomic_bool auth_away;
	atomic_bool auth_slow; /* nothing is said as long as it is */
};

extern struct around around; /* Check forks: each test has its own */
/* Every device's; a test may change them before it starts. */
extern struct uuid around_owner;
extern struct rules around_rules;

/* Fixtures of each test. @spoken: NULL-terminated; around.ports are in its order, at 127.0.0.1. */
void around_open(const struct protocol *const *spoken);
void around_close(void);

void around_start(void);
/* Drains the lane and ends it. Returns how many records were lost. */
size_t around_stop(void);
/* The same for one that is drained already. */
size_t around_end(void);

/* How many frames at around.ports[@port] were refused for @why. */
double around_refused(int port, enum protocol_reason why);

/* What is in Kafka. */
struct stored {
	size_t n;
	int64_t first_ms; /* the time of the first */
	size_t not_later; /* how many are not of a later time than the one before */
	struct position last;
	char attributes[256]; /* "name name " of the last */
	char texts[256]; /* of its texts, the same way */
};

struct stored around_stored(void);
