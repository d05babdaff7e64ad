/* listing - page after page. */
#include "cli/listing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 100, PATH_SIZE = 512 };

/* Appends one page to @list. *ret_cursor is the next page's, empty at the end. */
static int add_page(
	struct session *s, const char *path, const char *member, json_t *list, char cursor[static PATH_SIZE / 2])
{
	char full[PATH_SIZE];
	json_t *answer = NULL;

	snprintf(full, sizeof full, "%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?', PAGE,
		*cursor ? "&cursor=" : "", cursor);
	int r = session_call(s, "GET", full, NULL, &answer);
	if (r)
		return r;
	const char *next = json_string_value(json_object_get(answer, "next"));
	if (json_array_extend(list, json_object_get(answer, member)) || (next && strlen(next) >= PATH_SIZE / 2))
		r = SESSION_E_REFUSED;
	else
		strcpy(cursor, next ? next : "");
	json_decref(answer);
	return r;
}

int listing_read(struct session *s, const char *path, const char *member, json_t **ret_array)
{
	char cursor[PATH_SIZE / 2] = "";
	json_t *list = json_array();
	int r = list ? 0 : -ENOMEM;

	do
		if (r == 0)
			r = add_page(s, path, member, list, cursor);
	while (r == 0 && *cursor);
	if (r)
		json_decref(list);
	else
		*ret_array = list;
	return r;
}
