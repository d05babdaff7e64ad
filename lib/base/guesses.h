/*
 * guesses - how many tokens that were none an address has shown lately; whoever showed too many waits
 *
 * Of IPv6 the /64 counts (address_group()). Bounded: a table of fixed size, in which several addresses share what they may; which
 * ones depends on a secret of this process, so that nobody can choose whom to share with.
 *
 * Thread: any.
 */
#pragma once

#include "base/network.h"

struct guesses;

/* @a_minute: of each address, and as many at once; 0: any number, *ret is NULL. 0, -ENOMEM, or -errno without randomness. */
MUST_CHECK int guesses_open(struct guesses **ret, int64_t a_minute);
void guesses_close(struct guesses *g); /* accepts NULL */

/* For how many milliseconds @from may show none; 0: one now. @g NULL: any number. @now_ms: of a clock that only goes forward. */
int64_t guesses_wait_ms(const struct guesses *g, const struct address *from, int64_t now_ms);
/* What @from showed was none. */
void guesses_wrong(struct guesses *g, const struct address *from, int64_t now_ms);
