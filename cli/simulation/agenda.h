/*
 * agenda - who wants to be woken when; a heap of appointments that lie in their owners
 *
 * Thread: one.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct appointment {
	int64_t at_ms;
	size_t place; /* in the agenda, from 1; 0: in none */
};

struct agenda {
	struct appointment **heap;
	size_t n, size;
};

/* Room for @size appointments. 0 or -ENOMEM. */
MUST_CHECK int agenda_open(struct agenda *a, size_t size);
void agenda_close(struct agenda *a);

/* Enters @p at @at_ms, or moves it there. */
void agenda_put(struct agenda *a, struct appointment *p, int64_t at_ms);

/* Strikes @p out; it need not be in. */
void agenda_remove(struct agenda *a, struct appointment *p);

/* The earliest, or NULL. */
struct appointment *agenda_first(const struct agenda *a);
