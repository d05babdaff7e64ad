/*
 * patience - trying again until it works, for a bounded time
 *
 *     struct patience p = patience_of(timeout_ms);
 *     do
 *             r = ask();
 *     while (r == LATER && patience_left(&p));
 *
 * Thread: one. Signals are service_start()'s.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct patience {
	int64_t ends_ms; /* monotonic */
	int64_t pause_ms; /* the next */
};

struct patience patience_of(int64_t timeout_ms);

/* Sleeps, each time a little longer up to a second, and never past the end. False at once where the time is up, and as
 * soon as the program is told to stop. */
bool patience_left(struct patience *p);
