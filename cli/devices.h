/*
 * devices - the user's devices at auth, as the JSON objects of its REST interface
 *
 * Results are session.h's. Thread: the session's.
 */
#pragma once

#include "cli/session.h"

#include <stdbool.h>
#include <stdint.h>

/* All of them, page by page, as an array: the caller's to json_decref(). */
MUST_CHECK int devices_list(struct session *s, json_t **ret_array);

/* Creates one; @pet (borrowed) may be NULL, @identifier NULL lets auth choose. The object with its "secret" is the
 * caller's to json_decref(). */
MUST_CHECK int devices_add(struct session *s, const char *name, const char *identifier, json_t *pet, json_t **ret);

/* Creates one for a tracker that came before it was anybody's, by the @code that is listed with its @identifier. *ret as
 * above. */
MUST_CHECK int devices_claim(
	struct session *s, const char *name, const char *identifier, const char *code, json_t **ret);

/* Changes the members that @body (borrowed) has. The object as it is then is the caller's to json_decref(). */
MUST_CHECK int devices_change(struct session *s, const char *id, const json_t *body, json_t **ret);

/* A new secret; the old one ends. *ret_secret is the caller's to free(). */
MUST_CHECK int devices_rotate(struct session *s, const char *id, char **ret_secret);

MUST_CHECK int devices_remove(struct session *s, const char *id);

/* The one whose id, identifier or name is @what: borrowed from the list. NULL when there is none, or *ret_several. */
const json_t *devices_find(const json_t *list, const char *what, bool *ret_several);

/* A text member of a device, "" where it has none. */
const char *device_text(const json_t *device, const char *member);
