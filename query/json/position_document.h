/*
 * position_document - a position out of a document that the writer stored
 *
 * Thread: any. Does not allocate: names and texts point into the document and live as long.
 */
#pragma once

#include "base/position.h"

#include <bson/bson.h>

/* The collections that the writer keeps. */
#define POSITIONS_COLLECTION "positions"
#define LATEST_COLLECTION "latest"

struct position_document {
	struct position position;
	int64_t contact_ms; /* of `latest`: when the device was last heard of; 0: not there */
	struct attribute attributes[POSITION_ATTRIBUTES_MAX];
};

/* Reads a document of `positions` ({_id: {d, t}, ...}) or of `latest` ({_id: d, time, contact, ...}); of the latter,
 * @position's time is 0 and it has no place when there never was a fix. Fields of another type than the writer gives
 * them are passed over. Returns whether it names a device. */
bool position_document_read(struct position_document *ret, const bson_t *doc);

/* {_id: {$in: @ids}}, for the collection of latest positions; the caller's to bson_destroy(). */
void latest_filter(bson_t *ret, const struct uuid *ids, size_t n);
