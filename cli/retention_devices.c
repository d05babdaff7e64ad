/* retention_devices - auth's list, kept sorted for looking up. */
#include "cli/retention_devices.h"
#include "cli/pages.h"

#include <errno.h>
#include <stdlib.h>

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

static int add_page(void *owner, const json_t *list)
{
	struct retention_devices *d = owner;
	size_t n = json_array_size(list);
	struct retention_device *more = reallocarray(d->items, d->n + n + 1, sizeof *more);
	int r = 0;

	if (!more)
		return -ENOMEM;
	d->items = more;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add(d, json_array_get(list, i));
	return r;
}

static int by_id(const void *a, const void *b)
{
	const struct retention_device *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

int retention_devices_read(struct retention_devices *ret, struct client *auth, int64_t timeout_ms)
{
	struct retention_devices d = { 0 };
	int r = pages_read(auth, "/internal/v1/devices", timeout_ms, add_page, &d);

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
