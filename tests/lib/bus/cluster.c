#include "tests/lib/bus/cluster.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cluster *cluster_open(int partitions)
{
	static struct cluster c;
	char why[256];

	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL); /* it misses brokers, which it does not need */
	c.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	ck_assert_ptr_nonnull(c.rk);
	c.mock = rd_kafka_mock_cluster_new(c.rk, 1);
	ck_assert_ptr_nonnull(c.mock);
	ck_assert_int_eq(rd_kafka_mock_topic_create(c.mock, "t", partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	c.config = (struct bus_config){ .brokers = rd_kafka_mock_cluster_bootstraps(c.mock), .client = "test" };
	return &c;
}

void cluster_close(struct cluster *c)
{
	rd_kafka_mock_cluster_destroy(c->mock);
	rd_kafka_destroy(c->rk);
}

struct bus_producer *cluster_producer(struct cluster *c)
{
	struct bus_producer *p;

	ck_assert_int_eq(
		bus_producer_open(&p, &c->config, &(struct bus_producer_options){ .linger_ms = 1, .queue_max = 10000 }),
		0);
	return p;
}

void cluster_fill(struct cluster *c, const char *key, int n)
{
	struct bus_producer *p = cluster_producer(c);
	char value[16];

	for (int i = 0; i < n; i++) {
		int len = snprintf(value, sizeof(value), "%d", i);
		ck_assert_int_eq(bus_send(p, "t", key, strlen(key), value, (size_t)len, NULL, NULL), 0);
	}
	ck_assert_uint_eq(bus_producer_close(p, 10000), 0);
}

long record_number(const struct bus_record *r)
{
	char text[16] = "";

	ck_assert_uint_lt(r->value_len, sizeof(text));
	memcpy(text, r->value, r->value_len);
	return strtol(text, NULL, 10);
}
