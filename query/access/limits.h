/*
 * limits - how much of their device a link's strangers are shown
 *
 * A person is not limited. Whoever came by a link is shown positions of a time window, live or past or both, perhaps only
 * which cell of a grid they are in; and never what a tracker says beside the position, for that can name it, its SIM card
 * or the networks around it.
 *
 * Thread: any; plain values.
 */
#pragma once

#include "base/err.h"
#include "base/position.h"

#include <jansson.h>

struct limits {
	bool limited; /* false: a person, and the rest means nothing */
	bool live; /* the newest position, and those to come */
	bool history; /* those that were */
	int64_t from_ms, until_ms; /* only positions of from <= time < until */
	int64_t expires_ms; /* from then on nothing */
	int blur; /* characters of the geohash whose cell is shown; 0: positions are shown as they are */
};

enum { LIMITS_BLUR_MIN = 4, LIMITS_BLUR_MAX = 7 };

enum limits_result { LIMITS_E_INVALID = 1 };

/* Reads the "limits" of auth's answer; NULL: not limited. 0, or LIMITS_E_INVALID: then nothing may be shown. */
MUST_CHECK int limits_read(struct limits *ret, const json_t *limits);

/* Whether a position of @time_ms is shown. */
static inline bool limits_show(const struct limits *l, int64_t time_ms)
{
	return !l->limited || (l->from_ms <= time_ms && time_ms < l->until_ms);
}

static inline bool limits_ended(const struct limits *l, int64_t now_ms)
{
	return l->limited && now_ms >= l->expires_ms;
}

/* Whether both show the same as long as they show anything. */
bool limits_same(const struct limits *a, const struct limits *b);

/* Leaves of @p what may be shown. Blurred, that is its device, its time, whether the tracker takes it for valid, and where the
 * cell is: the middle as the place, the radius around it as the accuracy. Every place in a cell is shown the same, so nothing
 * is learnt from many of them but which cells there were, and when. */
void limits_apply(const struct limits *l, struct position *p);
