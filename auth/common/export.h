/*
 * export - all that is held of an account, list by list, for the archive that its owner takes with him
 *
 * GET /internal/v1/export/LIST/{user}?limit&cursor, asked by query: {"items":[...],"next"}. A document is shown whole, whatever it
 * has, but for its secrets and what is of no account: binaries that are no UUID (hashes, sealed texts), and the members that the
 * list leaves out. "_id" is called "id"; times are RFC 3339.
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"
#include "web/web.h"

#include <bson/bson.h>

struct export_list {
	const char *collection;
	const char *order; /* a date that each of them has, by which they are paged: "created" */
	bson_t *(*filter)(const struct uuid *user); /* the caller's to bson_destroy() */
	const char *const
		*left_out; /* names of members at the top, NULL-terminated; NULL: none beside what all leave out */
};

/* { user: UUID } */
bson_t *export_filter_user(const struct uuid *user);
/* { owner: UUID } */
bson_t *export_filter_owner(const struct uuid *user);

/* A handler's work: answers a page of @l of the user in the path. @owner: struct auth. Returns how many were answered. */
size_t export_answer(struct web_request *q, void *owner, const struct export_list *l);

/* @doc as it is shown; the caller's. NULL when memory is out. */
json_t *export_json(const bson_t *doc, const char *const *left_out);
