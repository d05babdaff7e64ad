/* internal - what the files of this role share; nobody else includes it. */
#pragma once

#include "auth/devices/devices.h"

#define DEVICES_COLLECTION "devices"

struct devices {
	struct store *store;
	struct outbox *outbox;
	int64_t per_user_max;
};

static inline const struct devices *devices_of(void *owner)
{
	return ((const struct auth *)owner)->devices;
}

/* The parameter "limit" of a list of devices, or its default; else answers what is wrong with it and returns false. */
bool devices_limit(struct web_request *q, int64_t *ret);

/* ---- handlers ---- */

void device_create_handle(struct web_request *q, void *owner);
void device_list_handle(struct web_request *q, void *owner);
void device_get_handle(struct web_request *q, void *owner);
void device_change_handle(struct web_request *q, void *owner);
void device_secret_handle(struct web_request *q, void *owner);
void device_delete_handle(struct web_request *q, void *owner);
void lookup_handle(struct web_request *q, void *owner);
void retention_list_handle(struct web_request *q, void *owner);
void user_devices_handle(struct web_request *q, void *owner);
