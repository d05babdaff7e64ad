/* revocation - one update. */
#include "auth/common/revocation.h"
#include "auth/common/document.h"
#include "base/clock.h"

#include <stdio.h>

bool revocation_plan(const bson_t *doc, struct outbox_plan *ret)
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

/* The caller's to bson_destroy(). */
static int make_update(bson_t **ret)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_DATE_TIME(&set, "revoked", clock_real_ms());
		*ret = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$unset", "{", "expires",
			BCON_UTF8(""), "current", BCON_UTF8(""), "previous", BCON_UTF8(""), "box", BCON_UTF8(""),
			"client", BCON_UTF8(""), "address", BCON_UTF8(""), "hash", BCON_UTF8(""), "name", BCON_UTF8(""),
			"}");
	}
	bson_destroy(&max);
	bson_destroy(&set);
	return r;
}

static int write_end(struct store *s, struct outbox *outbox, const char *collection, bson_t *filter, bool all)
{
	bson_t *update = NULL;
	int r = make_update(&update);

	BCON_APPEND(filter, "revoked", "{", "$exists", BCON_BOOL(false), "}");
	if (r == 0)
		r = all ? store_update_many(s, collection, filter, update, NULL)
			: store_update_one(s, collection, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	if (r == 0)
		outbox_wake(outbox);
	return r;
}

int revocation_write_one(struct store *s, struct outbox *outbox, const char *collection, bson_t *filter)
{
	return write_end(s, outbox, collection, filter, false);
}

int revocation_write_all(struct store *s, struct outbox *outbox, const char *collection, bson_t *filter)
{
	return write_end(s, outbox, collection, filter, true);
}
