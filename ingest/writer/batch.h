/*
 * batch - records on their way from Kafka to MongoDB
 *
 * Holds each record until it is done for, and the document it makes. A record that can never be stored is kept too,
 * with the reason, for positions.dead. Thread: one.
 */
#pragma once

#include "bus/bus.h"
#include "bytes.h"
#include "document.h"

#include "base/arena.h"

/* Why a record is poison; NULL texts do not occur. */
#define POISON_EMPTY "empty" /* no value */
#define POISON_MALFORMED "malformed" /* not a Position, or a value out of bounds */
#define POISON_TOO_LARGE "too_large" /* of a record, or of its document */
#define POISON_KEY "key" /* the key is not the device */
#define POISON_REFUSED "refused" /* by MongoDB */

struct entry {
	struct bus_record record;
	struct report report;
	size_t doc, doc_len; /* in batch.docs; no length: nothing to insert */
	const char *poison; /* one of the above, or NULL */
};

struct batch {
	struct entry *entries;
	size_t n, max;
	int64_t opened_ms; /* clock_mono_ms() of the first record */
	struct bytes docs;
	struct arena arena;
	bson_t doc; /* under construction */

	/* its way into MongoDB, for steps.c */
	struct entry **sent; /* entries by their index in the bulk */
	size_t sent_n, duplicates, refused;
	int64_t sent_ms; /* clock_mono_ms() */
};

/* For at most @max records. 0 or -ENOMEM. */
MUST_CHECK int batch_open(struct batch *b, size_t max);
void batch_close(struct batch *b); /* accepts one that is all zeros */

static inline bool batch_full(const struct batch *b)
{
	return b->n == b->max;
}

/* Takes @record, which is freed with the batch, decodes it and makes its document. Not when full. 0, or -errno and the
 * record still is the caller's. */
MUST_CHECK int batch_add(struct batch *b, const struct bus_record *record, int64_t now_ms);

/* The document of @e; a view, for bson_init_static()'s rules. */
bool batch_document(const struct batch *b, const struct entry *e, bson_t *ret);

/* Frees all records. */
void batch_clear(struct batch *b);

/* Frees the records of @partitions and forgets them; the order of the rest stays. Returns how many. */
size_t batch_drop(struct batch *b, const int32_t *partitions, size_t n);
