/* retention_history - ranges of `positions`. */
#include "cli/retention_history.h"
#include "cli/patience.h"
#include "base/clock.h"
#include "service/log.h"
#include "service/service.h"
#include "store/range.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static const char positions[] = "positions", latest[] = "latest";

enum bound { FIRST, LAST }; /* before, and behind, whatever a device has */

static void put_device(bson_t *key, const struct uuid *device)
{
	BSON_APPEND_BINARY(key, "d", BSON_SUBTYPE_UUID, device->b, sizeof device->b);
}

/* { d: device, t: MinKey or MaxKey } */
static bson_t *bound_of(const struct uuid *device, enum bound bound)
{
	bson_t *key = bson_new();

	put_device(key, device);
	if (bound == FIRST)
		BSON_APPEND_MINKEY(key, "t");
	else
		BSON_APPEND_MAXKEY(key, "t");
	return key;
}

static bson_t *key_of(const struct uuid *device, int64_t time_ms)
{
	bson_t *key = bson_new();

	put_device(key, device);
	BSON_APPEND_DATE_TIME(key, "t", time_ms);
	return key;
}

/* ---- one range ---- */

/* Sleeps for as long as @n positions may take at the rate, less what they took. False: told to stop. */
static bool pause_for(const struct history *h, int64_t n, int64_t took_ms)
{
	struct pollfd stop = { .fd = service_stop_fd(), .events = POLLIN };
	int64_t pause = h->rate ? n * 1000 / h->rate - took_ms : 0;

	if (pause > 0)
		poll(&stop, 1, (int)pause);
	return !service_stopping();
}

/* One piece, tried again while no server answers. */
static int delete_piece(const struct history *h, const struct range *range, int64_t *ret_n, bool *ret_more)
{
	struct patience patience = patience_of(h->patience_ms);
	int r;

	do {
		r = range_delete(h->store, range, h->batch, ret_n, ret_more);
		if (r == STORE_E_RETRY)
			log_warn("trying again", LOG_S("reason", store_last_error()));
	} while (r == STORE_E_RETRY && patience_left(&patience));
	return r == STORE_E_RETRY && service_stopping() ? -ECANCELED : r;
}

static int delete_all(const struct history *h, const struct range *range, int64_t *ret_n)
{
	bool more = true, stopped = false;
	int r = 0;

	while (r == 0 && more && !stopped) {
		int64_t n = 0, begun = clock_mono_ms();
		r = delete_piece(h, range, &n, &more);
		*ret_n += n;
		stopped = r == 0 && !pause_for(h, n, clock_mono_ms() - begun) && more;
	}
	return stopped ? -ECANCELED : r;
}

static int count_all(const struct history *h, const struct range *range, int64_t *ret_n)
{
	struct patience patience = patience_of(h->patience_ms);
	int r;

	do
		r = range_count(h->store, range, ret_n);
	while (r == STORE_E_RETRY && patience_left(&patience));
	return r;
}

static int cut(const struct history *h, const struct uuid *device, bson_t *to, int64_t *ret_n)
{
	bson_t *from = bound_of(device, FIRST);
	const struct range range = { positions, from, to };

	*ret_n = 0;
	int r = h->dry_run ? count_all(h, &range, ret_n) : delete_all(h, &range, ret_n);
	bson_destroy(from);
	bson_destroy(to);
	return r;
}

int history_cut(const struct history *h, const struct uuid *device, int64_t before_ms, int64_t *ret_n)
{
	return cut(h, device, key_of(device, before_ms), ret_n);
}

static int delete_latest(const struct history *h, const struct uuid *device)
{
	struct patience patience = patience_of(h->patience_ms);
	bson_t filter = BSON_INITIALIZER;
	int r;

	BSON_APPEND_BINARY(&filter, "_id", BSON_SUBTYPE_UUID, device->b, sizeof device->b);
	do
		r = store_delete_one(h->store, latest, &filter);
	while (r == STORE_E_RETRY && patience_left(&patience));
	bson_destroy(&filter);
	return r == STORE_E_MISSING ? 0 : r;
}

int history_erase(const struct history *h, const struct uuid *device, int64_t *ret_n)
{
	int r = cut(h, device, bound_of(device, LAST), ret_n);

	return r || h->dry_run ? r : delete_latest(h, device);
}

/* ---- who has a history ---- */

static int device_of(const bson_t *doc, struct uuid *ret)
{
	bson_iter_t i, d;
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t n;

	if (!bson_iter_init(&i, doc) || !bson_iter_find_descendant(&i, "_id.d", &d) || !BSON_ITER_HOLDS_BINARY(&d))
		return -EBADMSG;
	bson_iter_binary(&d, &subtype, &n, &bytes);
	if (n != sizeof ret->b)
		return -EBADMSG;
	memcpy(ret->b, bytes, n);
	return 0;
}

/* The first device behind @after (NULL: of all). STORE_E_MISSING: there is none. */
static int next_device(const struct history *h, const struct uuid *after, struct uuid *ret)
{
	struct patience patience = patience_of(h->patience_ms);
	bson_t *behind = after ? bound_of(after, LAST) : NULL;
	bson_t *filter = behind ? BCON_NEW("_id", "{", "$gt", BCON_DOCUMENT(behind), "}") : bson_new(), *doc;
	bson_t *options =
		BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "projection", "{", "_id", BCON_INT32(1), "}");
	int r;

	do
		r = store_find_one(h->store, positions, filter, options, &doc);
	while (r == STORE_E_RETRY && patience_left(&patience));
	bson_destroy(options);
	bson_destroy(filter);
	bson_destroy(behind);
	if (r)
		return r;
	r = device_of(doc, ret);
	bson_destroy(doc);
	return r;
}

static int append(struct uuids *list, size_t *room, const struct uuid *id)
{
	if (list->n == *room) {
		size_t bigger = *room ? 2 * *room : 1024;
		struct uuid *items = reallocarray(list->items, bigger, sizeof *items);
		if (!items)
			return -ENOMEM;
		list->items = items;
		*room = bigger;
	}
	list->items[list->n++] = *id;
	return 0;
}

int history_devices(const struct history *h, struct uuids *ret)
{
	struct uuids list = { 0 };
	struct uuid id;
	size_t room = 0;
	int r = 0;

	while (r == 0) {
		r = next_device(h, list.n ? &list.items[list.n - 1] : NULL, &id);
		if (r == 0)
			r = service_stopping() ? -ECANCELED : append(&list, &room, &id);
	}
	if (r != STORE_E_MISSING) {
		free(list.items);
		return r;
	}
	*ret = list;
	return 0;
}
