/*
 * turn - the pause between two turns of a background thread, which ends early when there is work, or at the end
 *
 * Thread: turn_wait() from the one thread; the rest from any.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct turn {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool woken, stop;
};

void turn_init(struct turn *t);
void turn_destroy(struct turn *t);

/* Waits for turn_wake() or turn_stop(), at most @ms. A wake while nobody waits counts for the next wait. Returns false
 * once the end was asked for. */
bool turn_wait(struct turn *t, int64_t ms);
void turn_wake(struct turn *t);
void turn_stop(struct turn *t);
bool turn_stopping(struct turn *t);
