/*
 * company - where a user's pets are and what they are called: for the gateway, whose trackers may show them
 *
 *     {"devices":[{"name":"Blue collar","pet_name":"Misty","latest":{"device":"...","time":"...","lat":50.1703,...}}]}
 *
 * The newest fix first; a device without one is not among them. Attributes are left out.
 */
#include "query/api/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SIZE = 4096 }; /* of one device; auth allows 100 characters each */

static void make_options(bson_t *ret, int64_t limit)
{
	bson_t part;

	bson_init(ret);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "sort", &part);
	BSON_APPEND_INT32(&part, "time", -1);
	bson_append_document_end(ret, &part);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "projection", &part);
	BSON_APPEND_INT32(&part, "attributes", 0);
	bson_append_document_end(ret, &part);
	BSON_APPEND_INT64(ret, "limit", limit);
}

/* The devices that have @names. NULL when memory is out. */
static struct device_set *named_devices(const json_t *names)
{
	struct uuid *ids = calloc(json_object_size(names) + 1, sizeof *ids);
	struct device_set *set = NULL;
	const char *id;
	json_t *own;
	size_t n = 0;

	if (!ids)
		return NULL;
	json_object_foreach((json_t *)names, id, own)
	{
		if (uuid_parse(&ids[n], id, strlen(id)) == 0)
			n++;
	}
	set = device_set_new(ids, n);
	free(ids);
	return set;
}

static void put_name(struct text *t, const json_t *own, const char *member)
{
	const json_t *name = json_object_get(own, member);

	if (!name)
		return;
	text_json(t, member, strlen(member));
	text_putc(t, ':');
	text_json(t, json_string_value(name), json_string_length(name));
	text_putc(t, ',');
}

/* Returns false when the client has gone. */
static bool write_one(struct web_request *q, const struct position_document *d, const json_t *names, const char *before)
{
	char buf[NAMES_SIZE + POSITION_JSON_SIZE], id[UUID_TEXT_SIZE];
	struct text t = text_in(buf, sizeof buf);

	uuid_format(id, &d->position.device);
	const json_t *own = json_object_get(names, id);
	text_puts(&t, before);
	text_putc(&t, '{');
	put_name(&t, own, "name");
	put_name(&t, own, "pet_name");
	text_puts(&t, "\"latest\":");
	position_json(&t, &d->position, 0, d->contact_ms);
	text_putc(&t, '}');
	return web_write(q, t.buf, t.len);
}

/* 0, or why it cannot go on. */
static int write_all(struct web_request *q, struct store_cursor *c, const json_t *names)
{
	static const char begin[] = "{\"devices\":[", end[] = "]}";
	struct position_document d;
	const char *before = "";
	const bson_t *doc;
	int r;

	web_begin(q, 200, "application/json");
	web_write(q, begin, sizeof begin - 1);
	while ((r = store_next(c, &doc)) == 0) {
		if (!position_document_read(&d, doc))
			return -EPROTO;
		if (!position_has(&d.position, POSITION_LOCATION))
			continue;
		if (!write_one(q, &d, names, before))
			return 0;
		before = ",";
	}
	if (r != STORE_E_MISSING)
		return r;
	web_write(q, end, sizeof end - 1);
	web_end(q);
	return 0;
}

static void answer(struct web_request *q, struct api *a, const json_t *names, int64_t limit)
{
	const struct latest_range all = { .limit = limit };
	struct device_set *devices = named_devices(names);
	struct store_cursor *c = NULL;
	bson_t filter, options;

	if (!devices) {
		api_fail(q, "a user's devices", -ENOMEM);
		return;
	}
	api_latest_filter(&filter, devices, &all);
	make_options(&options, limit);
	int r = store_find(a->o.store, LATEST_COLLECTION, &filter, &options, &c);
	if (r == 0)
		r = write_all(q, c, names);
	if (r)
		api_fail(q, "latest positions of a user", r);
	store_cursor_close(c);
	bson_destroy(&filter);
	bson_destroy(&options);
	device_set_unref(devices);
}

void api_get_company(struct web_request *q, void *owner)
{
	const char *id = web_path(q, "id");
	struct api *a = owner;
	struct latest_range range;
	struct complaint complaint;
	struct uuid user;
	json_t *names = NULL;

	if (uuid_parse(&user, id, strlen(id))) {
		web_problem(q, 404, "not_found", "A user's id is a UUID.");
		return;
	}
	if (latest_parameters(&range, &complaint, web_query(q, "limit"), NULL)) {
		web_problem(q, 400, complaint.code, "%s", complaint.detail);
		return;
	}
	int r = access_names(a->o.access, &user, &names);
	if (r) {
		api_fail(q, "names of a user's devices", r);
		return;
	}
	answer(q, a, names, range.limit);
	json_decref(names);
}
