/*
 * end - devices that are deleted
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"
#include "store/store.h"

/* Deletes the devices that @filter, which names their owner, finds: here at once, elsewhere by their events. Their documents
 * stay until those are sent, without anything personal. @o may be NULL. 0 and *ret_n: how many; STORE_E_RETRY or negative. */
MUST_CHECK int devices_end(struct store *s, struct outbox *o, const bson_t *filter, int64_t *ret_n);
