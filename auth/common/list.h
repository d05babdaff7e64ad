/*
 * list - documents as a JSON list
 *
 * Thread: any.
 */
#pragma once

#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

/* Makes JSON of a document; NULL when that makes no sense, or memory is out. */
typedef json_t *(*document_shower)(const bson_t *doc);

/* What @filter finds, each as @show has it, as an array: the caller's. @options as for store_find(). 0, STORE_E_RETRY or
 * negative. */
MUST_CHECK int documents_list(struct store *s, const char *collection, const bson_t *filter, const bson_t *options,
	document_shower show, json_t **ret);

/* Whether fewer than @max match @filter; @max is 1 or more. 0, STORE_E_RETRY or negative. */
MUST_CHECK int documents_room(
	struct store *s, const char *collection, const bson_t *filter, int64_t max, bool *ret_room);
