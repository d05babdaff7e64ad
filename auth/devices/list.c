/* list - what the lists of this role share: their parameters, their answers. */
#include "auth/devices/internal.h"
#include "base/text.h"

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
