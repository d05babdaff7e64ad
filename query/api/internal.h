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
	struct client *auth;
	struct slots *exports; /* who has one under way */
};

/* api.c: the devices of the request's user, who looks for @device (NULL: for none in particular), the caller's to
 * device_set_unref(). Returns whether there; else it is answered. */
bool api_user_devices(struct web_request *q, struct api *a, const struct uuid *device, struct device_set **ret);
/* The device in the path, which the user may see, and how much of it. Returns whether so; else it is answered. */
bool api_path_device(struct web_request *q, struct api *a, struct uuid *ret, struct limits *ret_limits);
/* Answers a failure (positive or negative) of the store or of access. */
void api_fail(struct web_request *q, const char *what, int r);
/* There is no such device: the one answer to what does not exist, is somebody else's, or was never heard of. */
void api_no_device(struct web_request *q);

/* What a page is made of. */
struct stream {
	int64_t limit; /* positions; one more must have been asked for: it tells whether there is a next page */
	bool geojson;
	const struct limits *limits; /* what is shown of them; borrowed */
	struct cursor next; /* kind and order of the cursor that continues */
};

/* stream.c: answers with the cursor's documents. @c is closed. */
void api_stream(struct web_request *q, struct store_cursor *c, const struct stream *s);

/* Leaves of @d what may be shown. */
static inline void position_document_limit(struct position_document *d, const struct limits *l)
{
	limits_apply(l, &d->position);
	if (l->limited && l->blur)
		d->contact_ms = 0;
}

/* latest.c: {_id: {$in: [the devices beyond the cursor]}} for the collection of latest positions. */
void api_latest_filter(bson_t *ret, const struct device_set *devices, const struct latest_range *range);

/* history.c, latest.c, company.c, export.c: the routes. */
void api_get_company(struct web_request *q, void *owner);
void api_export(struct web_request *q, void *owner);
void api_get_history(struct web_request *q, void *owner);
void api_list_latest(struct web_request *q, void *owner);
void api_get_latest(struct web_request *q, void *owner);
