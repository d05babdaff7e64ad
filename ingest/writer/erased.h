/*
 * erased - devices that are no more, so that nothing of them stays, or comes back
 *
 * Collection erased_devices: { _id: device, due?: Date, expires: Date (TTL) }. Written before the first position of a deleted
 * device goes, and asked before the offsets of any batch are committed: whoever inserts positions either sees it then, and
 * has the device swept once more (due), or had inserted them before it was there, and thus before the sweep began. So it
 * holds among any number of writers, and whatever comes out of Kafka behind the event. It may be forgotten once Kafka can
 * have nothing of the device any more.
 *
 * Thread: any.
 */
#pragma once

#include "newest.h"
#include "store/store.h"

#define ERASED_COLLECTION "erased_devices"

/* Makes the collection's indexes. 0, or what store_index_ensure() gives. */
MUST_CHECK int erased_prepare(struct store *s);

/* From now on @device is no more; remembered until @expires_ms at least. 0, STORE_E_RETRY or negative. */
MUST_CHECK int erased_note(struct store *s, const struct uuid *device, int64_t expires_ms);

/* Has those of @n that are no more swept again. 0, STORE_E_RETRY or negative. */
MUST_CHECK int erased_meet(struct store *s, const struct newest *n, int64_t now_ms);

/* Deletes about @max of the positions of @device, and with the last of them its `latest`. 0, *ret_n of them, and *ret_more:
 * there are more. STORE_E_RETRY or negative: the same call again. */
MUST_CHECK int erased_sweep(struct store *s, const struct uuid *device, int64_t max, int64_t *ret_n, bool *ret_more);

/* A device that is to be swept again. */
struct erased_due {
	struct uuid device;
	int64_t due_ms;
};

/* The first of them, or STORE_E_MISSING, STORE_E_RETRY, negative. */
MUST_CHECK int erased_next(struct store *s, struct erased_due *ret);

/* It was swept, unless it was met again meanwhile. 0, STORE_E_RETRY or negative. */
MUST_CHECK int erased_done(struct store *s, const struct erased_due *d);
