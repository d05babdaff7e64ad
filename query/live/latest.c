/* latest - one query; the collection is the writer's, and only read here. */
#include "query/live/latest.h"

#include <errno.h>

int latest_find_stored(void *store, const struct uuid *ids, size_t n, latest_take take, void *arg)
{
	struct store_cursor *cursor;
	struct position_document d;
	const bson_t *doc;
	bson_t filter;

	latest_filter(&filter, ids, n);
	int r = store_find(store, LATEST_COLLECTION, &filter, NULL, &cursor);
	bson_destroy(&filter);
	if (r)
		return r;
	while (r == 0 && (r = store_next(cursor, &doc)) == 0)
		r = position_document_read(&d, doc) ? take(arg, &d) : 0;
	store_cursor_close(cursor);
	return r == STORE_E_MISSING ? 0 : r;
}
