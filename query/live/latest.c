/* latest - one query; the collection is the writer's, and only read here. */
#include "query/live/latest.h"

#include <errno.h>

#define LATEST "latest"

static bson_t *id_filter(const struct uuid *ids, size_t n)
{
	bson_t *filter = bson_new(), id, in;
	char buf[16];
	const char *key;

	bson_append_document_begin(filter, "_id", -1, &id);
	bson_append_array_begin(&id, "$in", -1, &in);
	for (size_t i = 0; i < n; i++) {
		size_t len = bson_uint32_to_string((uint32_t)i, &key, buf, sizeof(buf));
		bson_append_binary(&in, key, (int)len, BSON_SUBTYPE_UUID, ids[i].b, sizeof(ids[i].b));
	}
	bson_append_array_end(&id, &in);
	bson_append_document_end(filter, &id);
	return filter;
}

int latest_find_stored(void *store, const struct uuid *ids, size_t n, latest_take take, void *arg)
{
	struct store_cursor *cursor;
	struct position_document d;
	const bson_t *doc;
	bson_t *filter = id_filter(ids, n);
	int r = store_find(store, LATEST, filter, NULL, &cursor);

	bson_destroy(filter);
	if (r)
		return r;
	while (r == 0 && (r = store_next(cursor, &doc)) == 0)
		r = position_document_read(&d, doc) ? take(arg, &d) : 0;
	store_cursor_close(cursor);
	return r == STORE_E_MISSING ? 0 : r;
}
