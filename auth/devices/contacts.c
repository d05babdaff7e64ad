/* contacts - POST /internal/v1/devices/unknown: which trackers came that the gateway knows no device for. */
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "auth/devices/rules.h"
#include "auth/devices/unknown.h"
#include "base/clock.h"
#include "base/network.h"

#include <errno.h>
#include <string.h>

enum { CONTACTS_MAX = 1000, COUNT_MAX = 1000000000 };

/* ---- reading ---- */

/* It is shown to a person: nothing else may be in it. */
static bool good_address(const json_t *v)
{
	const char *s = json_string_value(v);
	struct address ignored;

	return json_is_null(v) || (s && address_parse(&ignored, s) == 0);
}

const char *contact_read(struct contact *ret, const json_t *entry)
{
	const json_t *identifier = json_object_get(entry, "identifier"), *protocol = json_object_get(entry, "protocol");
	const json_t *address = json_object_get(entry, "address"), *count = json_object_get(entry, "count");
	json_int_t n = json_integer_value(count);

	if (!json_is_string(identifier))
		return "\"identifier\" must be a text";
	if (!protocol_name_good(protocol))
		return "\"protocol\" must be 1 to 32 of a to z, 0 to 9 and '-'";
	if (address && !good_address(address))
		return "\"address\" must be an IP address, or null";
	if (!json_is_integer(count) || n < 1 || n > COUNT_MAX)
		return "\"count\" must be 1 to 1000000000";
	*ret = (struct contact){ json_string_value(identifier), json_string_value(protocol), json_string_value(address),
		n };
	return NULL;
}

/* The list of a request, each of them good; else answers what is wrong with it and returns NULL. */
static const json_t *read_contacts(struct web_request *q)
{
	const json_t *body = web_body(q), *list = json_object_get(body, "contacts");
	struct contact ignored;

	if (!body)
		return NULL;
	if (!json_is_array(list) || json_array_size(list) > CONTACTS_MAX) {
		web_problem(q, 422, "invalid_contacts", "\"contacts\" must be a list of up to %d.", CONTACTS_MAX);
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *wrong = contact_read(&ignored, json_array_get(list, i));
		if (wrong) {
			web_problem(q, 422, "invalid_contacts", "Of contacts[%zu] %s.", i, wrong);
			return NULL;
		}
	}
	return list;
}

/* ---- what is a device by now ---- */

static json_t *show_identifier(const bson_t *doc)
{
	const char *identifier = document_text(doc, "identifier");

	return identifier ? json_string(identifier) : NULL;
}

/* Those of @list that are devices, as members of an object. */
static int find_known(const struct devices *d, const json_t *list, json_t **ret)
{
	json_t *asked = json_array(), *found = NULL, *known = json_object();

	for (size_t i = 0; i < json_array_size(list); i++)
		json_array_append(asked, json_object_get(json_array_get(list, i), "identifier"));
	bson_t *filter = identifiers_filter(asked);
	bson_t *options = BCON_NEW("projection", "{", "identifier", BCON_INT32(1), "}");
	int r = filter ? documents_list(d->store, DEVICES_COLLECTION, filter, options, show_identifier, &found)
		       : -ENOMEM;
	for (size_t i = 0; r == 0 && i < json_array_size(found); i++)
		r = json_object_set_new(known, json_string_value(json_array_get(found, i)), json_true()) ? -ENOMEM : 0;
	bson_destroy(options);
	bson_destroy(filter);
	json_decref(found);
	json_decref(asked);
	if (r)
		json_decref(known);
	else
		*ret = known;
	return r;
}

/* ---- writing ---- */

static int add_contact(struct store_bulk *b, const struct contact *c, int64_t now_ms, int64_t ttl_ms)
{
	char code[CODE_LENGTH + 1];
	bson_t update = BSON_INITIALIZER, set;

	easy_text_make(code, CODE_LENGTH);
	bson_t *filter = BCON_NEW("_id", BCON_UTF8(c->identifier));
	BSON_APPEND_DOCUMENT_BEGIN(&update, "$set", &set);
	BCON_APPEND(&set, "protocol", BCON_UTF8(c->protocol), "last", BCON_DATE_TIME(now_ms), "expires",
		BCON_DATE_TIME(now_ms + ttl_ms));
	if (c->address)
		BSON_APPEND_UTF8(&set, "address", c->address);
	bson_append_document_end(&update, &set);
	BCON_APPEND(&update, "$inc", "{", "contacts", BCON_INT64(c->n), "}", "$setOnInsert", "{", "first",
		BCON_DATE_TIME(now_ms), "code", BCON_UTF8(code), "}");
	int r = store_bulk_update_one(b, filter, &update, true);
	bson_destroy(&update);
	bson_destroy(filter);
	return r;
}

/* What no device can be called, and what is one, is passed over. */
static int write_contacts(const struct devices *d, const json_t *list, const json_t *known)
{
	struct store_bulk *b = NULL;
	struct contact c;
	int64_t now = clock_real_ms();
	int r = store_bulk_open(d->store, UNKNOWN_COLLECTION, &b);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		if (!contact_read(&c, json_array_get(list, i)) && identifier_good(c.identifier, strlen(c.identifier)) &&
			!json_object_get(known, c.identifier))
			r = add_contact(b, &c, now, d->options.unknown_ttl_ms);
	if (r == 0)
		r = store_bulk_run(b, NULL, NULL); /* one that two gateways met at once may lose a count */
	store_bulk_close(b);
	return r;
}

/* Those that are not among the newest: the first of them, and all that were heard of before it. */
static bson_t *beyond(const bson_t *first)
{
	int64_t last;
	const char *identifier = document_text(first, "_id");

	if (!identifier || !document_time(first, "last", &last))
		return NULL;
	return BCON_NEW("$or", "[", "{", "last", "{", "$lt", BCON_DATE_TIME(last), "}", "}", "{", "last",
		BCON_DATE_TIME(last), "_id", "{", "$lte", BCON_UTF8(identifier), "}", "}", "]");
}

static int bound_list(const struct devices *d)
{
	bson_t *all = bson_new(), *first;
	bson_t *options = BCON_NEW("sort", "{", "last", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "projection", "{",
		"last", BCON_INT32(1), "}", "skip", BCON_INT64(d->options.unknown_max));
	int r = store_find_one(d->store, UNKNOWN_COLLECTION, all, options, &first);

	bson_destroy(options);
	bson_destroy(all);
	if (r)
		return r == STORE_E_MISSING ? 0 : r;
	bson_t *filter = beyond(first);
	r = filter ? store_delete_many(d->store, UNKNOWN_COLLECTION, filter, NULL) : -EBADMSG;
	bson_destroy(filter);
	bson_destroy(first);
	return r;
}

void contacts_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const json_t *list = read_contacts(q);
	json_t *known = NULL;

	if (!list)
		return;
	int r = find_known(d, list, &known);
	if (r == 0)
		r = write_contacts(d, list, known);
	if (r == 0)
		r = bound_list(d);
	json_decref(known);
	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 204, NULL);
}
