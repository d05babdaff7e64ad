/*
 * files - the files of a page, read once and kept
 *
 * A request finds a file by its whole name in a table, so no path can lead out of the folder. What changes on disk is
 * seen by the next start. Names with a leading dot and symbolic links are passed over.
 *
 * Internal to lib/web. Thread: any, once open.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct files;

struct file {
	char *name; /* from the folder on: "index.html", "lib/leaflet.js" */
	const char *type;
	char etag[20]; /* with its quotes; of the content */
	char *bytes;
	size_t len;
};

/* Reads all below @dir. 0, -EFBIG when that is too much for a page, -ENOMEM, or why a file could not be read. */
MUST_CHECK int files_open(struct files **ret, const char *dir);
void files_close(struct files *f); /* accepts NULL */

/* The file called @name, or NULL. */
const struct file *files_find(const struct files *f, const char *name);

/* Whether a list of entity tags (If-None-Match) holds @etag. */
bool files_etag_listed(const char *list, const char *etag);
