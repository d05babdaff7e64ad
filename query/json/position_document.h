/*
 * position_document - a position out of a document that the writer stored
 *
 * Thread: any. Does not allocate: names and texts point into the document and live as long.
 */
#pragma once

#include "base/position.h"

#include <bson/bson.h>

struct position_document {
	struct position position;
	int64_t contact_ms; /* of `latest`: when the device was last heard of; 0: not there */
	struct attribute attributes[POSITION_ATTRIBUTES_MAX];
};

/* Reads a document of `positions` ({_id: {d, t}, ...}) or of `latest` ({_id: d, time, contact, ...}); of the latter,
 * @position's time is 0 and it has no place when there never was a fix. Fields of another type than the writer gives
 * them are passed over. Returns whether it names a device. */
bool position_document_read(struct position_document *ret, const bson_t *doc);
