/* retention - the limit of a device's history, and the list of all devices with theirs. */
#include "auth/devices/retention.h"
#include "auth/devices/device.h"
#include "auth/devices/internal.h"

#include <errno.h>
#include <string.h>

/* ---- one device's ---- */

bool retention_check(struct web_request *q, const json_t *value)
{
	json_int_t days = json_integer_value(value);

	if (json_is_null(value) || (json_is_integer(value) && days >= 1 && days <= RETENTION_DAYS_MAX))
		return true;
	web_problem(q, 422, "invalid_retention", "\"retention_days\" must be 1 to %d, or null.", RETENTION_DAYS_MAX);
	return false;
}

void retention_write(const json_t *value, bson_t *doc)
{
	BSON_APPEND_INT32(doc, "retention_days", (int32_t)json_integer_value(value));
}

json_t *retention_json(const bson_t *device)
{
	bson_iter_t i;

	if (!bson_iter_init_find(&i, device, "retention_days") || !BSON_ITER_HOLDS_INT32(&i))
		return json_null();
	return json_integer(bson_iter_int32(&i));
}

/* ---- everybody's, for `pettrack retention` ---- */

/* Those after @after, in the order of _id. Deleted ones have no identifier. */
static bson_t *all_after(const struct uuid *after)
{
	bson_t *filter = BCON_NEW("identifier", "{", "$exists", BCON_BOOL(true), "}");

	if (after)
		BCON_APPEND(filter, "_id", "{", "$gt", BCON_UUID(after), "}");
	return filter;
}

static json_t *show_retention(const bson_t *doc)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	if (!document_uuid(doc, "_id", &id))
		return NULL;
	uuid_format(text, &id);
	return json_pack("{ss so}", "id", text, "retention_days", retention_json(doc));
}

static int read_page(struct store_cursor *c, json_t *list)
{
	const bson_t *doc;
	int r;

	while ((r = store_next(c, &doc)) == 0)
		if (json_array_append_new(list, show_retention(doc)))
			return -EBADMSG;
	return r == STORE_E_MISSING ? 0 : r;
}

static int list_all(const struct devices *d, const struct uuid *after, int64_t limit, json_t *list)
{
	bson_t *filter = all_after(after);
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(limit), "projection",
		"{", "retention_days", BCON_INT32(1), "}");
	struct store_cursor *c = NULL;
	int r = store_find(d->store, DEVICES_COLLECTION, filter, options, &c);

	if (r == 0)
		r = read_page(c, list);
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* The cursor is the last id of the page before. A page that is not full is the last. */
void retention_list_handle(struct web_request *q, void *owner)
{
	const char *text = web_query(q, "cursor");
	struct uuid after;
	int64_t limit;

	if (!devices_limit(q, &limit))
		return;
	if (text && uuid_parse(&after, text, strlen(text))) {
		web_problem(q, 400, "invalid_cursor", "\"cursor\" must be the \"next\" of an earlier answer.");
		return;
	}
	json_t *list = json_array();
	int r = list_all(devices_of(owner), text ? &after : NULL, limit, list);
	if (r) {
		json_decref(list);
		auth_fail(q, r);
		return;
	}
	size_t n = json_array_size(list);
	json_t *next = (int64_t)n < limit ? NULL : json_object_get(json_array_get(list, n - 1), "id");
	web_reply(q, 200, json_pack("{so sO?}", "devices", list, "next", next));
}
