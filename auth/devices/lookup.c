/* lookup - what the gateway asks: which devices call themselves so. */
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "auth/devices/rules.h"

#include <stdio.h>
#include <string.h>

enum { LOOKUP_MAX = 1000 };

/* Adds what a device has; one whose rules are lost for want of memory is not shown as one without. */
static json_t *with_rules(json_t *shown, const bson_t *doc)
{
	json_t *rules = rules_json(doc);

	if (json_is_null(rules) || json_object_set_new(shown, "rules", rules) == 0)
		return shown;
	json_decref(shown);
	return NULL;
}

static json_t *show_for_gateway(const bson_t *doc)
{
	struct uuid id, owner;
	uint8_t secret[SHA256_SIZE];
	char id_text[UUID_TEXT_SIZE], owner_text[UUID_TEXT_SIZE], secret_text[2 * SHA256_SIZE + 1];
	const char *identifier = document_text(doc, "identifier");

	if (!identifier || !document_uuid(doc, "_id", &id) || !document_uuid(doc, "owner", &owner) ||
		!document_bytes(doc, "secret", secret, sizeof secret))
		return NULL;
	uuid_format(id_text, &id);
	uuid_format(owner_text, &owner);
	text_hex(secret_text, secret, sizeof secret);
	return with_rules(json_pack("{ss ss ss ss}", "identifier", identifier, "id", id_text, "owner", owner_text,
				  "secret_sha256", secret_text),
		doc);
}

bson_t *identifiers_filter(const json_t *list)
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

static void answer_devices(struct web_request *q, const struct devices *d, const bson_t *filter)
{
	json_t *list = NULL;
	int r = documents_list(d->store, DEVICES_COLLECTION, filter, NULL, show_for_gateway, &list);

	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, json_pack("{so}", "devices", list));
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
	answer_devices(q, devices_of(owner), filter);
	bson_destroy(filter);
}
