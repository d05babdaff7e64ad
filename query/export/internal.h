/* internal - what the files of query/export share */
#pragma once

#include "base/text.h"
#include "query/export/archive.h"
#include "query/json/position_json.h"

#include <jansson.h>

struct archive {
	struct archive_options o;
	struct zip *zip;
	int64_t now_ms;
	json_t *account; /* the first page of the first list */
	json_t *devices; /* [{"id","name"}], once devices.json is written */
	char text[POSITION_JSON_SIZE_MAX]; /* of one position */
};

/* ---- arrays of JSON, an element a line ---- */

/* Begins the entry @name. */
MUST_CHECK int archive_array_begin(struct archive *a, const char *name);
/* @first: of the array. */
MUST_CHECK int archive_array_add(struct archive *a, const char *json, size_t n, bool first);
MUST_CHECK int archive_array_end(struct archive *a, bool empty);

/* ---- parts ---- */

/* lists.c: what auth has. */
MUST_CHECK int archive_ask(const struct archive *a, const char *list, const char *cursor, json_t **ret_page);
MUST_CHECK int archive_lists(struct archive *a);

/* tracks.c: what the writer has stored. */
MUST_CHECK int archive_latest(struct archive *a);
MUST_CHECK int archive_tracks(struct archive *a);
