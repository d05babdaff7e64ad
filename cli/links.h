/*
 * links - share links at auth, as the JSON objects of its REST interface
 *
 * Results are session.h's; what is returned is the caller's to json_decref(). Thread: the session's.
 */
#pragma once

#include "cli/session.h"

/* Makes one. @terms (borrowed): what it shows and until when. The object has its "token" and, where auth knows where the page
 * is, its "url". */
MUST_CHECK int links_add(struct session *s, const char *device_id, const json_t *terms, json_t **ret);

/* Those to a device: an array. */
MUST_CHECK int links_of_device(struct session *s, const char *device_id, json_t **ret_array);

/* Changes the members that @terms (borrowed) has. @id must be a UUID, here and below. */
MUST_CHECK int links_change(struct session *s, const char *id, const json_t *terms, json_t **ret);

MUST_CHECK int links_revoke(struct session *s, const char *id);
