/* cluster - librdkafka's mock cluster: one broker in this process, over real sockets */
#pragma once

#include "bus/bus.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { API_PRODUCE = 0, API_FETCH = 1, API_OFFSET_COMMIT = 8, API_HEARTBEAT = 12, API_SYNC_GROUP = 14 };

struct cluster {
	rd_kafka_t *rk; /* the mock's own needs */
	rd_kafka_mock_cluster_t *mock;
	struct bus_config config; /* how to reach it */
};

/* The cluster of this test, with a topic "t" of @partitions. Check runs each test in a process of its own. */
struct cluster *cluster_open(int partitions);
void cluster_close(struct cluster *c);

/* A producer that reports nowhere, with small linger. Fails the test when it cannot be made. */
struct bus_producer *cluster_producer(struct cluster *c);

/* Sends "0", "1"... up to @n - 1 with the key @key to "t", and waits until all are there. */
void cluster_fill(struct cluster *c, const char *key, int n);

/* The number that a record of cluster_fill() carries. */
long record_number(const struct bus_record *r);
