/*
 * latest - what is stored of devices: their newest fix and when they were last heard of
 *
 * Thread: any; blocks.
 */
#pragma once

#include "query/json/position_document.h"
#include "store/store.h"

/* One device. Not 0 ends the search with that result. */
typedef int (*latest_take)(void *arg, const struct position_document *d);
/* Calls @take for each of @ids that is known. 0, STORE_E_RETRY, what @take gave, or negative. */
typedef int (*latest_find)(void *owner, const struct uuid *ids, size_t n, latest_take take, void *arg);

/* In MongoDB's collection `latest`. @store: the struct store. */
MUST_CHECK int latest_find_stored(void *store, const struct uuid *ids, size_t n, latest_take take, void *arg);
