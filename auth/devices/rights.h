/*
 * rights - what somebody may do with a device: see where it is, manage it too, or all that its owner may
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"
#include "web/web.h"

#include <bson/bson.h>

struct devices;

/* Each may do what those before it may. */
enum rights {
	RIGHTS_VIEW = 1, /* its positions, its name, its pet */
	RIGHTS_MANAGE, /* change its name, its pet, its rules */
	RIGHTS_OWNER,
};

/* "view", "manage" or "owner". */
const char *rights_text(enum rights r);

/* Reads what can be granted: "view" or "manage". @text may be NULL. */
bool rights_read(enum rights *ret, const char *text);

/* What somebody may do with a device that exists, or did a moment ago. */
struct permission {
	struct uuid device, owner;
	enum rights rights;
};

/* Whether the caller may do with the device {id} what takes @least. Else answers: 404, the same whether there is such a
 * device or not; 403 to whom it is shared with, for less. */
bool device_permit(struct web_request *q, const struct devices *d, enum rights least, struct permission *ret);

/* The filter for the device, which names its owner. */
bson_t *permitted_device(const struct permission *p);

/* Answers 404: there is no such device, or it is somebody else's. */
void answer_no_device(struct web_request *q);

/* Answers 403: the device is shared with the caller for less. @takes: what only others may do. */
void answer_insufficient_rights(struct web_request *q, const char *detail);
