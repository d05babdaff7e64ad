/*
 * retention_devices - all devices that auth knows, and for how long each wants its history kept
 *
 * Thread: one.
 */
#pragma once

#include "base/uuid.h"
#include "client/client.h"

struct retention_device {
	struct uuid id;
	int32_t days; /* 0: it says nothing */
};

struct retention_devices {
	struct retention_device *items; /* by id */
	size_t n;
};

/* Page after page; each is asked for again while auth does not answer, for @timeout_ms. 0 and *ret, the caller's to
 * retention_devices_free(); enum client_result, why: client_last_error(); or -errno: -EPROTO for an answer that is no
 * list. */
MUST_CHECK int retention_devices_read(struct retention_devices *ret, struct client *auth, int64_t timeout_ms);

bool retention_devices_know(const struct retention_devices *d, const struct uuid *id);

void retention_devices_free(struct retention_devices *d);
