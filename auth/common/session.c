/* session - one look by _id, at every request: a revoked session ends here at once, in every replica. */
#include "auth/common/session.h"
#include "auth/common/document.h"
#include "base/clock.h"

#include <stdio.h>

int session_stands(struct store *s, const struct uuid *session)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(session), "revoked", "{", "$exists", BCON_BOOL(false), "}",
		"expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
	bson_t *options = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}");
	bson_t *doc;
	int r = store_find_one(s, SESSIONS_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	bson_destroy(filter);
	if (r == 0)
		bson_destroy(doc);
	return r;
}

/* ---- events ---- */

static bool plan(const bson_t *doc, struct outbox_plan *ret)
{
	struct outbox_message *m = &ret->messages[0];
	struct uuid session;
	char user_text[UUID_TEXT_SIZE], session_text[UUID_TEXT_SIZE];

	if (!document_uuid(doc, "_id", &session) || !document_uuid(doc, "user", &m->key))
		return false;
	uuid_format(user_text, &m->key);
	uuid_format(session_text, &session);
	snprintf(m->value, sizeof m->value, "{\"event\":\"session_revoked\",\"user\":\"%s\",\"session\":\"%s\"}",
		user_text, session_text);
	m->topic = OUTBOX_ACCESS;
	ret->n = 1;
	ret->remove = true;
	return true;
}

const struct outbox_source sessions_source = { SESSIONS_COLLECTION, plan };

/* ---- end ---- */

/* What ends a session; the caller's to bson_destroy(). Without "expires" the TTL index leaves the document alone until its
 * event is sent. */
static int revocation(bson_t **ret)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_DATE_TIME(&set, "revoked", clock_real_ms());
		*ret = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$unset", "{", "expires",
			BCON_UTF8(""), "current", BCON_UTF8(""), "previous", BCON_UTF8(""), "box", BCON_UTF8(""),
			"client", BCON_UTF8(""), "address", BCON_UTF8(""), "}");
	}
	bson_destroy(&max);
	bson_destroy(&set);
	return r;
}

int session_revoke(struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *session)
{
	bson_t *update = NULL;
	int r = revocation(&update);

	if (r)
		return r;
	bson_t *filter = BCON_NEW("_id", BCON_UUID(session), "revoked", "{", "$exists", BCON_BOOL(false), "}");
	if (user)
		BCON_APPEND(filter, "user", BCON_UUID(user));
	r = store_update_one(s, SESSIONS_COLLECTION, filter, update, false);
	bson_destroy(filter);
	bson_destroy(update);
	if (r == 0)
		outbox_wake(outbox);
	return r;
}

int session_revoke_all(struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *except)
{
	bson_t *update = NULL;
	int r = revocation(&update);

	if (r)
		return r;
	bson_t *filter = BCON_NEW("user", BCON_UUID(user), "revoked", "{", "$exists", BCON_BOOL(false), "}");
	if (except)
		BCON_APPEND(filter, "_id", "{", "$ne", BCON_UUID(except), "}");
	r = store_update_many(s, SESSIONS_COLLECTION, filter, update, NULL);
	bson_destroy(filter);
	bson_destroy(update);
	if (r == 0)
		outbox_wake(outbox);
	return r;
}
