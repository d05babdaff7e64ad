/*
 * slots - who has an export under way: so many at once, and one a user
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "base/uuid.h"

#include <stdint.h>

struct slots;

enum slots_result {
	SLOTS_E_FULL = 1, /* as many as may be are under way */
	SLOTS_E_TWICE, /* the user has one */
};

/* For @max at once, 1 or more. 0 or -ENOMEM. */
MUST_CHECK int slots_open(struct slots **ret, int64_t max);
void slots_close(struct slots *s); /* accepts NULL */

/* 0, or a slots_result. */
MUST_CHECK int slots_take(struct slots *s, const struct uuid *user);
/* After a slots_take() that went well. */
void slots_give_back(struct slots *s, const struct uuid *user);
