/* share_link - documents, events, and the two writes that more than one role makes. */
#include "auth/common/share_link.h"
#include "auth/common/document.h"
#include "auth/common/one_time.h"
#include "base/clock.h"
#include "base/time.h"
#include "store/index.h"

#include <errno.h>
#include <stdio.h>

int share_links_prepare(struct store *s)
{
	/* Sparse: a revoked one has no token. */
	int r = index_ensure(
		s, SHARE_LINKS_COLLECTION, "token", BCON_NEW("token", BCON_INT32(1)), INDEX_UNIQUE | INDEX_SPARSE);

	if (r == 0)
		r = index_ensure(s, SHARE_LINKS_COLLECTION, "device",
			BCON_NEW("owner", BCON_INT32(1), "device", BCON_INT32(1), "created", BCON_INT32(1), "_id",
				BCON_INT32(1)),
			0);
	return r ? r : outbox_index_ensure(s, SHARE_LINKS_COLLECTION);
}

/* ---- events ---- */

/* To query a link is a user with one session, of the same id. */
static bool plan(const bson_t *doc, struct outbox_plan *ret)
{
	struct outbox_message *m = &ret->messages[0];
	char id[UUID_TEXT_SIZE];
	bool revoked = document_has(doc, "revoked");

	if (!document_uuid(doc, "_id", &m->key))
		return false;
	uuid_format(id, &m->key);
	if (revoked)
		snprintf(m->value, sizeof m->value,
			"{\"event\":\"session_revoked\",\"user\":\"%s\",\"session\":\"%s\"}", id, id);
	else
		snprintf(m->value, sizeof m->value, "{\"event\":\"devices_changed\",\"user\":\"%s\"}", id);
	m->topic = OUTBOX_ACCESS;
	ret->n = 1;
	ret->remove = revoked;
	return true;
}

const struct outbox_source share_links_source = { SHARE_LINKS_COLLECTION, plan };

/* ---- documents ---- */

static int64_t time_or(const bson_t *doc, const char *name, int64_t otherwise_ms)
{
	document_time(doc, name, &otherwise_ms);
	return otherwise_ms;
}

static bool read_terms(const bson_t *doc, struct share_terms *t)
{
	*t = (struct share_terms){
		.live = document_true(doc, "live"),
		.history = document_true(doc, "history"),
		.from_ms = time_or(doc, "from", SHARE_ALWAYS),
		.until_ms = time_or(doc, "until", SHARE_FOR_EVER),
	};
	return document_int(doc, "blur", &t->blur) && document_time(doc, "expires", &t->expires_ms);
}

bool share_link_read(const bson_t *doc, struct share_link *ret)
{
	struct share_link l = { .label = document_text(doc, "label"), .used_ms = time_or(doc, "used", 0) };

	if (document_has(doc, "revoked") || !document_uuid(doc, "_id", &l.id) ||
		!document_uuid(doc, "owner", &l.owner) || !document_uuid(doc, "device", &l.device) ||
		!document_time(doc, "created", &l.created_ms) || !document_int(doc, "uses", &l.uses) ||
		!read_terms(doc, &l.terms))
		return false;
	*ret = l;
	return true;
}

static void write_bound(bson_t *set, bson_t *unset, const char *name, int64_t ms, int64_t none)
{
	if (ms != none)
		BSON_APPEND_DATE_TIME(set, name, ms);
	else if (unset)
		BSON_APPEND_UTF8(unset, name, "");
}

void share_terms_write(const struct share_terms *t, bson_t *set, bson_t *unset)
{
	BCON_APPEND(set, "live", BCON_BOOL(t->live), "history", BCON_BOOL(t->history), "blur", BCON_INT64(t->blur),
		"expires", BCON_DATE_TIME(t->expires_ms));
	write_bound(set, unset, "from", t->from_ms, SHARE_ALWAYS);
	write_bound(set, unset, "until", t->until_ms, SHARE_FOR_EVER);
}

/* ---- JSON ---- */

static json_t *bound_json(int64_t ms, int64_t none)
{
	char text[TIME_TEXT_SIZE];

	if (ms == none)
		return json_null();
	time_format(text, ms);
	return json_string(text);
}

json_t *share_terms_json(const struct share_terms *t)
{
	return json_pack("{sb sb so so sI so}", "live", t->live, "history", t->history, "from",
		bound_json(t->from_ms, SHARE_ALWAYS), "until", bound_json(t->until_ms, SHARE_FOR_EVER), "blur",
		(json_int_t)t->blur, "expires", bound_json(t->expires_ms, SHARE_FOR_EVER));
}

json_t *share_limits_json(const struct share_terms *t)
{
	json_t *from = t->from_ms == SHARE_ALWAYS ? NULL : json_integer(t->from_ms);
	json_t *until = t->until_ms == SHARE_FOR_EVER ? NULL : json_integer(t->until_ms);

	return json_pack("{sb sb so* so* sI sI}", "live", t->live, "history", t->history, "from", from, "until", until,
		"blur", (json_int_t)t->blur, "expires", (json_int_t)t->expires_ms);
}

/* ---- opening, ending ---- */

int share_link_open(struct store *s, const char *token, size_t len, int64_t now_ms, bson_t **ret)
{
	uint8_t hash[SHA256_SIZE];

	if (!one_time_hash(token, len, hash))
		return STORE_E_MISSING;
	/* The times of an access token are whole seconds: one there must be left. */
	bson_t *filter = BCON_NEW("token", BCON_BYTES(hash, sizeof hash), "expires", "{", "$gte",
		BCON_DATE_TIME((now_ms / 1000 + 1) * 1000), "}", "revoked", "{", "$exists", BCON_BOOL(false), "}");
	bson_t *update =
		BCON_NEW("$inc", "{", "uses", BCON_INT64(1), "}", "$set", "{", "used", BCON_DATE_TIME(now_ms), "}");
	int r = store_find_and_modify(s, SHARE_LINKS_COLLECTION, filter, update, true, ret);
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

int share_links_revoke(struct store *s, struct outbox *outbox, const bson_t *filter, int64_t *ret_n)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	int64_t n = 0;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_DATE_TIME(&set, "revoked", clock_real_ms());
		bson_t *standing = BCON_NEW("$and", "[", BCON_DOCUMENT(filter), "{", "revoked", "{", "$exists",
			BCON_BOOL(false), "}", "}", "]");
		bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$unset", "{",
			"token", BCON_UTF8(""), "label", BCON_UTF8(""), "}");
		r = store_update_many(s, SHARE_LINKS_COLLECTION, standing, update, &n);
		bson_destroy(update);
		bson_destroy(standing);
	}
	bson_destroy(&max);
	bson_destroy(&set);
	if (r)
		return r;
	if (n > 0)
		outbox_wake(outbox);
	if (ret_n)
		*ret_n = n;
	return 0;
}
