/*
 * internal - what the files of query/api share
 */
#pragma once

#include "query/api/api.h"
#include "query/api/page.h"
#include "query/api/parameters.h"

#include <bson/bson.h>

struct api {
	struct api_options o;
};

/* The collections that the writer keeps. */
#define POSITIONS_COLLECTION "positions"
#define LATEST_COLLECTION "latest"

/* api.c: the devices of the request's user, the caller's to device_set_unref(). Returns whether there; else it is answered. */
bool api_user_devices(struct web_request *q, struct api *a, struct device_set **ret);
/* The device in the path, which the user may see. Returns whether so; else it is answered. */
bool api_path_device(struct web_request *q, struct api *a, struct uuid *ret);
/* Answers a failure (positive or negative) of the store or of access. */
void api_fail(struct web_request *q, const char *what, int r);
/* There is no such device: the one answer to what does not exist, is somebody else's, or was never heard of. */
void api_no_device(struct web_request *q);

/* stream.c: answers with up to @limit of the cursor's documents, which must have been asked for one more: it tells
 * whether there is a next page. @c is closed. @next: kind and order of the cursor that continues. */
void api_stream(struct web_request *q, struct store_cursor *c, int64_t limit, bool geojson, struct cursor next);

/* latest.c: {_id: {$in: [the devices beyond the cursor]}} for the collection of latest positions. */
void api_latest_filter(bson_t *ret, const struct device_set *devices, const struct latest_range *range);

/* history.c, latest.c, company.c: the routes. */
void api_get_company(struct web_request *q, void *owner);
void api_get_history(struct web_request *q, void *owner);
void api_list_latest(struct web_request *q, void *owner);
void api_get_latest(struct web_request *q, void *owner);
