/* lookup - what Pettrack's other modules ask: which device is this, and which are this user's. */
#include "auth/devices/device.h"
#include "auth/devices/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LOOKUP_MAX = 1000 };

/* Makes one JSON object of a document, or NULL. */
typedef json_t *(*shower)(const bson_t *doc);

/* Answers {"devices":[...]} with all that @filter matches, at most @limit. */
static void answer_all(struct web_request *q, const struct devices *d, const bson_t *filter, int64_t limit, shower show)
{
	bson_t *options = BCON_NEW("limit", BCON_INT64(limit));
	struct store_cursor *c = NULL;
	const bson_t *doc;
	json_t *list = json_array();
	int r = store_find(d->store, DEVICES_COLLECTION, filter, options, &c);

	while (r == 0 && (r = store_next(c, &doc)) == 0)
		if (json_array_append_new(list, show(doc)))
			r = -EBADMSG;
	store_cursor_close(c);
	bson_destroy(options);
	if (r == STORE_E_MISSING) { /* the end */
		web_reply(q, 200, json_pack("{so}", "devices", list));
		return;
	}
	json_decref(list);
	auth_fail(q, r);
}

/* ---- by identifier ---- */

static json_t *show_secret(const bson_t *doc)
{
	struct uuid id;
	uint8_t secret[SHA256_SIZE];
	char id_text[UUID_TEXT_SIZE], secret_text[2 * SHA256_SIZE + 1];
	const char *identifier = document_text(doc, "identifier");

	if (!identifier || !document_uuid(doc, "_id", &id) || !document_bytes(doc, "secret", secret, sizeof secret))
		return NULL;
	uuid_format(id_text, &id);
	text_hex(secret_text, secret, sizeof secret);
	return json_pack("{ss ss ss}", "identifier", identifier, "id", id_text, "secret_sha256", secret_text);
}

/* { identifier: { $in: [...] } }. What no device can be called is left out. NULL when @list is no list of texts. */
static bson_t *identifiers_filter(const json_t *list)
{
	bson_t *filter = bson_new(), in, array;
	char key[16];
	bool texts = true;
	unsigned n = 0;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "identifier", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &array);
	for (size_t i = 0; i < json_array_size(list) && texts; i++) {
		const json_t *v = json_array_get(list, i);
		texts = json_is_string(v);
		if (texts && identifier_good(json_string_value(v), json_string_length(v))) {
			snprintf(key, sizeof key, "%u", n++);
			BSON_APPEND_UTF8(&array, key, json_string_value(v));
		}
	}
	bson_append_array_end(&in, &array);
	bson_append_document_end(filter, &in);
	if (texts)
		return filter;
	bson_destroy(filter);
	return NULL;
}

void lookup_handle(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q);

	if (!body)
		return;
	const json_t *list = json_object_get(body, "identifiers");
	bson_t *filter = json_is_array(list) && json_array_size(list) <= LOOKUP_MAX ? identifiers_filter(list) : NULL;
	if (!filter) {
		web_problem(
			q, 422, "invalid_identifiers", "\"identifiers\" must be a list of up to %d texts.", LOOKUP_MAX);
		return;
	}
	answer_all(q, devices_of(owner), filter, LOOKUP_MAX, show_secret);
	bson_destroy(filter);
}

/* ---- by user ---- */

static json_t *show_name(const bson_t *doc)
{
	struct uuid id;
	char id_text[UUID_TEXT_SIZE];
	const char *name = document_text(doc, "name");

	if (!name || !document_uuid(doc, "_id", &id))
		return NULL;
	uuid_format(id_text, &id);
	return json_pack("{ss ss ss?}", "id", id_text, "name", name, "pet_name", document_text(doc, "pet.name"));
}

void user_devices_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const char *text = web_path(q, "id");
	struct uuid user;

	if (uuid_parse(&user, text, strlen(text))) {
		web_problem(q, 404, "not_found", "A user's id is a UUID.");
		return;
	}
	bson_t *filter = BCON_NEW("owner", BCON_UUID(&user));
	answer_all(q, d, filter, d->per_user_max, show_name);
	bson_destroy(filter);
}
