/* owner - what an owner does with devices that exist. Every filter names the owner: somebody else's is not found. */
#include "auth/devices/device.h"
#include "auth/devices/end.h"
#include "auth/devices/internal.h"
#include "auth/devices/optional.h"
#include "auth/common/check.h"

#include <errno.h>
#include <string.h>

static void answer_missing(struct web_request *q)
{
	web_problem(q, 404, "not_found", "You have no such device.");
}

/* Answers what went wrong. */
static void answer_failure(struct web_request *q, int r)
{
	if (r == STORE_E_MISSING)
		answer_missing(q);
	else
		auth_fail(q, r);
}

static void answer_device(struct web_request *q, const bson_t *doc)
{
	json_t *device = device_json(doc);

	if (device)
		web_reply(q, 200, device);
	else
		auth_fail(q, -EBADMSG);
}

/* The filter for {id} of the caller's, or NULL when it is no id, which is answered. */
static bson_t *own_device(struct web_request *q)
{
	const char *text = web_path(q, "id");
	struct uuid id;

	if (uuid_parse(&id, text, strlen(text))) {
		answer_missing(q);
		return NULL;
	}
	return BCON_NEW("_id", BCON_UUID(&id), "owner", BCON_UUID(&web_claims(q)->subject));
}

/* ---- one ---- */

void device_get_handle(struct web_request *q, void *owner)
{
	bson_t *filter = own_device(q), *doc;

	if (!filter)
		return;
	int r = store_find_one(devices_of(owner)->store, DEVICES_COLLECTION, filter, NULL, &doc);
	bson_destroy(filter);
	if (r) {
		answer_failure(q, r);
		return;
	}
	answer_device(q, doc);
	bson_destroy(doc);
}

/* ---- all ---- */

static bool read_page(struct web_request *q, int64_t *limit, struct device_cursor *cursor, bool *ret_after)
{
	const char *cursor_text = web_query(q, "cursor");

	*ret_after = cursor_text != NULL;
	if (!devices_limit(q, limit))
		return false;
	if (cursor_text && !device_cursor_read(cursor, cursor_text)) {
		answer_no_cursor(q);
		return false;
	}
	return true;
}

static bson_t *page_filter(const struct uuid *user, const struct device_cursor *after)
{
	bson_t *f = BCON_NEW("owner", BCON_UUID(user));

	if (after)
		BCON_APPEND(f, "$or", "[", "{", "created", "{", "$gt", BCON_DATE_TIME(after->created_ms), "}", "}", "{",
			"created", BCON_DATE_TIME(after->created_ms), "_id", "{", "$gt", BCON_UUID(&after->id), "}",
			"}", "]");
	return f;
}

/* Fills @list with up to @limit devices. *ret_more: there are more, after @last. */
static int read_devices(struct store_cursor *c, int64_t limit, json_t *list, struct device_cursor *last, bool *ret_more)
{
	const bson_t *doc;
	int r = 0;

	*ret_more = false;
	while (r == 0 && (r = store_next(c, &doc)) == 0) {
		*ret_more = (int64_t)json_array_size(list) == limit;
		if (*ret_more)
			return 0;
		if (json_array_append_new(list, device_json(doc)) ||
			!document_time(doc, "created", &last->created_ms) || !document_uuid(doc, "_id", &last->id))
			r = -EBADMSG;
	}
	return r == STORE_E_MISSING ? 0 : r;
}

static int list_devices(const struct devices *d, const bson_t *filter, int64_t limit, json_t **ret)
{
	bson_t *options = BCON_NEW(
		"sort", "{", "created", BCON_INT32(1), "_id", BCON_INT32(1), "}", "limit", BCON_INT64(limit + 1));
	struct store_cursor *c = NULL;
	struct device_cursor last;
	char next[CURSOR_SIZE];
	bool more = false;
	json_t *list = json_array();
	int r = store_find(d->store, DEVICES_COLLECTION, filter, options, &c);

	if (r == 0)
		r = read_devices(c, limit, list, &last, &more);
	store_cursor_close(c);
	bson_destroy(options);
	if (r) {
		json_decref(list);
		return r;
	}
	if (more)
		device_cursor_write(&last, next);
	*ret = json_pack("{so ss?}", "devices", list, "next", more ? next : NULL);
	return *ret ? 0 : -ENOMEM;
}

void device_list_handle(struct web_request *q, void *owner)
{
	int64_t limit;
	struct device_cursor cursor;
	bool after;
	json_t *answer = NULL;

	if (!read_page(q, &limit, &cursor, &after))
		return;
	bson_t *filter = page_filter(&web_claims(q)->subject, after ? &cursor : NULL);
	int r = list_devices(devices_of(owner), filter, limit, &answer);
	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, answer);
}

/* ---- change ---- */

/* Fills @set and @unset, or answers what is wrong and returns false. What a member holds is replaced as a whole. */
static bool read_change(struct web_request *q, bson_t *set, bson_t *unset)
{
	const json_t *body = web_body(q);

	if (!body || !optional_check(q, body))
		return false;
	const json_t *name = json_object_get(body, "name");
	if (name && !check_name(name, NAME_MAX_CHARS)) {
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
		return false;
	}
	if (!name && !optional_any(body)) {
		web_problem(q, 422, "nothing_to_change", "Give \"name\", \"pet\", \"retention_days\" or \"rules\".");
		return false;
	}
	if (name)
		BSON_APPEND_UTF8(set, "name", json_string_value(name));
	optional_write(body, set, unset);
	return true;
}

/* The update of @set and @unset with its event. NULL when there is no randomness. */
static bson_t *marked_update(bson_t *set, const bson_t *unset)
{
	bson_t max = BSON_INITIALIZER, *update = NULL;

	if (outbox_mark_update(set, &max) == 0)
		update = BCON_NEW("$set", BCON_DOCUMENT(set), "$max", BCON_DOCUMENT(&max));
	if (update && unset && !bson_empty(unset))
		BSON_APPEND_DOCUMENT(update, "$unset", unset);
	bson_destroy(&max);
	return update;
}

/* Changes the device of @filter and has it published. */
static int change(const struct devices *d, const bson_t *filter, bson_t *set, const bson_t *unset, bson_t **ret_doc)
{
	bson_t *update = marked_update(set, unset);

	if (!update)
		return -EIO;
	int r = store_find_and_modify(d->store, DEVICES_COLLECTION, filter, update, true, ret_doc);
	bson_destroy(update);
	if (r == 0)
		outbox_wake(d->outbox);
	return r;
}

static void apply_change(struct web_request *q, const struct devices *d, bson_t *set, const bson_t *unset)
{
	bson_t *filter = own_device(q), *doc;

	if (!filter)
		return;
	int r = change(d, filter, set, unset, &doc);
	bson_destroy(filter);
	if (r) {
		answer_failure(q, r);
		return;
	}
	answer_device(q, doc);
	bson_destroy(doc);
}

void device_change_handle(struct web_request *q, void *owner)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;

	if (read_change(q, &set, &unset))
		apply_change(q, devices_of(owner), &set, &unset);
	bson_destroy(&set);
	bson_destroy(&unset);
}

/* ---- a new secret ---- */

void device_secret_handle(struct web_request *q, void *owner)
{
	char secret[SECRET_SIZE];
	uint8_t hash[SHA256_SIZE];
	bson_t *filter = own_device(q), *doc;

	if (!filter)
		return;
	secret_make(secret, hash);
	bson_t *set = BCON_NEW("secret", BCON_BYTES(hash, sizeof hash));
	int r = change(devices_of(owner), filter, set, NULL, &doc);
	bson_destroy(set);
	bson_destroy(filter);
	if (r) {
		answer_failure(q, r);
	} else {
		bson_destroy(doc);
		web_add_header(q, "Cache-Control", "no-store");
		web_reply(q, 200, json_pack("{ss}", "secret", secret));
	}
	sodium_memzero(secret, sizeof secret);
}

/* ---- the end ---- */

static int delete_device(const struct devices *d, const bson_t *filter)
{
	int64_t n;
	int r = devices_end(d->store, d->outbox, filter, &n);

	return r == 0 && n == 0 ? STORE_E_MISSING : r;
}

void device_delete_handle(struct web_request *q, void *owner)
{
	bson_t *filter = own_device(q);

	if (!filter)
		return;
	int r = delete_device(devices_of(owner), filter);
	bson_destroy(filter);
	if (r)
		answer_failure(q, r);
	else
		web_reply(q, 204, NULL);
}
