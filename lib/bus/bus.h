/*
 * bus - records to and from Kafka
 *
 * The only folder that includes rdkafka.h. Three users: the producer (with delivery reports), the consumer (a group,
 * offsets stored by hand) and the reader (every partition, no group, any offset).
 *
 * Settings that hold always: acks=all, idempotent producer, murmur2_random partitioner (the Java client's), no
 * automatic offset store. Security (bus_config.security, SASL, CA) is passed on to librdkafka.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus_config {
	const char *brokers; /* host:port, comma-separated */
	const char *client; /* client.id: the program's name */
	const char *security; /* NULL or "plaintext", "ssl", "sasl_plaintext", "sasl_ssl" */
	const char *sasl_mechanism, *sasl_username, *sasl_password, *ca_file; /* NULL where not used */
};

enum bus_result {
	BUS_E_FULL = 1, /* the producer's queue is full: poll, and try later */
	BUS_E_RETRY, /* the cluster did not answer or is changing: try later */
	BUS_E_TOO_LARGE, /* this record can never be sent */
	BUS_E_NONE, /* no record within the time */
	BUS_E_GONE, /* the offset asked for is no longer, or not yet, in the partition */
	BUS_E_MISSING, /* no such topic or partition */
};

/* What was wrong the last time on this thread, in words: after an open call or bus_topics_ensure() that failed, and after
 * a ..._up() that said no. For logs and /readyz; never credentials. */
const char *bus_last_error(void);

struct bus_header {
	const char *name;
	const void *value;
	size_t len;
};

/* ---- producer: one thread owns it; reports come from bus_producer_poll() on that thread ---- */

struct bus_producer;

/* One record is in Kafka (@r = 0) or never will be (enum bus_result or -errno). @opaque is what was sent along. */
typedef void (*bus_delivered)(void *owner, void *opaque, int r);

struct bus_producer_options {
	int64_t linger_ms; /* how long a record may wait for company */
	int64_t queue_max; /* records not yet reported */
	int64_t delivery_timeout_ms; /* after which a record counts as lost; 0: the library's 5 min */
	bus_delivered delivered; /* may be NULL */
	void *owner;
};

MUST_CHECK int bus_producer_open(
	struct bus_producer **ret, const struct bus_config *c, const struct bus_producer_options *o);

/* Queues a record; everything is copied. @headers may be NULL; ended by a NULL name. 0, BUS_E_FULL, BUS_E_TOO_LARGE, BUS_E_MISSING
 * or -errno. */
MUST_CHECK int bus_send(struct bus_producer *p, const char *topic, const void *key, size_t key_len, const void *value,
	size_t value_len, const struct bus_header *headers, void *opaque);

/* Serves delivery reports for up to @timeout_ms (0: those that are there). Returns how many. */
int bus_producer_poll(struct bus_producer *p, int timeout_ms);

/* An fd that becomes readable when reports wait, for event loops. Drain it by bus_producer_poll(p, 0). -errno when it cannot be made. */
int bus_producer_fd(struct bus_producer *p);

/* How many records are not reported yet. */
size_t bus_producer_pending(struct bus_producer *p);

/* Waits up to @timeout_ms for what is queued, reports the rest as lost, frees. Accepts NULL. Returns how many were lost. */
size_t bus_producer_close(struct bus_producer *p, int timeout_ms);

/* Whether the cluster answers: a broker is connected, and does not leave what it was asked without any answer for seconds.
 * As of the last poll, which is to be every second at least; until the first connection, or the first that fails, yes.
 * Any thread. */
bool bus_producer_up(struct bus_producer *p);

/* ---- a record that was read ---- */

struct bus_record {
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t time_ms; /* Kafka's timestamp; -1 unknown */
	const void *key; /* NULL: none */
	size_t key_len;
	const void *value; /* NULL: a tombstone */
	size_t value_len;
	void *impl; /* the library's message */
};

void bus_record_free(struct bus_record *r);

/* ---- consumer: a member of a group; one thread ---- */

struct bus_consumer;

struct bus_consumer_options {
	const char *group;
	const char *const *topics; /* NULL-terminated; not needed after open */
	/* Called on the polling thread from inside bus_poll(), for one topic and at most 64 partitions at a time; either may be
	 * NULL. On revoke (also before bus_consumer_close() returns) finish and bus_commit() what those partitions had; @lost:
	 * they belong to somebody else already, a commit would be refused. */
	void (*assigned)(void *owner, const char *topic, const int32_t *partitions, size_t n);
	void (*revoked)(void *owner, const char *topic, const int32_t *partitions, size_t n, bool lost);
	void *owner;
	bool from_start; /* where the group has no offset: the oldest record, else the newest */
};

MUST_CHECK int bus_consumer_open(
	struct bus_consumer **ret, const struct bus_config *c, const struct bus_consumer_options *o);

/* The next record (cooperative-sticky group). 0, BUS_E_NONE, BUS_E_RETRY (poll on), -errno, or BUS_E_GONE: a topic was removed, and may
 * have been made anew, with offsets that mean other records; the caller closes and opens again. Free it by bus_record_free(). */
MUST_CHECK int bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_record *ret);

/* Remembers that everything up to and including @offset is done. Nothing is sent yet. */
MUST_CHECK int bus_store_offset(struct bus_consumer *c, const char *topic, int32_t partition, int64_t offset);

/* Commits what was stored and waits for the answer. 0, BUS_E_RETRY, or -errno. No stored offset: 0. */
MUST_CHECK int bus_commit(struct bus_consumer *c);

/* Stops and resumes fetching all assigned partitions; keep polling while paused, or the group drops this member. */
MUST_CHECK int bus_pause(struct bus_consumer *c);
MUST_CHECK int bus_resume(struct bus_consumer *c);

/* Records between the committed offsets (where there is none, the oldest record) and the ends of the assigned partitions, as of
 * the last second; -1 when not known. Any thread. */
int64_t bus_lag(struct bus_consumer *c);

bool bus_consumer_up(struct bus_consumer *c);

/* Leaves the group (revoked() is called first) and frees. Accepts NULL. */
void bus_consumer_close(struct bus_consumer *c);

/* ---- reader: all partitions of one topic, no group; one thread ---- */

struct bus_reader;

enum { BUS_START_OLDEST = -2, BUS_START_NEWEST = -1 };

/* @back: how many records before the end of each partition to start at (0: the end), or BUS_START_OLDEST. Waits up to
 * @timeout_ms for the cluster. 0, BUS_E_RETRY, BUS_E_MISSING or -errno. */
MUST_CHECK int bus_reader_open(
	struct bus_reader **ret, const struct bus_config *c, const char *topic, int64_t back, int timeout_ms);

/* Partitions of the topic. */
int32_t bus_reader_partitions(const struct bus_reader *r);

/* Where reading of @partition began, and where the partition ended at that moment (the offset the next record gets). */
int64_t bus_reader_first(const struct bus_reader *r, int32_t partition);
int64_t bus_reader_end_at_start(const struct bus_reader *r, int32_t partition);

/* The next record. 0, BUS_E_NONE, BUS_E_RETRY (poll on), -errno, or BUS_E_GONE: the topic was removed, made anew (offsets restarted),
 * trimmed past the reader, or has partitions it had not at the start; the caller closes and opens again. Free it by bus_record_free(). */
MUST_CHECK int bus_reader_poll(struct bus_reader *r, int timeout_ms, struct bus_record *ret);

bool bus_reader_up(struct bus_reader *r);
void bus_reader_close(struct bus_reader *r);
