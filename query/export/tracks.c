/* tracks - what the writer has stored: `latest`, and of `positions` each device's stretch, once as JSON and once as GPX. */
#include "query/export/gpx.h"
#include "query/export/internal.h"
#include "query/json/position_document.h"
#include "service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, FILE_SIZE = 80 }; /* documents that the driver holds at once */

/* The id of the @i-th device. */
static int device_at(const struct archive *a, size_t i, struct uuid *ret)
{
	const char *text = json_string_value(json_object_get(json_array_get(a->devices, i), "id"));

	return text && uuid_parse(ret, text, strlen(text)) == 0 ? 0 : -EBADMSG;
}

/* ---- reading ---- */

/* A result of the store, as an archive has it. */
static int found(int r)
{
	return r == STORE_E_RETRY ? ARCHIVE_E_RETRY : r;
}

/* The device's positions, oldest first. */
static int find_positions(struct store *s, const struct uuid *device, struct store_cursor **ret)
{
	bson_t *filter = BCON_NEW("_id", "{", "$gte", "{", "d",
		BCON_BIN(BSON_SUBTYPE_UUID, device->b, sizeof device->b), "t", BCON_MINKEY, "}", "$lte", "{", "d",
		BCON_BIN(BSON_SUBTYPE_UUID, device->b, sizeof device->b), "t", BCON_MAXKEY, "}", "}");
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "batchSize", BCON_INT32(BATCH));
	int r = store_find(s, POSITIONS_COLLECTION, filter, options, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* The next of @c into @ret, which points into the cursor's document. 0, STORE_E_MISSING at the end, ARCHIVE_E_RETRY or
 * -errno. */
static int next_position(struct store_cursor *c, struct position_document *ret)
{
	const bson_t *doc;

	if (service_stopping())
		return -ECANCELED;
	int r = store_next(c, &doc);
	if (r == 0)
		return position_document_read(ret, doc) ? 0 : -EPROTO;
	return found(r);
}

/* ---- JSON ---- */

static int add_json(struct archive *a, const struct position_document *d, bool first)
{
	struct text t = text_in(a->text, sizeof a->text);

	position_json(&t, &d->position, 0, d->contact_ms);
	return archive_array_add(a, t.buf, t.len, first);
}

/* All of @c into the entry that was begun; @c is closed. */
static int copy_json(struct archive *a, struct store_cursor *c)
{
	struct position_document d;
	size_t n = 0;
	int r;

	while ((r = next_position(c, &d)) == 0)
		if ((r = add_json(a, &d, n++ == 0)) != 0)
			break;
	store_cursor_close(c);
	return r == STORE_E_MISSING ? archive_array_end(a, n == 0) : r;
}

/* ---- GPX ---- */

static int begin_gpx(struct archive *a, struct gpx *g, const char *name)
{
	struct text t = text_in(a->text, sizeof a->text);

	gpx_begin(g, &t, name);
	return zip_write(a->zip, t.buf, t.len);
}

static int copy_gpx(struct archive *a, struct store_cursor *c, const char *name)
{
	struct position_document d = { 0 };
	struct gpx g;
	int r = begin_gpx(a, &g, name);

	while (r == 0 && (r = next_position(c, &d)) == 0) {
		struct text t = text_in(a->text, sizeof a->text);
		if (position_has(&d.position, POSITION_LOCATION))
			gpx_point(&g, &t, &d.position);
		r = zip_write(a->zip, t.buf, t.len);
	}
	store_cursor_close(c);
	if (r != STORE_E_MISSING)
		return r;
	struct text t = text_in(a->text, sizeof a->text);
	gpx_end(&g, &t);
	return zip_write(a->zip, t.buf, t.len);
}

/* ---- all of them ---- */

static int write_json(struct archive *a, const struct uuid *device, const char *file)
{
	struct store_cursor *c = NULL;
	int r = found(find_positions(a->o.store, device, &c));

	if (r == 0 && (r = archive_array_begin(a, file)) != 0)
		store_cursor_close(c);
	return r ? r : copy_json(a, c);
}

static int write_gpx(struct archive *a, const struct uuid *device, const char *file, const char *name)
{
	struct store_cursor *c = NULL;
	int r = found(find_positions(a->o.store, device, &c));

	if (r == 0 && (r = zip_entry(a->zip, file, a->now_ms)) != 0)
		store_cursor_close(c);
	return r ? r : copy_gpx(a, c, name);
}

static int write_device(struct archive *a, size_t i)
{
	const char *name = json_string_value(json_object_get(json_array_get(a->devices, i), "name"));
	char id[UUID_TEXT_SIZE], file[FILE_SIZE];
	struct uuid device;
	int r = device_at(a, i, &device);

	if (r)
		return r;
	uuid_format(id, &device);
	snprintf(file, sizeof file, "positions/%s.json", id);
	r = write_json(a, &device, file);
	if (r)
		return r;
	snprintf(file, sizeof file, "positions/%s.gpx", id);
	return write_gpx(a, &device, file, name ? name : id);
}

int archive_tracks(struct archive *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(a->devices); i++)
		r = write_device(a, i);
	return r;
}

/* ---- latest ---- */

static int find_latest(const struct archive *a, struct store_cursor **ret)
{
	size_t n = json_array_size(a->devices);
	struct uuid *ids = calloc(n + 1, sizeof *ids);
	bson_t filter;
	int r = ids ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = device_at(a, i, &ids[i]);
	if (r == 0) {
		latest_filter(&filter, ids, n);
		r = found(store_find(a->o.store, LATEST_COLLECTION, &filter, NULL, ret));
		bson_destroy(&filter);
	}
	free(ids);
	return r;
}

int archive_latest(struct archive *a)
{
	struct store_cursor *c = NULL;
	int r = find_latest(a, &c);

	if (r == 0 && (r = archive_array_begin(a, "latest.json")) != 0)
		store_cursor_close(c);
	return r ? r : copy_json(a, c);
}
