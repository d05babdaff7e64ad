/* erasure - receipts: begun, and shown. */
#include "auth/common/erasure.h"
#include "auth/common/document.h"
#include "base/clock.h"
#include "base/time.h"
#include "store/index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const erasure_roles[ERASURE_ROLES + 1] = { "registration", "authentication", "devices", "positions", NULL };

bson_t *erasure_filter_user(const struct erasure_subject *who)
{
	return BCON_NEW("user", BCON_UUID(&who->user));
}

static void append_address(bson_t *list, size_t at, const struct former_address *address,
	void (*put)(bson_t *filter, const char *email), const char *time)
{
	bson_t named;
	char key[24];

	snprintf(key, sizeof key, "%zu", at);
	BSON_APPEND_DOCUMENT_BEGIN(list, key, &named);
	put(&named, address->email);
	BCON_APPEND(&named, time, "{", "$lte", BCON_DATE_TIME(address->until_ms), "}");
	bson_append_document_end(list, &named);
}

bson_t *erasure_filter_addresses(
	const struct erasure_subject *who, void (*put)(bson_t *filter, const char *email), const char *time)
{
	struct former_address last = { .until_ms = who->requested_ms };
	bson_t *filter = bson_new(), list;

	memcpy(last.email, who->email, sizeof last.email);
	BSON_APPEND_ARRAY_BEGIN(filter, "$or", &list);
	append_address(&list, 0, &last, put, time);
	for (size_t i = 0; i < who->former.n; i++)
		append_address(&list, i + 1, &who->former.at[i], put, time);
	bson_append_array_end(filter, &list);
	return filter;
}

/* ---- indexes ---- */

int erasure_prepare(struct store *s)
{
	int r = index_ensure(
		s, ERASURES_COLLECTION, "user", BCON_NEW("user", BCON_INT32(1)), INDEX_UNIQUE | INDEX_SPARSE);

	if (r == 0)
		r = index_ensure(s, ERASURES_COLLECTION, "todo", BCON_NEW("todo", BCON_INT32(1)), INDEX_SPARSE);
	return r ? r : index_ensure_ttl(s, ERASURES_COLLECTION, 0);
}

/* ---- begin ---- */

static int insert(struct store *s, const struct erasure_subject *who, const struct uuid *receipt)
{
	bson_t doc = BSON_INITIALIZER;

	BCON_APPEND(&doc, "_id", BCON_UUID(receipt), "user", BCON_UUID(&who->user), "email", BCON_UTF8(who->email),
		"requested", BCON_DATE_TIME(who->requested_ms));
	former_append(&doc, &who->former);
	document_append_texts(&doc, "todo", erasure_roles, ERASURE_ROLES);
	int r = store_insert(s, ERASURES_COLLECTION, &doc);
	bson_destroy(&doc);
	return r;
}

static int find_begun(struct store *s, const struct uuid *user, struct uuid *ret_receipt)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user)), *doc;
	int r = store_find_one(s, ERASURES_COLLECTION, filter, NULL, &doc);

	bson_destroy(filter);
	if (r)
		return r == STORE_E_MISSING ? STORE_E_RETRY : r; /* it has ended meanwhile */
	if (!document_uuid(doc, "_id", ret_receipt))
		r = -EBADMSG;
	bson_destroy(doc);
	return r;
}

int erasure_begin(struct store *s, const struct erasure_subject *who, struct uuid *ret_receipt)
{
	struct uuid receipt;
	int r = uuid_random(&receipt);

	if (r == 0)
		r = insert(s, who, &receipt);
	if (r == STORE_E_DUPLICATE)
		return find_begun(s, &who->user, ret_receipt);
	if (r == 0)
		*ret_receipt = receipt;
	return r;
}

/* ---- counts ---- */

int erasure_note(struct store *s, const struct uuid *receipt, const char *name, int64_t n)
{
	char path[64];

	snprintf(path, sizeof path, "erased.%s", name);
	bson_t *filter = BCON_NEW("_id", BCON_UUID(receipt));
	bson_t *update = BCON_NEW("$max", "{", path, BCON_INT64(n), "}");
	int r = store_update_one(s, ERASURES_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

int erasure_note_all(struct store *s, const struct uuid *receipt, const struct erasure_subject *who, const char *name,
	const char *collection)
{
	bson_t *filter = erasure_filter_user(who);
	int64_t n = 0;
	int r = store_count(s, collection, filter, &n);

	bson_destroy(filter);
	return r || n == 0 ? r : erasure_note(s, receipt, name, n);
}

/* ---- show ---- */

static int show_time(json_t *shown, const bson_t *doc, const char *name)
{
	char text[TIME_TEXT_SIZE];
	int64_t ms;

	if (!document_time(doc, name, &ms))
		return 0;
	time_format(text, ms);
	return json_object_set_new(shown, name, json_string(text));
}

/* The numbers of { erased: { NAME: n } }. */
static json_t *counts_json(const bson_t *doc)
{
	json_t *counts = json_object();
	bson_iter_t top, i;

	if (!bson_iter_init_find(&top, doc, "erased") || !bson_iter_recurse(&top, &i))
		return counts;
	while (bson_iter_next(&i))
		if (json_object_set_new(counts, bson_iter_key(&i), json_integer(bson_iter_as_int64(&i)))) {
			json_decref(counts);
			return NULL;
		}
	return counts;
}

/* The roles that have something to do yet. */
static json_t *todo_json(const bson_t *doc)
{
	json_t *todo = json_array();
	bson_iter_t top, i;

	if (!bson_iter_init_find(&top, doc, "todo") || !bson_iter_recurse(&top, &i))
		return todo;
	while (bson_iter_next(&i))
		if (json_array_append_new(todo, json_string(bson_iter_utf8(&i, NULL)))) {
			json_decref(todo);
			return NULL;
		}
	return todo;
}

static json_t *receipt_json(const bson_t *doc, const struct uuid *receipt)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, receipt);
	json_t *shown =
		json_pack("{ss ss so so}", "receipt", id, "status", document_has(doc, "finished") ? "done" : "running",
			"erased", counts_json(doc), "remaining", todo_json(doc));
	if (shown && (show_time(shown, doc, "requested") || show_time(shown, doc, "finished") ||
			     show_time(shown, doc, "expires"))) {
		json_decref(shown);
		return NULL;
	}
	return shown;
}

int erasure_show(struct store *s, const struct uuid *receipt, json_t **ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(receipt)), *doc;
	int r = store_find_one(s, ERASURES_COLLECTION, filter, NULL, &doc);

	bson_destroy(filter);
	if (r)
		return r;
	*ret = receipt_json(doc, receipt);
	bson_destroy(doc);
	return *ret ? 0 : -ENOMEM;
}
