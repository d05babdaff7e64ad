/*
 * upkeep - a thread that asks MongoDB now and then whether it is there
 *
 * Thread: main's.
 */
#pragma once

#include "service/dependency.h"
#include "store/store.h"

struct upkeep;

/* @store is borrowed until upkeep_close(). */
MUST_CHECK int upkeep_open(struct upkeep **ret, struct store *store);
void upkeep_close(struct upkeep *u); /* accepts NULL */
