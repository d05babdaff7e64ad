/*
 * document - positions as MongoDB's documents
 *
 *     positions  { _id: { d: device, t: time }, lat, lon, speed?, course?, altitude?, accuracy?, battery?, valid: false?,
 *                  received, protocol?, attributes? }
 *     latest     { _id: device, time, loc: { type: "Point", coordinates: [lon, lat] }, ...the same fields..., contact }
 *
 * Degrees are doubles rounded to 1e-7; what is not known is absent. Thread: any.
 */
#pragma once

#include "base/position.h"

#include <bson/bson.h>

/* What one device has reported since `latest` was last brought up to date. */
struct report {
	struct uuid device;
	int64_t contact_ms; /* when it last spoke, by the gateways' clocks */
	bool has_fix;
	int64_t time_ms; /* of its newest fix */
	bool has_battery; /* it said so later than, or without, that fix */
	double battery_pct;
};

/* @p, which has a location, as a document of `positions` into @doc (initialised, empty). 0, or -EOVERFLOW. */
MUST_CHECK int document_position(bson_t *doc, const struct position *p);

/* The update of `latest` for @r into @filter and @update (both initialised, empty). @fix: the newest fix's document of
 * `positions`; NULL without one. Applied twice, late or in any order, it never moves a device back. 0, or -EOVERFLOW. */
MUST_CHECK int document_latest(bson_t *filter, bson_t *update, const struct report *r, const bson_t *fix);

/* Before, and behind, every _id that a position of @device has in `positions`. To be destroyed. */
bson_t *document_first_key(const struct uuid *device);
bson_t *document_last_key(const struct uuid *device);

/* Options of the collection `positions`: clustered by _id. To be destroyed. */
bson_t *document_positions_options(void);

/* Keys of the index of `latest`, by place. To be destroyed. */
bson_t *document_latest_index(void);
