/* list - one cursor, read to its end. */
#include "auth/common/list.h"

#include <errno.h>

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

int documents_room(struct store *s, const char *collection, const bson_t *filter, int64_t max, bool *ret_room)
{
	bson_t *options = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}", "skip", BCON_INT64(max - 1));
	bson_t *doc;
	int r = store_find_one(s, collection, filter, options, &doc);

	bson_destroy(options);
	if (r == 0)
		bson_destroy(doc);
	if (r && r != STORE_E_MISSING)
		return r;
	*ret_room = r == STORE_E_MISSING;
	return 0;
}
