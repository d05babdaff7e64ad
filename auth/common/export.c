/* export - any document as JSON, page after page. */
#include "auth/common/export.h"
#include "auth/common/auth.h"
#include "auth/common/document.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LIMIT = 200, LIMIT_MAX = 1000, DEPTH_MAX = 16, CURSOR_SIZE = 64 };

/* Members of any document that are the outbox's, or a secret that is a text. */
static bool is_ours(const bson_iter_t *i)
{
	const char *name = bson_iter_key(i);

	return (!strcmp(name, "event") && BSON_ITER_HOLDS_DOCUMENT(i)) || !strcmp(name, "announced") ||
	       !strcmp(name, "password");
}

bson_t *export_filter_user(const struct uuid *user)
{
	return BCON_NEW("user", BCON_UUID(user));
}

bson_t *export_filter_owner(const struct uuid *user)
{
	return BCON_NEW("owner", BCON_UUID(user));
}

/* ---- a document as JSON ---- */

static bool among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static json_t *time_json(int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(text, ms);
	return json_string(text);
}

/* NULL for what is no UUID. */
static json_t *uuid_json(const bson_iter_t *i)
{
	char text[UUID_TEXT_SIZE];
	bson_subtype_t subtype;
	struct uuid id;
	const uint8_t *bytes;
	uint32_t n;

	bson_iter_binary(i, &subtype, &n, &bytes);
	if (subtype != BSON_SUBTYPE_UUID || n != sizeof id.b)
		return NULL;
	memcpy(id.b, bytes, n);
	uuid_format(text, &id);
	return json_string(text);
}

static json_t *members_json(bson_iter_t *i, const char *const *left_out, int depth);
static json_t *list_json(bson_iter_t *i, int depth);

/* NULL: it is not shown. */
static json_t *value_json(const bson_iter_t *i, int depth)
{
	bson_iter_t child;

	switch (bson_iter_type(i)) {
	case BSON_TYPE_UTF8:
		return json_string(bson_iter_utf8(i, NULL));
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
		return json_integer(bson_iter_as_int64(i));
	case BSON_TYPE_DOUBLE:
		return json_real(bson_iter_double(i));
	case BSON_TYPE_BOOL:
		return json_boolean(bson_iter_bool(i));
	case BSON_TYPE_DATE_TIME:
		return time_json(bson_iter_date_time(i));
	case BSON_TYPE_NULL:
		return json_null();
	case BSON_TYPE_BINARY:
		return uuid_json(i);
	case BSON_TYPE_DOCUMENT:
		return depth < DEPTH_MAX && bson_iter_recurse(i, &child) ? members_json(&child, NULL, depth + 1) : NULL;
	case BSON_TYPE_ARRAY:
		return depth < DEPTH_MAX && bson_iter_recurse(i, &child) ? list_json(&child, depth + 1) : NULL;
	default:
		return NULL;
	}
}

static json_t *members_json(bson_iter_t *i, const char *const *left_out, int depth)
{
	json_t *shown = json_object();

	while (bson_iter_next(i)) {
		const char *name = bson_iter_key(i);
		json_t *value = among(name, left_out) || is_ours(i) ? NULL : value_json(i, depth);
		if (value)
			json_object_set_new(shown, strcmp(name, "_id") ? name : "id", value);
	}
	return shown;
}

static json_t *list_json(bson_iter_t *i, int depth)
{
	json_t *shown = json_array();

	while (bson_iter_next(i)) {
		json_t *value = value_json(i, depth);
		if (value)
			json_array_append_new(shown, value);
	}
	return shown;
}

json_t *export_json(const bson_t *doc, const char *const *left_out)
{
	bson_iter_t i;

	return bson_iter_init(&i, doc) ? members_json(&i, left_out, 0) : NULL;
}

/* ---- pages ---- */

/* Where a page ended: "1700000000000.ID". */
struct place {
	int64_t ms;
	struct uuid id;
};

static void place_write(const struct place *p, char out[static CURSOR_SIZE])
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, &p->id);
	snprintf(out, CURSOR_SIZE, "%lld.%s", (long long)p->ms, id);
}

static bool place_read(struct place *ret, const char *text)
{
	const char *dot = strchr(text, '.');

	return dot && text_to_int(&ret->ms, text, (size_t)(dot - text)) == 0 &&
	       uuid_parse(&ret->id, dot + 1, strlen(dot + 1)) == 0;
}

/* What a request asks for. */
struct wish {
	struct uuid user;
	int64_t limit;
	bool after; /* @place */
	struct place place;
};

static bool read_wish(struct web_request *q, struct wish *w)
{
	const char *user = web_path(q, "user"), *limit = web_query(q, "limit"), *cursor = web_query(q, "cursor");

	*w = (struct wish){ .limit = LIMIT, .after = cursor != NULL };
	if (uuid_parse(&w->user, user, strlen(user)))
		web_problem(q, 404, "not_found", "A user's id is a UUID.");
	else if (limit && (text_to_int(&w->limit, limit, strlen(limit)) || w->limit < 1 || w->limit > LIMIT_MAX))
		web_problem(q, 400, "invalid_limit", "\"limit\" must be 1 to %d.", LIMIT_MAX);
	else if (cursor && !place_read(&w->place, cursor))
		web_problem(q, 400, "invalid_cursor", "\"cursor\" must be the \"next\" of an earlier answer.");
	else
		return true;
	return false;
}

static bson_t *page_filter(const struct export_list *l, const struct wish *w)
{
	bson_t *own = l->filter(&w->user);

	if (!w->after)
		return own;
	bson_t *filter = BCON_NEW("$and", "[", BCON_DOCUMENT(own), "{", "$or", "[", "{", l->order, "{", "$gt",
		BCON_DATE_TIME(w->place.ms), "}", "}", "{", l->order, BCON_DATE_TIME(w->place.ms), "_id", "{", "$gt",
		BCON_UUID(&w->place.id), "}", "}", "]", "}", "]");
	bson_destroy(own);
	return filter;
}

/* Fills @items. *ret_more: there are more, behind *last. */
static int read_page(struct store_cursor *c, const struct export_list *l, int64_t limit, json_t *items,
	struct place *last, bool *ret_more)
{
	const bson_t *doc;
	int r;

	*ret_more = false;
	while ((r = store_next(c, &doc)) == 0) {
		*ret_more = (int64_t)json_array_size(items) == limit;
		if (*ret_more)
			return 0;
		if (json_array_append_new(items, export_json(doc, l->left_out)))
			return -ENOMEM;
		if (!document_time(doc, l->order, &last->ms) || !document_uuid(doc, "_id", &last->id))
			return -EBADMSG;
	}
	return r == STORE_E_MISSING ? 0 : r;
}

static int list_page(struct store *s, const struct export_list *l, const struct wish *w, json_t **ret)
{
	bson_t *filter = page_filter(l, w);
	bson_t *options = BCON_NEW(
		"sort", "{", l->order, BCON_INT32(1), "_id", BCON_INT32(1), "}", "limit", BCON_INT64(w->limit + 1));
	struct store_cursor *c = NULL;
	struct place last = { 0 };
	char next[CURSOR_SIZE];
	bool more = false;
	json_t *items = json_array();
	int r = store_find(s, l->collection, filter, options, &c);

	if (r == 0)
		r = read_page(c, l, w->limit, items, &last, &more);
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(filter);
	if (r) {
		json_decref(items);
		return r;
	}
	if (more)
		place_write(&last, next);
	*ret = json_pack("{so ss?}", "items", items, "next", more ? next : NULL);
	return *ret ? 0 : -ENOMEM;
}

size_t export_answer(struct web_request *q, void *owner, const struct export_list *l)
{
	const struct auth *a = owner;
	struct wish w;
	json_t *page = NULL;

	if (!read_wish(q, &w))
		return 0;
	int r = list_page(a->store, l, &w, &page);
	web_add_header(q, "Cache-Control", "no-store");
	if (r) {
		auth_fail(q, r);
		return 0;
	}
	size_t n = json_array_size(json_object_get(page, "items"));
	web_reply(q, 200, page);
	return n;
}
