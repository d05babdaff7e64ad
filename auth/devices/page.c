/* page - one more is read than is asked for, to know whether there are more. */
#include "auth/devices/page.h"

#include <errno.h>

bool page_read(struct web_request *q, struct page *ret)
{
	const char *cursor = web_query(q, "cursor");
	struct page p = { .after_any = cursor != NULL };

	if (!devices_limit(q, &p.limit))
		return false;
	if (cursor && !device_cursor_read(&p.after, cursor)) {
		answer_no_cursor(q);
		return false;
	}
	*ret = p;
	return true;
}

static bson_t *page_filter(const bson_t *filter, const struct page *p)
{
	const struct device_cursor *after = &p->after;

	if (!p->after_any)
		return bson_copy(filter);
	return BCON_NEW("$and", "[", BCON_DOCUMENT(filter), "{", "$or", "[", "{", "created", "{", "$gt",
		BCON_DATE_TIME(after->created_ms), "}", "}", "{", "created", BCON_DATE_TIME(after->created_ms), "_id",
		"{", "$gt", BCON_UUID(&after->id), "}", "}", "]", "}", "]");
}

/* Fills @list with up to @limit of them. *ret_more: there are more, after @last. */
static int read_page(struct store_cursor *c, int64_t limit, document_shower show, json_t *list,
	struct device_cursor *last, bool *ret_more)
{
	const bson_t *doc;
	int r = 0;

	*ret_more = false;
	while (r == 0 && (r = store_next(c, &doc)) == 0) {
		*ret_more = (int64_t)json_array_size(list) == limit;
		if (*ret_more)
			return 0;
		if (json_array_append_new(list, show(doc)) || !document_time(doc, "created", &last->created_ms) ||
			!document_uuid(doc, "_id", &last->id))
			r = -EBADMSG;
	}
	return r == STORE_E_MISSING ? 0 : r;
}

int page_find(struct store *s, const char *collection, const bson_t *filter, const struct page *p, document_shower show,
	struct page_found *ret)
{
	bson_t *wanted = page_filter(filter, p);
	bson_t *options = BCON_NEW(
		"sort", "{", "created", BCON_INT32(1), "_id", BCON_INT32(1), "}", "limit", BCON_INT64(p->limit + 1));
	struct page_found found = { .list = json_array() };
	struct store_cursor *c = NULL;
	struct device_cursor last;
	int r = store_find(s, collection, wanted, options, &c);

	if (r == 0)
		r = read_page(c, p->limit, show, found.list, &last, &found.more);
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(wanted);
	if (r) {
		json_decref(found.list);
		return r;
	}
	if (found.more)
		device_cursor_write(&last, found.next);
	*ret = found;
	return 0;
}

void page_answer(struct web_request *q, const char *name, const struct page_found *found)
{
	web_reply(q, 200, json_pack("{so ss?}", name, found->list, "next", found->more ? found->next : NULL));
}
