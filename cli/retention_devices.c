/* retention_devices - auth's list, kept sorted for looking up. */
#include "cli/retention_devices.h"
#include "cli/patience.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 1000, PATH_SIZE = 256 };

static int add(struct retention_devices *d, const json_t *entry)
{
	struct retention_device *item = &d->items[d->n];
	const char *id = json_string_value(json_object_get(entry, "id"));
	const json_t *days = json_object_get(entry, "retention_days");
	json_int_t n = json_integer_value(days); /* of null it is 0 */

	if (!id || uuid_parse(&item->id, id, strlen(id)))
		return -EPROTO;
	if (!json_is_null(days) && (!json_is_integer(days) || n < 1 || n > INT32_MAX))
		return -EPROTO;
	item->days = (int32_t)n;
	d->n++;
	return 0;
}

/* The last page says that it is the last: null. */
static bool has_next(const json_t *page)
{
	const json_t *next = json_object_get(page, "next");

	return json_is_null(next) || json_is_string(next);
}

static int add_page(struct retention_devices *d, const json_t *page)
{
	const json_t *list = json_object_get(page, "devices"), *entry;
	size_t i, n = json_array_size(list);
	struct retention_device *more = reallocarray(d->items, d->n + n + 1, sizeof *more);
	int r = json_is_array(list) && has_next(page) ? 0 : -EPROTO;

	if (!more)
		return -ENOMEM;
	d->items = more;
	for (i = 0; r == 0 && i < n; i++) {
		entry = json_array_get(list, i);
		r = add(d, entry);
	}
	return r;
}

static int ask(struct client *auth, const char *path, int64_t timeout_ms, json_t **ret)
{
	struct patience patience = patience_of(timeout_ms);
	int r;

	do
		r = client_call(auth, "GET", path, NULL, NULL, ret, NULL);
	while (r == CLIENT_E_RETRY && patience_left(&patience));
	return r;
}

/* Writes the path of the page after @page; false: there is none. */
static bool next_path(char path[static PATH_SIZE], const json_t *page)
{
	const char *next = json_string_value(json_object_get(page, "next"));

	if (next)
		snprintf(path, PATH_SIZE, "/internal/v1/devices?limit=%d&cursor=%s", PAGE, next);
	return next != NULL;
}

static int by_id(const void *a, const void *b)
{
	const struct retention_device *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

int retention_devices_read(struct retention_devices *ret, struct client *auth, int64_t timeout_ms)
{
	struct retention_devices d = { 0 };
	char path[PATH_SIZE];
	bool more = true;
	int r = 0;

	snprintf(path, sizeof path, "/internal/v1/devices?limit=%d", PAGE);
	while (r == 0 && more) {
		json_t *page = NULL;
		r = ask(auth, path, timeout_ms, &page);
		if (r == 0)
			r = add_page(&d, page);
		more = r == 0 && next_path(path, page);
		json_decref(page);
	}
	if (r) {
		retention_devices_free(&d);
		return r;
	}
	qsort(d.items, d.n, sizeof *d.items, by_id);
	*ret = d;
	return 0;
}

bool retention_devices_know(const struct retention_devices *d, const struct uuid *id)
{
	const struct retention_device key = { .id = *id };

	return d->n > 0 && bsearch(&key, d->items, d->n, sizeof *d->items, by_id);
}

void retention_devices_free(struct retention_devices *d)
{
	free(d->items);
	*d = (struct retention_devices){ 0 };
}
