/* range - a find that skips shows where a piece ends. */
#include "store/range.h"
#include "store/internal.h"

#include <errno.h>

/* { _id: { $gte: from, OPERATOR: to } } */
static bson_t *between(const bson_t *from, const char *operator, const bson_t * to)
{
	return BCON_NEW("_id", "{", "$gte", BCON_DOCUMENT(from), operator, BCON_DOCUMENT(to), "}");
}

int range_count(struct store *s, const struct range *range, int64_t *ret)
{
	bson_t *filter = between(range->from, "$lt", range->to);
	int r = store_count(s, range->collection, filter, ret);

	bson_destroy(filter);
	return r;
}

/* The _id of the @nth document, from 1. STORE_E_MISSING when there are not so many. */
static int nth(struct store *s, const struct range *range, int64_t n, bson_t **ret)
{
	bson_t *filter = between(range->from, "$lt", range->to), *doc;
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "skip", BCON_INT64(n - 1), "projection", "{",
		"_id", BCON_INT32(1), "}");
	int r = store_find_one(s, range->collection, filter, options, &doc);
	bson_iter_t i;
	const uint8_t *bytes;
	uint32_t len;

	bson_destroy(options);
	bson_destroy(filter);
	if (r)
		return r;
	if (bson_iter_init_find(&i, doc, "_id") && BSON_ITER_HOLDS_DOCUMENT(&i)) {
		bson_iter_document(&i, &len, &bytes);
		*ret = bson_new_from_data(bytes, len);
	} else {
		r = store_fail_as(-EPROTO, "an _id is no document");
	}
	bson_destroy(doc);
	return r;
}

int range_delete(struct store *s, const struct range *range, int64_t max, int64_t *ret_n, bool *ret_more)
{
	bson_t *last = NULL;
	int r = nth(s, range, max, &last);

	if (r && r != STORE_E_MISSING)
		return r;
	bson_t *filter = last ? between(range->from, "$lte", last) : between(range->from, "$lt", range->to);
	r = store_delete_many(s, range->collection, filter, ret_n);
	if (r == 0)
		*ret_more = last != NULL;
	bson_destroy(filter);
	bson_destroy(last);
	return r;
}
