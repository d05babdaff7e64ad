/* retention - the limit of a device's history, and the list of all devices with theirs. */
#include "auth/devices/retention.h"
#include "auth/devices/device.h"
#include "auth/devices/internal.h"

#include <string.h>

/* ---- one device's ---- */

bool retention_check(const json_t *value, struct check_fault *ret)
{
	json_int_t days = json_integer_value(value);

	if (json_is_integer(value) && days >= 1 && days <= RETENTION_DAYS_MAX)
		return true;
	*ret = (struct check_fault){ "retention_days", "be 1 to 3650, or null" };
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

static int list_all(const struct devices *d, const struct uuid *after, int64_t limit, json_t **ret)
{
	bson_t *filter = all_after(after);
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(limit), "projection",
		"{", "retention_days", BCON_INT32(1), "}");
	int r = documents_list(d->store, DEVICES_COLLECTION, filter, options, show_retention, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* The cursor is the last id of the page before. */
void retention_list_handle(struct web_request *q, void *owner)
{
	const char *text = web_query(q, "cursor");
	struct uuid after;
	int64_t limit;
	json_t *list = NULL;

	if (!devices_limit(q, &limit))
		return;
	if (text && uuid_parse(&after, text, strlen(text))) {
		answer_no_cursor(q);
		return;
	}
	int r = list_all(devices_of(owner), text ? &after : NULL, limit, &list);
	if (r)
		auth_fail(q, r);
	else
		answer_page(q, list, limit, "id");
}
