/* unknown - the collection, and the list that its operator reads. */
#include "auth/devices/unknown.h"
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "base/clock.h"
#include "base/time.h"
#include "store/index.h"

#include <string.h>

int unknown_prepare(struct store *s)
{
	int r = index_ensure_ttl(s, UNKNOWN_COLLECTION, 0);

	return r ? r
		 : index_ensure(
			   s, UNKNOWN_COLLECTION, "last", BCON_NEW("last", BCON_INT32(1), "_id", BCON_INT32(1)), 0);
}

/* ---- the list ---- */

json_t *unknown_json(const bson_t *doc)
{
	const char *identifier = document_text(doc, "_id"), *protocol = document_text(doc, "protocol");
	const char *code = document_text(doc, "code");
	char first_text[TIME_TEXT_SIZE], last_text[TIME_TEXT_SIZE];
	int64_t first, last, contacts;

	if (!identifier || !protocol || !code || !document_time(doc, "first", &first) ||
		!document_time(doc, "last", &last) || !document_int(doc, "contacts", &contacts))
		return NULL;
	time_format(first_text, first);
	time_format(last_text, last);
	return json_pack("{ss ss ss? ss ss sI ss}", "identifier", identifier, "protocol", protocol, "address",
		document_text(doc, "address"), "first_contact", first_text, "last_contact", last_text, "contacts",
		(json_int_t)contacts, "code", code);
}

/* By identifier, those after @after. What has expired may be there for a minute yet. */
static int list_unknown(const struct devices *d, const char *after, int64_t limit, json_t **ret)
{
	bson_t *filter = BCON_NEW("expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(limit));

	if (after)
		BCON_APPEND(filter, "_id", "{", "$gt", BCON_UTF8(after), "}");
	int r = documents_list(d->store, UNKNOWN_COLLECTION, filter, options, unknown_json, ret);
	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

void unknown_list_handle(struct web_request *q, void *owner)
{
	const char *after = web_query(q, "cursor");
	int64_t limit;
	json_t *list = NULL;

	if (!devices_limit(q, &limit))
		return;
	if (after && !identifier_good(after, strlen(after))) {
		answer_no_cursor(q);
		return;
	}
	int r = list_unknown(devices_of(owner), after, limit, &list);
	if (r) {
		auth_fail(q, r);
		return;
	}
	web_add_header(q, "Cache-Control", "no-store"); /* it has codes */
	answer_page(q, list, limit, "identifier");
}
