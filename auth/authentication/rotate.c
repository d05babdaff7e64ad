/* rotate - POST /internal/v1/keys/rotate: another signing key before its time. */
#include "auth/authentication/internal.h"
#include "auth/authentication/rotate.h"
#include "auth/common/document.h"
#include "base/time.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

static const char COLLECTION[] = "key_changes";

/* ---- telling other modules, which would fetch the keys anyway, but not at once ---- */

int key_changes_prepare(struct store *s)
{
	return outbox_index_ensure(s, COLLECTION);
}

static bool plan(const bson_t *doc, struct outbox_plan *ret)
{
	static const char event[] = "{\"event\":\"keys_changed\"}";
	struct outbox_message *m = &ret->messages[0];

	if (!document_uuid(doc, "_id", &m->key))
		return false;
	memcpy(m->value, event, sizeof event);
	m->topic = OUTBOX_ACCESS;
	ret->n = 1;
	ret->remove = true;
	return true;
}

const struct outbox_source key_changes_source = { COLLECTION, plan };

static int tell(const struct authentication *x)
{
	bson_t doc = BSON_INITIALIZER;
	struct uuid id;
	int r = uuid_random(&id);

	if (r == 0) {
		BCON_APPEND(&doc, "_id", BCON_UUID(&id));
		r = outbox_mark_new(&doc);
	}
	if (r == 0)
		r = store_insert(x->store, COLLECTION, &doc);
	bson_destroy(&doc);
	if (r == 0)
		outbox_wake(x->sessions.outbox);
	return r;
}

/* ---- the request ---- */

static void answer(struct web_request *q, const struct key_rotation *k)
{
	char active[TIME_TEXT_SIZE];

	time_format(active, k->next_active_ms);
	web_reply(q, 200, json_pack("{ss ss ss}", "current", k->current, "next", k->next, "next_active", active));
}

static void rotate(struct web_request *q, const struct authentication *x, bool revoke)
{
	struct key_rotation k;
	int r = keyring_rotate(x->keyring, revoke, &k);

	if (r == 0 && revoke)
		r = tell(x);
	if (r == KEYRING_E_TOO_MANY) {
		web_problem(q, 409, "too_many_keys",
			"So many keys were replaced lately that tokens they have signed would end. Try again in an "
			"hour.");
	} else if (r) {
		auth_fail(q, r);
	} else {
		log_warn("signing keys rotated by command", LOG_S("client", web_claims(q)->client),
			LOG_S("current", revoke ? "revoked" : "kept"), LOG_S("kid", k.current));
		answer(q, &k);
	}
}

void rotate_handle(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q);

	if (!body)
		return;
	const json_t *revoke = json_object_get(body, "revoke_current");
	if (revoke && !json_is_boolean(revoke))
		web_problem(q, 422, "invalid_revoke", "\"revoke_current\" must be true or false.");
	else
		rotate(q, authentication_of(owner), json_is_true(revoke));
}
