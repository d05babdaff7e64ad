/* latest - where pets are. */
#include "query/api/internal.h"

#include <string.h>

enum { BATCH = 500 }; /* documents the driver holds at once */

void api_latest_filter(bson_t *ret, const struct device_set *devices, const struct latest_range *range)
{
	size_t from = 0;

	/* They ascend. */
	while (range->after_any && from < devices->n &&
		memcmp(&devices->ids[from], &range->after, sizeof range->after) <= 0)
		from++;
	latest_filter(ret, devices->ids + from, devices->n - from);
}

static void make_options(bson_t *ret, const struct latest_range *range)
{
	bson_t sort;

	bson_init(ret);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "sort", &sort);
	BSON_APPEND_INT32(&sort, "_id", 1);
	bson_append_document_end(ret, &sort);
	BSON_APPEND_INT64(ret, "limit", range->limit + 1);
	BSON_APPEND_INT32(ret, "batchSize", BATCH);
}

static void answer(
	struct web_request *q, struct api *a, const struct device_set *devices, const struct latest_range *range)
{
	struct store_cursor *c = NULL;
	bson_t filter, options;

	api_latest_filter(&filter, devices, range);
	make_options(&options, range);
	int r = store_find(a->o.store, LATEST_COLLECTION, &filter, &options, &c);
	bson_destroy(&filter);
	bson_destroy(&options);
	if (r)
		api_fail(q, "asking for latest positions", r);
	else
		api_stream(q, c, &(struct stream){ range->limit, false, &devices->limits, { .kind = CURSOR_LATEST } });
}

void api_list_latest(struct web_request *q, void *owner)
{
	struct api *a = owner;
	struct device_set *devices = NULL;
	struct latest_range range;
	struct complaint complaint;

	if (latest_parameters(&range, &complaint, web_query(q, "limit"), web_query(q, "cursor"))) {
		web_problem(q, 400, complaint.code, "%s", complaint.detail);
		return;
	}
	if (!api_user_devices(q, a, NULL, &devices))
		return;
	answer(q, a, devices, &range);
	device_set_unref(devices);
}

static void answer_one(struct web_request *q, const bson_t *doc, const struct limits *limits)
{
	char text[POSITION_JSON_SIZE_MAX];
	struct text t = text_in(text, sizeof text);
	struct position_document d;

	if (!position_document_read(&d, doc) || !limits_show(limits, d.position.time_ms)) {
		api_no_device(q);
		return;
	}
	position_document_limit(&d, limits);
	position_json(&t, &d.position, 0, d.contact_ms);
	web_reply_text(q, 200, "application/json", text, t.len);
}

void api_get_latest(struct web_request *q, void *owner)
{
	struct api *a = owner;
	bson_t filter = BSON_INITIALIZER, *doc = NULL;
	struct limits limits;
	struct uuid device;

	if (!api_path_device(q, a, &device, &limits))
		return;
	BSON_APPEND_BINARY(&filter, "_id", BSON_SUBTYPE_UUID, device.b, sizeof device.b);
	int r = store_find_one(a->o.store, LATEST_COLLECTION, &filter, NULL, &doc);
	bson_destroy(&filter);
	if (r == STORE_E_MISSING)
		api_no_device(q);
	else if (r)
		api_fail(q, "asking for a latest position", r);
	else
		answer_one(q, doc, &limits);
	bson_destroy(doc);
}
