/*
 * failing_alloc - makes one allocation of the code under test fail
 *
 *     for (size_t n = 1; failing_alloc_more(n); n++) {
 *             int r = thing_open(&t);
 *             ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
 *     }
 *
 * Counts malloc, calloc, realloc, strdup and strndup called from what is linked statically (the linker's --wrap): the
 * project's own code, not the inside of shared libraries. Works under sanitizers, which also see what leaks.
 * Thread: any; the count is of the whole process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* From now on the @n-th allocation fails, once; 0: none does. */
void failing_alloc_at(size_t n);

/* Whether it has failed. From here on none does: ask before anything is asserted, since Check allocates too. */
bool failing_alloc_happened(void);

/* For loops over every allocation: true for @n = 1, and as long as the allocation of the round before was reached. What
 * a round makes when nothing fails is for the loop's body to free. Ends with no failure set. */
bool failing_alloc_more(size_t n);
