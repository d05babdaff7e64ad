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

enum { KAFKA_WHY_SIZE = 320 };

/* What the library tells between records. First member of whoever polls: its address is librdkafka's opaque. */
struct kafka_state {
	atomic_bool up; /* at the start too: whoever opens a connection has just seen the cluster */
	atomic_bool missing; /* a topic or partition in use was not there any more, once */
	atomic_int partitions; /* of the topics in use, the most that any has; 0: not known yet */
	_Atomic(int64_t) lag; /* see bus_lag() */
	pthread_mutex_t lock; /* guards the next */
	char why[KAFKA_WHY_SIZE]; /* the last fault told; "" since all is well */

	/* the polling thread's own; times by clock_mono_ms() */
	int64_t opened_ms;
	bool met; /* a broker was connected once */
	int absent; /* statistics in a row without a broker */
	int64_t answers; /* so many had come */
	int64_t heard_ms; /* when one came, or none was waited for */
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

/* Remembers the text for bus_last_error(), cut to what fits, and returns @r. */
int kafka_fail(int r, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether the cluster answers; if not, why is remembered for bus_last_error(). Any thread. */
bool kafka_is_up(struct kafka_state *s);
/* After a call that got no answer: the same from events that wait, which are served. The polling thread's. */
void kafka_explain(rd_kafka_t *rk, struct kafka_state *s);

/* Milliseconds until @deadline_ms of clock_mono_ms(), at least 0. */
int kafka_left_ms(int64_t deadline_ms);
