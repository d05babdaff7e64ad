/*
 * upkeep - a thread that asks MongoDB now and then whether it is there, for readiness
 *
 * Thread: main's.
 */
#pragma once

#include "service/health.h"
#include "store/store.h"

struct upkeep;

/* Both borrowed until upkeep_close(). */
MUST_CHECK int upkeep_open(struct upkeep **ret, struct store *store, struct readiness *ready);
void upkeep_close(struct upkeep *u); /* accepts NULL */
