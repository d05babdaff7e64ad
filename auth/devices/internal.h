/* internal - what the files of this role share; nobody else includes it. */
#pragma once

#include "auth/common/list.h"
#include "auth/devices/devices.h"
#include "service/metrics.h"

#define DEVICES_COLLECTION "devices"

struct devices {
	struct store *store;
	struct outbox *outbox;
	struct devices_options options;
	struct metric *claims;
};

static inline const struct devices *devices_of(void *owner)
{
	return ((const struct auth *)owner)->devices;
}

/* ---- lists (list.c) ---- */

/* The parameter "limit" of a list of devices, or its default; else answers what is wrong with it and returns false. */
bool devices_limit(struct web_request *q, int64_t *ret);

/* Answers that "cursor" is none. */
void answer_no_cursor(struct web_request *q);

/* Answers {"devices": @list, "next"}, where the cursor is the member @cursor of the page's last. A page that is not full is
 * the last one. @list is stolen. */
void answer_page(struct web_request *q, json_t *list, int64_t limit, const char *cursor);

/* { identifier: { $in: @list } } without what no device can be called. NULL when @list is no list of texts. */
bson_t *identifiers_filter(const json_t *list);

/* Writes to the caller's log of events that @event happened to a device of his; @name may be NULL. */
void device_audit(
	struct web_request *q, const struct devices *d, const char *event, const struct uuid *device, const char *name);

struct permission; /* rights.h */

/* Writes to the log of @p's owner that the caller, by @p, has changed his device, which is called @name: the members @changed. */
void device_audit_change(struct web_request *q, const struct devices *d, const struct permission *p, const char *name,
	const char *changed);

/* ---- handlers ---- */

void device_create_handle(struct web_request *q, void *owner);
void device_list_handle(struct web_request *q, void *owner);
void device_get_handle(struct web_request *q, void *owner);
void device_change_handle(struct web_request *q, void *owner);
void device_secret_handle(struct web_request *q, void *owner);
void device_delete_handle(struct web_request *q, void *owner);
void lookup_handle(struct web_request *q, void *owner);
void retention_list_handle(struct web_request *q, void *owner);
void contacts_handle(struct web_request *q, void *owner);
void unknown_list_handle(struct web_request *q, void *owner);
void user_devices_handle(struct web_request *q, void *owner);
void grant_give_handle(struct web_request *q, void *owner);
void grants_of_device_handle(struct web_request *q, void *owner);
void grant_list_handle(struct web_request *q, void *owner);
void grant_accept_handle(struct web_request *q, void *owner);
void grant_decline_handle(struct web_request *q, void *owner);
void grant_end_handle(struct web_request *q, void *owner);
void link_create_handle(struct web_request *q, void *owner);
void link_list_handle(struct web_request *q, void *owner);
void link_get_handle(struct web_request *q, void *owner);
void link_change_handle(struct web_request *q, void *owner);
void link_revoke_handle(struct web_request *q, void *owner);
