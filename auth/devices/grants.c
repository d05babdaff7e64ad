/* grants - the collection: what a document says, who is told, and how it ends. */
#include "auth/devices/grants.h"
#include "auth/devices/device.h"
#include "auth/common/document.h"
#include "base/clock.h"
#include "base/time.h"
#include "store/index.h"

#include <errno.h>
#include <string.h>

/* ---- indexes ---- */

/* One for each pair, of those that have the second. */
static int ensure_once(struct store *s, const char *name, const char *with)
{
	bson_t *keys = BCON_NEW("device", BCON_INT32(1), with, BCON_INT32(1));
	bson_t *once = BCON_NEW("name", BCON_UTF8(name), "unique", BCON_BOOL(true), "partialFilterExpression", "{",
		with, "{", "$exists", BCON_BOOL(true), "}", "}");
	int r = store_index_ensure(s, GRANTS_COLLECTION, keys, once);

	bson_destroy(once);
	bson_destroy(keys);
	return r;
}

/* For a list of those that somebody has, page by page. */
static int ensure_list(struct store *s, const char *whose)
{
	return index_ensure(s, GRANTS_COLLECTION, whose,
		BCON_NEW(whose, BCON_INT32(1), "created", BCON_INT32(1), "_id", BCON_INT32(1)), 0);
}

int grants_prepare(struct store *s)
{
	int r = ensure_once(s, "device_email", "email");

	if (r == 0)
		r = ensure_once(s, "device_grantee", "grantee");
	if (r == 0)
		r = ensure_list(s, "owner");
	if (r == 0)
		r = ensure_list(s, "grantee");
	if (r == 0)
		r = ensure_list(s, "email");
	if (r == 0)
		r = index_ensure(s, GRANTS_COLLECTION, "former_grantee", BCON_NEW("former_grantee", BCON_INT32(1)),
			INDEX_SPARSE);
	if (r == 0)
		r = index_ensure_ttl(s, GRANTS_COLLECTION, 0);
	if (r == 0)
		r = outbox_index_ensure(s, GRANTS_COLLECTION);
	return r;
}

/* ---- documents ---- */

bool grant_read(struct grant *ret, const bson_t *doc)
{
	struct grant g = { 0 };
	const char *email = document_text(doc, "email");

	g.accepted = document_uuid(doc, "grantee", &g.grantee);
	if (!email || strlen(email) >= sizeof g.email || !rights_read(&g.rights, document_text(doc, "rights")) ||
		!document_uuid(doc, "_id", &g.id) || !document_uuid(doc, "device", &g.device) ||
		!document_uuid(doc, "owner", &g.owner))
		return false;
	strcpy(g.email, email);
	*ret = g;
	return true;
}

json_t *grant_json(const bson_t *doc)
{
	struct grant g;
	int64_t created, expires;
	char id[UUID_TEXT_SIZE], device[UUID_TEXT_SIZE], owner[UUID_TEXT_SIZE];
	char created_text[TIME_TEXT_SIZE], expires_text[TIME_TEXT_SIZE];
	bool waits = document_time(doc, "expires", &expires);

	if (!grant_read(&g, doc) || !document_time(doc, "created", &created))
		return NULL;
	uuid_format(id, &g.id);
	uuid_format(device, &g.device);
	uuid_format(owner, &g.owner);
	time_format(created_text, created);
	if (waits)
		time_format(expires_text, expires);
	return json_pack("{ss ss ss ss ss ss ss ss?}", "id", id, "device", device, "owner", owner, "email", g.email,
		"rights", rights_text(g.rights), "state", g.accepted ? "accepted" : "pending", "created", created_text,
		"expires", waits ? expires_text : NULL);
}

bool grant_plan(const bson_t *doc, struct outbox_plan *ret)
{
	struct uuid user;

	ret->n = 0;
	ret->remove = document_has(doc, "ended");
	return document_uuid(doc, ret->remove ? "former_grantee" : "grantee", &user) &&
	       plan_devices_changed(ret, &user);
}

const struct outbox_source grants_source = { GRANTS_COLLECTION, grant_plan };

/* ---- filters ---- */

bson_t *grants_standing(const bson_t *filter, int64_t now_ms)
{
	return BCON_NEW("$and", "[", BCON_DOCUMENT(filter), "{", "$or", "[", "{", "grantee", "{", "$exists",
		BCON_BOOL(true), "}", "}", "{", "expires", "{", "$gt", BCON_DATE_TIME(now_ms), "}", "}", "]", "}", "]");
}

bson_t *grants_waiting(const char *email, const struct uuid *user, int64_t now_ms)
{
	return BCON_NEW("email", BCON_UTF8(email), "expires", "{", "$gt", BCON_DATE_TIME(now_ms), "}", "owner", "{",
		"$ne", BCON_UUID(user), "}");
}

/* @filter and { @member: it is there }. */
static bson_t *those_with(const bson_t *filter, const char *member)
{
	return BCON_NEW(
		"$and", "[", BCON_DOCUMENT(filter), "{", member, "{", "$exists", BCON_BOOL(true), "}", "}", "]");
}

/* ---- reading ---- */

int grants_find(struct store *s, const bson_t *filter, struct grant *ret)
{
	bson_t *doc;
	int r = store_find_one(s, GRANTS_COLLECTION, filter, NULL, &doc);

	if (r)
		return r;
	bool ok = grant_read(ret, doc);
	bson_destroy(doc);
	return ok ? 0 : -EBADMSG;
}

int grant_permission(struct store *s, const struct uuid *device, const struct uuid *user, struct permission *ret)
{
	bson_t *filter = BCON_NEW("device", BCON_UUID(device), "grantee", BCON_UUID(user));
	struct grant g;
	int r = grants_find(s, filter, &g);

	bson_destroy(filter);
	if (r == 0)
		*ret = (struct permission){ g.device, g.owner, g.rights };
	return r;
}

int grants_count(struct store *s, const bson_t *filter, int64_t *ret)
{
	bson_t *standing = grants_standing(filter, clock_real_ms());
	int r = store_count(s, GRANTS_COLLECTION, standing, ret);

	bson_destroy(standing);
	return r;
}

/* ---- the end ---- */

/* Nothing personal stays but whom the event is for. */
static int end_accepted(struct store *s, const bson_t *filter, int64_t *ret_n)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	bson_t *accepted = those_with(filter, "grantee");
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_DATE_TIME(&set, "ended", clock_real_ms());
		bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$rename", "{",
			"grantee", BCON_UTF8("former_grantee"), "}", "$unset", "{", "device", BCON_UTF8(""), "owner",
			BCON_UTF8(""), "email", BCON_UTF8(""), "rights", BCON_UTF8(""), "}");
		r = store_update_many(s, GRANTS_COLLECTION, accepted, update, ret_n);
		bson_destroy(update);
	}
	bson_destroy(accepted);
	bson_destroy(&max);
	bson_destroy(&set);
	return r;
}

int grants_end(struct store *s, struct outbox *o, const bson_t *filter, int64_t *ret_n)
{
	bson_t *waiting = those_with(filter, "expires");
	int64_t ended = 0, dropped = 0;
	int r = store_delete_many(s, GRANTS_COLLECTION, waiting, &dropped); /* first: it may be accepted meanwhile */

	bson_destroy(waiting);
	if (r == 0)
		r = end_accepted(s, filter, &ended);
	if (r)
		return r;
	if (ended > 0)
		outbox_wake(o);
	*ret_n = ended + dropped;
	return 0;
}

/* ---- the end of an account ---- */

static void put_waiting(bson_t *filter, const char *email)
{
	BCON_APPEND(filter, "email", BCON_UTF8(email), "expires", "{", "$exists", BCON_BOOL(true), "}");
}

/* With those whose events are not sent yet. */
bson_t *grants_of_account(const struct erasure_subject *who)
{
	const struct uuid *user = &who->user;
	bson_t *waiting = erasure_filter_addresses(who, put_waiting, "created");
	bson_t *filter = BCON_NEW("$or", "[", "{", "owner", BCON_UUID(user), "}", "{", "grantee", BCON_UUID(user), "}",
		"{", "former_grantee", BCON_UUID(user), "}", BCON_DOCUMENT(waiting), "]");

	bson_destroy(waiting);
	return filter;
}

int grants_erase(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = grants_of_account(who);
	int64_t n;
	int r = grants_end(s, o, filter, &n);

	bson_destroy(filter);
	return r;
}
