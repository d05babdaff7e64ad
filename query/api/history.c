/*
 * history - where a pet was
 *
 * `positions` is clustered by _id: {d: device, t: time}, so a device's range is one stretch of the collection, read
 * forwards or backwards.
 */
#include "query/api/internal.h"

enum { BATCH = 1000 }; /* documents the driver holds at once */

/* {_id: {$gte: {d, t: from}, $lt: {d, t: to}}} */
static void make_filter(bson_t *ret, const struct uuid *device, const struct history_range *range)
{
	bson_t bounds, id;

	bson_init(ret);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "_id", &bounds);
	BSON_APPEND_DOCUMENT_BEGIN(&bounds, "$gte", &id);
	BSON_APPEND_BINARY(&id, "d", BSON_SUBTYPE_UUID, device->b, sizeof device->b);
	BSON_APPEND_DATE_TIME(&id, "t", range->from_ms);
	bson_append_document_end(&bounds, &id);
	BSON_APPEND_DOCUMENT_BEGIN(&bounds, "$lt", &id);
	BSON_APPEND_BINARY(&id, "d", BSON_SUBTYPE_UUID, device->b, sizeof device->b);
	BSON_APPEND_DATE_TIME(&id, "t", range->to_ms);
	bson_append_document_end(&bounds, &id);
	bson_append_document_end(ret, &bounds);
}

static void make_options(bson_t *ret, const struct history_range *range)
{
	bson_t sort;

	bson_init(ret);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "sort", &sort);
	BSON_APPEND_INT32(&sort, "_id", range->descending ? -1 : 1);
	bson_append_document_end(ret, &sort);
	BSON_APPEND_INT64(ret, "limit", range->limit + 1);
	BSON_APPEND_INT32(ret, "batchSize", BATCH);
}

static void answer(struct web_request *q, struct api *a, const struct uuid *device, const struct history_range *range,
	const struct limits *limits)
{
	struct store_cursor *c = NULL;
	bson_t filter, options;

	make_filter(&filter, device, range);
	make_options(&options, range);
	int r = store_find(a->o.store, POSITIONS_COLLECTION, &filter, &options, &c);
	bson_destroy(&filter);
	bson_destroy(&options);
	if (r)
		api_fail(q, "asking for history", r);
	else
		api_stream(q, c,
			&(struct stream){ range->limit, range->geojson, limits,
				{ .kind = CURSOR_HISTORY, .descending = range->descending } });
}

/* Within the window that is shown. */
static void narrow(struct history_range *range, const struct limits *l)
{
	if (!l->limited)
		return;
	if (range->from_ms < l->from_ms)
		range->from_ms = l->from_ms;
	if (range->to_ms > l->until_ms)
		range->to_ms = l->until_ms;
}

void api_get_history(struct web_request *q, void *owner)
{
	struct api *a = owner;
	struct history_range range;
	struct complaint complaint;
	struct limits limits;
	struct uuid device;

	if (!api_path_device(q, a, &device, &limits))
		return;
	if (limits.limited && !limits.history) {
		web_problem(q, 403, "no_history", "This link shows where the device is, not where it was.");
		return;
	}
	const struct history_texts texts = {
		.from = web_query(q, "from"),
		.to = web_query(q, "to"),
		.order = web_query(q, "order"),
		.limit = web_query(q, "limit"),
		.cursor = web_query(q, "cursor"),
		.format = web_query(q, "format"),
	};
	if (history_parameters(&range, &complaint, &texts, &device)) {
		web_problem(q, 400, complaint.code, "%s", complaint.detail);
		return;
	}
	narrow(&range, &limits);
	answer(q, a, &device, &range, &limits);
}
