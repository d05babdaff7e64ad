/*
 * retention_history - what is stored of devices, as far as it is to be deleted
 *
 * `positions` is clustered by { d: device, t: time }: a device's history up to a moment is one range.
 * Thread: one.
 */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

struct history {
	struct store *store;
	bool dry_run; /* count, and leave it there */
	int64_t batch; /* positions in a piece */
	int64_t rate; /* a second, on average over a piece; 0: no bound */
	int64_t patience_ms; /* for a server that does not answer */
};

/* What is older than @before_ms of @device's history, piece by piece. *ret_n of them were deleted (or counted), also
 * where it ends early. 0; STORE_E_RETRY: no answer in time; -ECANCELED: told to stop; or negative. */
MUST_CHECK int history_cut(const struct history *h, const struct uuid *device, int64_t before_ms, int64_t *ret_n);

/* All of it, and the device's latest position. The same results. */
MUST_CHECK int history_erase(const struct history *h, const struct uuid *device, int64_t *ret_n);

struct uuids {
	struct uuid *items;
	size_t n;
};

/* The devices that have a history, in the order of their ids. The caller's to free(). The same results. */
MUST_CHECK int history_devices(const struct history *h, struct uuids *ret);
