/* erased - a list in MongoDB, which all writers look at. */
#include "erased.h"
#include "document.h"
#include "store/range.h"
#include "store/index.h"

#include <errno.h>

/* ---- the list ---- */

int erased_prepare(struct store *s)
{
	int r = index_ensure_ttl(s, ERASED_COLLECTION, 0);

	return r ? r : index_ensure(s, ERASED_COLLECTION, "due", BCON_NEW("due", BCON_INT32(1)), INDEX_SPARSE);
}

static bson_t *filter_of(const struct uuid *device)
{
	bson_t *filter = bson_new();

	BSON_APPEND_BINARY(filter, "_id", BSON_SUBTYPE_UUID, device->b, sizeof device->b);
	return filter;
}

int erased_note(struct store *s, const struct uuid *device, int64_t expires_ms)
{
	bson_t *filter = filter_of(device);
	bson_t *update = BCON_NEW("$max", "{", "expires", BCON_DATE_TIME(expires_ms), "}");
	int r = store_update_one(s, ERASED_COLLECTION, filter, update, true);

	if (r == STORE_E_DUPLICATE) /* another writer's at the same time */
		r = 0;
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

/* { _id: { $in: [those of @n] } } */
static bson_t *filter_any(const struct newest *n)
{
	bson_t *filter = bson_new(), in, list, ignored;
	const bson_t *fix;
	char room[16];
	const char *key;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
	for (size_t i = 0; i < newest_devices(n); i++) {
		size_t len = bson_uint32_to_string((uint32_t)i, &key, room, sizeof room);
		const struct report *r = newest_at(n, i, &ignored, &fix);
		bson_append_binary(&list, key, (int)len, BSON_SUBTYPE_UUID, r->device.b, sizeof r->device.b);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(filter, &in);
	return filter;
}

/* As a rule there is none: a find, which writes nothing, tells. */
int erased_meet(struct store *s, const struct newest *n, int64_t now_ms)
{
	bson_t *filter = filter_any(n), *found = NULL;
	bson_t *options = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}");
	int r = store_find_one(s, ERASED_COLLECTION, filter, options, &found);

	bson_destroy(options);
	bson_destroy(found);
	if (r == 0) {
		bson_t *update = BCON_NEW("$set", "{", "due", BCON_DATE_TIME(now_ms), "}");
		r = store_update_many(s, ERASED_COLLECTION, filter, update, NULL);
		bson_destroy(update);
	}
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

/* ---- sweeping ---- */

static int delete_latest(struct store *s, const struct uuid *device)
{
	bson_t *filter = filter_of(device);
	int r = store_delete_one(s, "latest", filter);

	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

int erased_sweep(struct store *s, const struct uuid *device, int64_t max, int64_t *ret_n, bool *ret_more)
{
	bson_t *from = document_first_key(device), *to = document_last_key(device);
	int r = range_delete(s, &(struct range){ "positions", from, to }, max, ret_n, ret_more);

	bson_destroy(to);
	bson_destroy(from);
	return r || *ret_more ? r : delete_latest(s, device);
}

/* ---- what is due ---- */

static bool read_due(const bson_t *doc, struct erased_due *ret)
{
	bson_iter_t i;
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t n;

	if (!bson_iter_init_find(&i, doc, "_id") || !BSON_ITER_HOLDS_BINARY(&i))
		return false;
	bson_iter_binary(&i, &subtype, &n, &bytes);
	if (n != sizeof ret->device.b || !bson_iter_init_find(&i, doc, "due") || !BSON_ITER_HOLDS_DATE_TIME(&i))
		return false;
	memcpy(ret->device.b, bytes, n);
	ret->due_ms = bson_iter_date_time(&i);
	return true;
}

int erased_next(struct store *s, struct erased_due *ret)
{
	bson_t *filter = BCON_NEW("due", "{", "$exists", BCON_BOOL(true), "}"), *doc;
	bson_t *options = BCON_NEW("sort", "{", "due", BCON_INT32(1), "}");
	int r = store_find_one(s, ERASED_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	bson_destroy(filter);
	if (r)
		return r;
	r = read_due(doc, ret) ? 0 : -EBADMSG;
	bson_destroy(doc);
	return r;
}

int erased_done(struct store *s, const struct erased_due *d)
{
	bson_t *filter = filter_of(&d->device);
	bson_t *update = BCON_NEW("$unset", "{", "due", BCON_UTF8(""), "}");

	BSON_APPEND_DATE_TIME(filter, "due", d->due_ms);
	int r = store_update_one(s, ERASED_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}
