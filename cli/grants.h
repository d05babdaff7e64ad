/*
 * grants - shares of devices at auth, as the JSON objects of its REST interface
 *
 * Results are session.h's; what is returned is the caller's to json_decref(). Thread: the session's.
 */
#pragma once

#include "cli/session.h"

/* Offers the device to @email, or changes what it was offered for. @rights: "view" or "manage". */
MUST_CHECK int grants_offer(
	struct session *s, const char *device_id, const char *email, const char *rights, json_t **ret);

/* With whom a device is shared: an array. */
MUST_CHECK int grants_of_device(struct session *s, const char *device_id, json_t **ret_array);

/* All that the user gave or received; @side: "given" or "received". */
MUST_CHECK int grants_list(struct session *s, const char *side, json_t **ret_array);

/* What was offered to the user; @answer: "accept" or "decline". @id must be a UUID. */
MUST_CHECK int grants_answer(struct session *s, const char *id, const char *answer);

/* Ends one that the user gave, or leaves one that was received. The same. */
MUST_CHECK int grants_end(struct session *s, const char *id);
