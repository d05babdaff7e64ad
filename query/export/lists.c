/* lists - GET /internal/v1/export/LIST/{user} of auth, page after page, each list a file. */
#include "query/export/internal.h"
#include "service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 200, PATH_SIZE = 320 };

/* Each is one of auth's lists, and a file of that name. The first must be "account". */
static const char *const names[] = { "account", "invitations", "sessions", "tokens", "devices", "grants", "links",
	"audit", NULL };

static int result(int r)
{
	return r == CLIENT_E_MISSING ? ARCHIVE_E_GONE : r > 0 ? ARCHIVE_E_RETRY : r;
}

int archive_ask(const struct archive *a, const char *list, const char *cursor, json_t **ret_page)
{
	char user[UUID_TEXT_SIZE], path[PATH_SIZE];
	struct text t = text_in(path, sizeof path);

	uuid_format(user, &a->o.user);
	text_printf(&t, "/internal/v1/export/%s/%s?limit=%d", list, user, PAGE);
	if (cursor)
		text_printf(&t, "&cursor=%s", cursor);
	else if (a->o.address)
		text_printf(&t, "&address=%s", a->o.address);
	if (!text_ok(&t))
		return -E2BIG;
	return result(client_call(a->o.auth, "GET", path, NULL, NULL, ret_page, NULL));
}

/* What the tracks need to know of it. */
static int note_device(struct archive *a, const json_t *item)
{
	json_t *known = json_pack("{sO sO?}", "id", json_object_get(item, "id"), "name", json_object_get(item, "name"));

	return known ? json_array_append_new(a->devices, known) : -EBADMSG;
}

static int write_item(struct archive *a, const json_t *item, bool first)
{
	char *text = json_dumps(item, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	int r = archive_array_add(a, text, strlen(text), first);
	free(text);
	return r;
}

static int write_page(struct archive *a, const json_t *page, bool devices, size_t *n)
{
	const json_t *items = json_object_get(page, "items"), *item;
	int r = json_is_array(items) ? 0 : -EBADMSG;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (r == 0)
			r = write_item(a, item, *n == 0);
		if (r == 0 && devices)
			r = note_device(a, item);
		++*n;
	}
	return r;
}

/* @page: the first of the list; stolen. */
static int write_pages(struct archive *a, const char *list, json_t *page)
{
	bool devices = !strcmp(list, "devices");
	const char *cursor;
	size_t n = 0;
	int r = write_page(a, page, devices, &n);

	while (r == 0 && (cursor = json_string_value(json_object_get(page, "next")))) {
		json_t *next = NULL;
		r = service_stopping() ? -ECANCELED : archive_ask(a, list, cursor, &next);
		json_decref(page);
		page = next;
		if (r == 0)
			r = write_page(a, page, devices, &n);
	}
	json_decref(page);
	return r ? r : archive_array_end(a, n == 0);
}

static int write_list(struct archive *a, const char *list)
{
	json_t *page = a->account; /* the first was asked for already */
	char file[64];
	int r = page ? 0 : archive_ask(a, list, NULL, &page);

	a->account = NULL;
	snprintf(file, sizeof file, "%s.json", list);
	if (r == 0)
		r = archive_array_begin(a, file);
	if (r == 0)
		return write_pages(a, list, page);
	json_decref(page);
	return r;
}

int archive_lists(struct archive *a)
{
	int r = 0;

	for (const char *const *name = names; r == 0 && *name; name++)
		r = write_list(a, *name);
	return r;
}
