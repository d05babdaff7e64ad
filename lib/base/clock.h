/*
 * clock - what time it is
 *
 * Thread: any.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC. May jump; for stamps, never for durations. */
int64_t clock_real_ms(void);

/* Nanoseconds on a clock that only goes forward; for durations and deadlines. */
int64_t clock_mono_ns(void);

/* The same in milliseconds. */
int64_t clock_mono_ms(void);

/* Sleeps for @ms, and a twentieth of a second longer at most; less when @stop is set meanwhile. */
void clock_rest(int ms, const atomic_bool *stop);
