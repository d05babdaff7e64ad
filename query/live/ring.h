/*
 * ring - the newest records of every partition, and the newest fix of every device
 *
 * What a client that comes back has missed is read from here, and what a snapshot must add to the database, which the
 * writer may not have brought up to date. Each partition is bounded by records and by bytes; of each device the newest
 * fix stays even when its record has left the ring, as long as the device is among the @devices_max heard of last.
 *
 * A place in a partition is the offset of the next record together with the check of the one before it. Another topic of the same
 * name, made anew, has other records there: the check tells.
 *
 * Thread: ring_begin(), ring_begin_empty() and ring_append() the reader's; the rest any. A lock for each partition.
 */
#pragma once

#include "query/live/update.h"

#include <stddef.h>

struct ring;

struct place {
	int64_t next; /* offset */
	uint32_t check; /* of the record before it; 0: nobody knows it, or there is none */
};

enum ring_result {
	RING_E_OLD = 1, /* does not reach back to that place */
	RING_E_OTHER, /* another history: the record there is not the one meant */
	RING_E_AHEAD, /* that place has not been reached yet */
	RING_E_MANY, /* more than @max */
};

struct ring_options {
	int64_t records_max; /* in each partition */
	int64_t bytes_max; /* in all partitions; each has its share */
	int64_t devices_max; /* in all partitions; each has its share */
};

/* With one reference. */
MUST_CHECK int ring_open(struct ring **ret, int32_t partitions, const struct ring_options *o);
struct ring *ring_ref(struct ring *r);
void ring_unref(struct ring *r); /* accepts NULL */
int32_t ring_partitions(const struct ring *r);

/* Reading of @partition begins at @offset; of what was before nothing is known. */
void ring_begin(struct ring *r, int32_t partition, int64_t offset);
/* Nothing was in @partition when reading began, so nothing waits to be stored. */
void ring_begin_empty(struct ring *r, int32_t partition);
/* The next record of its partition. Sets u->late and u->first; then takes a reference. */
void ring_append(struct ring *r, struct update *u);

struct place ring_end(struct ring *r, int32_t partition);
/* Whether @p is in the older half of a ring that has begun to forget: a cursor that names it will soon be too old. */
bool ring_is_aging(struct ring *r, int32_t partition, int64_t next);

/* Whether the ring has all from @p on. 0, RING_E_OLD, RING_E_OTHER or RING_E_AHEAD; *ret_sure: the check was compared. A
 * @p with check 0 is not refused for it. */
MUST_CHECK int ring_find(struct ring *r, int32_t partition, struct place p, bool *ret_sure);

/* Whether a record of some device of @partition may have come in another partition (a stray: partitions were added, and not
 * every producer knew) after the record before @next: then the partition's own records are not all that was missed. */
bool ring_may_stray(struct ring *r, int32_t partition, int64_t next);

/* Appends to @out, referenced, what clients get of the records from @from up to but not @to for which @wanted() says
 * so; *n counts on, up to @max. 0, RING_E_OLD or RING_E_MANY (@out and *n as far as it came). */
struct device_set;
MUST_CHECK int ring_read(struct ring *r, int32_t partition, int64_t from, int64_t to, const struct device_set *wanted,
	struct update **out, size_t *n, size_t max);

/* The newest fix of @device (of partition @partition) among the records before the offset @before, with a reference; the
 * newest of all where that one has left the ring. NULL: none is known. */
struct update *ring_newest(struct ring *r, int32_t partition, const struct uuid *device, int64_t before);
/* Whether a fix of @device at @time_ms is among the records from @from on. */
bool ring_has(struct ring *r, int32_t partition, const struct uuid *device, int64_t from, int64_t time_ms);

/* ---- has the writer stored what was before the ring? ----
 *
 * A partition is settled when nothing was before the ring, or when a record that was read from it is known to be stored: then so
 * is all that was before the reading began, since the writer works in order. */

bool ring_settled(const struct ring *r, int32_t partition);
/* What is stored of @device was heard of at @contact_ms. Settles the partition when the ring has heard of it as early. */
void ring_stored(struct ring *r, int32_t partition, const struct uuid *device, int64_t contact_ms);
/* Up to @max devices that could settle the partition. */
size_t ring_probes(struct ring *r, int32_t partition, struct uuid *out, size_t max);

/* For metrics: of all partitions. */
void ring_fill(struct ring *r, size_t *ret_records, size_t *ret_bytes, size_t *ret_devices);
