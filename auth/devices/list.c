/* list - what the lists of this role share: their parameters, their documents, their answers. */
#include "auth/devices/internal.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { LIST_DEFAULT = 100, LIST_MAX = 1000 };

bool devices_limit(struct web_request *q, int64_t *ret)
{
	const char *text = web_query(q, "limit");
	int64_t limit = LIST_DEFAULT;

	if (text && (text_to_int(&limit, text, strlen(text)) || limit < 1 || limit > LIST_MAX)) {
		web_problem(q, 400, "invalid_limit", "\"limit\" must be 1 to %d.", LIST_MAX);
		return false;
	}
	*ret = limit;
	return true;
}

void answer_no_cursor(struct web_request *q)
{
	web_problem(q, 400, "invalid_cursor", "\"cursor\" must be the \"next\" of an earlier answer.");
}

void answer_page(struct web_request *q, json_t *list, int64_t limit, const char *cursor)
{
	size_t n = json_array_size(list);
	json_t *next = (int64_t)n < limit ? NULL : json_object_get(json_array_get(list, n - 1), cursor);

	web_reply(q, 200, json_pack("{so sO?}", "devices", list, "next", next));
}

int documents_list(struct store *s, const char *collection, const bson_t *filter, const bson_t *options,
	document_shower show, json_t **ret)
{
	struct store_cursor *c = NULL;
	const bson_t *doc;
	json_t *list = json_array();
	int r = store_find(s, collection, filter, options, &c);

	while (r == 0 && (r = store_next(c, &doc)) == 0)
		if (json_array_append_new(list, show(doc)))
			r = -EBADMSG;
	store_cursor_close(c);
	if (r != STORE_E_MISSING) {
		json_decref(list);
		return r;
	}
	*ret = list;
	return 0;
}
