/* pages - asks until there is no next one. */
#include "cli/pages.h"
#include "cli/patience.h"

#include <errno.h>
#include <stdio.h>

enum { PAGE = 1000, PATH_SIZE = 256 };

static int ask(struct client *auth, const char *path, int64_t timeout_ms, json_t **ret)
{
	struct patience patience = patience_of(timeout_ms);
	int r;

	do
		r = client_call(auth, "GET", path, NULL, NULL, ret, NULL);
	while (r == CLIENT_E_RETRY && patience_left(&patience));
	return r;
}

/* The last page says that it is the last: null. */
static bool is_page(const json_t *page)
{
	const json_t *next = json_object_get(page, "next");

	return json_is_array(json_object_get(page, "devices")) && (json_is_null(next) || json_is_string(next));
}

/* Where the page after @page is; false: there is none. */
static bool next_path(char out[static PATH_SIZE], const char *path, const json_t *page)
{
	const char *next = json_string_value(json_object_get(page, "next"));

	if (next)
		snprintf(out, PATH_SIZE, "%s?limit=%d&cursor=%s", path, PAGE, next);
	return next != NULL;
}

int pages_read(struct client *auth, const char *path, int64_t timeout_ms,
	int (*add)(void *owner, const json_t *devices), void *owner)
{
	char at[PATH_SIZE];
	bool more = true;
	int r = 0;

	snprintf(at, sizeof at, "%s?limit=%d", path, PAGE);
	while (r == 0 && more) {
		json_t *page = NULL;
		r = ask(auth, at, timeout_ms, &page);
		if (r == 0)
			r = is_page(page) ? add(owner, json_object_get(page, "devices")) : -EPROTO;
		more = r == 0 && next_path(at, path, page);
		json_decref(page);
	}
	return r;
}
