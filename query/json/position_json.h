/*
 * position_json - a position as the JSON that clients get, the same from the api and from the live stream
 *
 *     {"device":"...","time":"2026-01-02T03:04:05.000Z","received":"...","lat":50.1703,"lon":-5.1138,"speed":1.2,
 *      "course":271.5,"altitude":31.4,"accuracy":8,"battery":77,"valid":false,"protocol":"osmand","late":true,
 *      "contact":"...","attributes":{"steps":12}}
 *
 * What is unknown is absent. Coordinates have up to 7 decimals, m/s and degrees and metres and percent up to 3.
 * Thread: any. Does not allocate.
 */
#pragma once

#include "base/position.h"
#include "base/text.h"

enum {
	POSITION_JSON_LATE = 1 << 0, /* older than a fix already seen for the device: "late":true */
	POSITION_JSON_PLACELESS = 1 << 1, /* without lat and lon: GeoJSON has them elsewhere */
};

enum {
	POSITION_JSON_SIZE = 1024, /* enough for a position without attributes */
	POSITION_JSON_SIZE_MAX = 160 * 1024, /* for any */
};

/* Appends @p to @t. @flags: POSITION_JSON_*. @contact_ms: when the device was last heard of; 0: left out. So is a
 * @received_ms of 0, and without a place a @time_ms of 0: a device that was heard of but never had a fix.
 * Returns how long @t was before the protocol, and what follows it. */
size_t position_json(struct text *t, const struct position *p, unsigned flags, int64_t contact_ms);
