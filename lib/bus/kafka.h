/*
 * kafka - what every connection to Kafka has in common: settings, errors, whether it is up; internal to lib/bus
 *
 * Thread: the callbacks that fill struct kafka_state run on the thread that polls; its fields are read from any.
 */
#pragma once

#include "bus/bus.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

/* What the library tells between records. First member of whoever polls: its address is librdkafka's opaque. */
struct kafka_state {
	atomic_bool up;
	atomic_bool missing; /* a topic or partition in use was not there any more, once */
	atomic_int partitions; /* of the topics in use, the most that any has; 0: not known yet */
	_Atomic(int64_t) lag; /* see bus_lag() */
	pthread_mutex_t lock; /* guards the next */
	struct bus_why why; /* the last fault told; "" since all is well */
};

/* A configuration under construction. The first fault sticks: ask once, at kafka_open(). */
struct kafka_setup {
	rd_kafka_conf_t *conf;
	int r;
};

/* What holds for all; @state (zeroed) is to be the polling thread's, and outlive the last poll. */
struct kafka_setup kafka_setup(const struct bus_config *c, struct kafka_state *state);
void kafka_set(struct kafka_setup *s, const char *name, const char *value); /* NULL: the library's default */
void kafka_set_int(struct kafka_setup *s, const char *name, int64_t value);

/* Starts the library's threads; they connect by themselves. Consumes @s. 0, -EINVAL for a setting it does not take, -ENOMEM. */
MUST_CHECK int kafka_open(rd_kafka_t **ret, struct kafka_setup *s, rd_kafka_type_t type);

/* Frees @rk, or leaves it behind with its threads: librdkafka 2.0.2 waits for ever once a partition it used has been removed
 * from the cluster, since that partition keeps a reference to its broker. Accepts NULL. */
void kafka_close(rd_kafka_t *rk);

/* The library's error as ours: 0, enum bus_result, or -errno for what trying again does not mend. */
MUST_CHECK int kafka_result(rd_kafka_resp_err_t err);

/* The record in @m, which it owns from now on, or the error it stands for: 0, enum bus_result or -errno. NULL: BUS_E_NONE. */
MUST_CHECK int kafka_take(rd_kafka_message_t *m, struct bus_record *ret);

/* Partitions of @topic as the cluster has it now. 0, BUS_E_MISSING, BUS_E_RETRY or -errno. */
MUST_CHECK int kafka_count_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms, int32_t *ret);

/* Says so; what does not fit is cut. */
void kafka_say(struct bus_why *why, const char *format, ...) PRINTF_LIKE(2, 3);

/* Why the cluster does not answer, as far as it is known. Any thread. */
void kafka_why(struct kafka_state *s, struct bus_why *ret);

/* Milliseconds until @deadline_ms of clock_mono_ms(), at least 0. */
int kafka_left_ms(int64_t deadline_ms);
