/*
 * check_fix - a position for `pettrack check`: sent as a tracker sends it, and known again wherever it comes out
 *
 * Thread: one.
 */
#pragma once

#include "base/position.h"
#include "base/time.h"
#include "cli/simulation/identities.h"

#include <jansson.h>
#include <stdbool.h>

enum { CHECK_REASON_SIZE = 256 };

struct check_fix {
	struct position position;
	char time[TIME_TEXT_SIZE]; /* as the interfaces write it */
};

/* Now, at a place that differs from the last one's. */
struct check_fix check_fix_now(void);

/* Whether @position, as query and live write it, is this one. */
bool check_fix_is(const struct check_fix *f, const json_t *position);

/* Sends it to "host:port" as the tracker @i until it is acknowledged, over and over where need be. Whether it was; else
 * @reason says why not. */
bool check_fix_send(const struct check_fix *f, const char *gateway, const char *dialect, struct identity *i,
	int64_t timeout_ms, char reason[static CHECK_REASON_SIZE]);
