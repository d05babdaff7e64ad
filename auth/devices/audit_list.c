/* audit_list - one stretch of an index, read backwards in time. */
#include "auth/devices/audit_list.h"
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "base/time.h"

#include <errno.h>

/* ---- one event ---- */

static const char *const texts[] = { "address", "agent", "who", "name", "changed" };
static const char *const ids[] = { "session", "device", "grant", "link", "token" };

static bool put_text(json_t *event, const char *name, const bson_t *doc)
{
	const char *text = document_text(doc, name);

	return !text || json_object_set_new(event, name, json_string(text)) == 0;
}

static bool put_id(json_t *event, const char *name, const bson_t *doc)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	if (!document_uuid(doc, name, &id))
		return true;
	uuid_format(text, &id);
	return json_object_set_new(event, name, json_string(text)) == 0;
}

/* Of what is counted: how often, and when last. */
static bool put_count(json_t *event, const bson_t *doc)
{
	char last[TIME_TEXT_SIZE];
	int64_t n, ms;

	if (!document_int(doc, "count", &n) || !document_time(doc, "last", &ms))
		return true;
	time_format(last, ms);
	return json_object_set_new(event, "count", json_integer(n)) == 0 &&
	       json_object_set_new(event, "last", json_string(last)) == 0;
}

json_t *audit_event_json(const bson_t *doc)
{
	const char *name = document_text(doc, "event");
	char time[TIME_TEXT_SIZE];
	int64_t ms;

	if (!name || !document_time(doc, "time", &ms))
		return NULL;
	time_format(time, ms);
	json_t *event = json_pack("{ss ss}", "time", time, "event", name);
	bool whole = event != NULL;
	for (size_t i = 0; whole && i < sizeof texts / sizeof *texts; i++)
		whole = put_text(event, texts[i], doc);
	for (size_t i = 0; whole && i < sizeof ids / sizeof *ids; i++)
		whole = put_id(event, ids[i], doc);
	if (whole && put_count(event, doc))
		return event;
	json_decref(event);
	return NULL;
}

/* ---- pages ---- */

static bson_t *page_filter(const struct uuid *user, const struct device_cursor *before)
{
	bson_t *f = BCON_NEW("user", BCON_UUID(user));

	if (before)
		BCON_APPEND(f, "$or", "[", "{", "time", "{", "$lt", BCON_DATE_TIME(before->created_ms), "}", "}", "{",
			"time", BCON_DATE_TIME(before->created_ms), "_id", "{", "$lt", BCON_UUID(&before->id), "}", "}",
			"]");
	return f;
}

/* Where the page after the one that ends with @doc begins. */
static json_t *next_json(const bson_t *doc)
{
	struct device_cursor c;
	char text[CURSOR_SIZE];

	if (!document_time(doc, "time", &c.created_ms) || !document_uuid(doc, "_id", &c.id))
		return NULL;
	device_cursor_write(&c, text);
	return json_string(text);
}

/* Up to @limit events into @list, and *ret_next where there are more. */
static int read_events(struct store_cursor *c, int64_t limit, json_t *list, json_t **ret_next)
{
	const bson_t *doc;
	json_t *next = NULL;
	int r = 0;

	while (r == 0 && (r = store_next(c, &doc)) == 0) {
		if ((int64_t)json_array_size(list) == limit) {
			*ret_next = next;
			return 0;
		}
		json_decref(next);
		next = next_json(doc);
		if (!next || json_array_append_new(list, audit_event_json(doc)))
			r = -EBADMSG;
	}
	json_decref(next);
	return r == STORE_E_MISSING ? 0 : r;
}

static void answer_events(struct web_request *q, struct store *s, const bson_t *filter, int64_t limit)
{
	bson_t *options = BCON_NEW(
		"sort", "{", "time", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "limit", BCON_INT64(limit + 1));
	struct store_cursor *c = NULL;
	json_t *list = json_array(), *next = NULL;
	int r = store_find(s, AUDIT_COLLECTION, filter, options, &c);

	if (r == 0)
		r = read_events(c, limit, list, &next);
	store_cursor_close(c);
	bson_destroy(options);
	if (r == 0) {
		web_reply(q, 200, json_pack("{so so?}", "events", list, "next", next));
	} else {
		json_decref(list);
		auth_fail(q, r);
	}
}

void audit_list_handle(struct web_request *q, void *owner)
{
	const char *cursor = web_query(q, "cursor");
	struct device_cursor before;
	int64_t limit;

	if (!devices_limit(q, &limit))
		return;
	if (cursor && !device_cursor_read(&before, cursor)) {
		answer_no_cursor(q);
		return;
	}
	bson_t *filter = page_filter(&web_claims(q)->subject, cursor ? &before : NULL);
	answer_events(q, devices_of(owner)->store, filter, limit);
	bson_destroy(filter);
}
