/*
 * stats - what matters here of librdkafka's statistics (its STATISTICS.md); internal to lib/bus
 *
 * The library says when it loses the cluster but not when it is back, and keeps the lag of each partition: both are
 * read from the JSON text it makes once a second, without a parser, since only a few fields of it count.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kafka_stats {
	bool connected; /* at least one broker is */
	int64_t waiting; /* requests that brokers have not answered yet */
	int64_t answers; /* of theirs, since the connections were first made */
	int32_t partitions; /* highest partition of any topic, plus 1; 0: no topic yet */
	int64_t lag; /* of the partitions being read; -1 when not all are known */
};

struct kafka_stats kafka_stats_read(const char *json);
