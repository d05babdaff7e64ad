/* sessions - every change is one conditional write to one document, so replicas need no locks. */
#include "auth/authentication/sessions.h"
#include "auth/common/document.h"
#include "auth/common/list.h"
#include "auth/common/session.h"
#include "base/time.h"
#include "service/log.h"
#include "store/index.h"

#include <errno.h>
#include <string.h>

enum { TRIES_MAX = 4 };

/* ---- indexes ---- */

int sessions_prepare(struct store *s)
{
	int r = index_ensure(
		s, SESSIONS_COLLECTION, "user", BCON_NEW("user", BCON_INT32(1), "rotated", BCON_INT32(-1)), 0);

	if (r == 0)
		r = index_ensure_ttl(s, SESSIONS_COLLECTION, 0);
	return r ? r : outbox_index_ensure(s, SESSIONS_COLLECTION);
}

/* ---- beginning ---- */

static int insert(const struct sessions_options *o, const struct session_grant *g, const struct session_origin *origin,
	int64_t now_ms)
{
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&g->session), "user", BCON_UUID(&g->user), "created",
		BCON_DATE_TIME(now_ms), "rotated", BCON_DATE_TIME(now_ms), "expires", BCON_DATE_TIME(g->expires_ms),
		"current", BCON_BYTES(g->refresh.hash, sizeof g->refresh.hash));

	document_put_text(doc, "client", origin->client);
	document_put_text(doc, "address", origin->address);
	int r = store_insert(o->store, SESSIONS_COLLECTION, doc);

	bson_destroy(doc);
	return r;
}

/* Revokes those of @user that are beyond the maximum. Best effort: what stays is met at the next log-in. */
static void trim(const struct sessions_options *o, const struct uuid *user)
{
	enum { AT_ONCE = 64 };
	struct uuid old[AT_ONCE];
	size_t n = 0;
	bson_t *filter = BCON_NEW("user", BCON_UUID(user), "revoked", "{", "$exists", BCON_BOOL(false), "}");
	bson_t *options = BCON_NEW("sort", "{", "rotated", BCON_INT32(-1), "}", "skip", BCON_INT64(o->per_user_max),
		"limit", BCON_INT64(AT_ONCE), "projection", "{", "_id", BCON_INT32(1), "}");
	struct store_cursor *c = NULL;
	const bson_t *doc;
	int r = store_find(o->store, SESSIONS_COLLECTION, filter, options, &c);

	while (r == 0 && n < AT_ONCE && (r = store_next(c, &doc)) == 0)
		n += document_uuid(doc, "_id", &old[n]);
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(filter);
	r = r == STORE_E_MISSING ? 0 : r;
	for (size_t i = 0; i < n && r == 0; i++) {
		r = session_revoke(o->store, o->outbox, user, &old[i]);
		r = r == STORE_E_MISSING ? 0 : r;
	}
	if (r)
		log_warn("old sessions not revoked", LOG_I("result", r));
}

/* 0 while @proven has the password and the second factor that he proved, else SESSION_E_INVALID. */
static int still_proven(struct store *s, const struct user *proven)
{
	struct user now;
	int r = users_get(s, &proven->id, &now);

	if (r)
		return r == STORE_E_MISSING ? SESSION_E_INVALID : r;
	if (strcmp(now.hash, proven->hash) != 0 || now.totp_since_ms != proven->totp_since_ms)
		r = SESSION_E_INVALID;
	sodium_memzero(&now, sizeof now);
	return r;
}

/* Whoever changes a password writes it first and then ends the sessions: one that is inserted after that ends here. */
static int end_unless_proven(const struct sessions_options *o, const struct user *proven, const struct uuid *session)
{
	int proof = still_proven(o->store, proven);

	if (proof == 0)
		return 0;
	int r = session_revoke(o->store, o->outbox, &proven->id, session);
	return r == 0 || r == STORE_E_MISSING ? proof : r;
}

int session_create(const struct sessions_options *o, const struct user *proven, const struct session_origin *origin,
	int64_t now_ms, struct session_grant *ret)
{
	struct session_grant g = { .user = proven->id, .expires_ms = now_ms + o->refresh_age_ms };
	int r = uuid_random(&g.session);

	if (r)
		return r;
	refresh_make(&g.refresh, &g.session, o->tag_key);
	r = insert(o, &g, origin, now_ms);
	if (r == 0)
		r = end_unless_proven(o, proven, &g.session);
	if (r)
		return r;
	trim(o, &proven->id);
	*ret = g;
	return 0;
}

/* ---- the list ---- */

static json_t *show(const bson_t *doc)
{
	struct uuid id;
	char id_text[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE], used[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE];
	int64_t created_ms, used_ms, expires_ms;

	if (!document_uuid(doc, "_id", &id) || !document_time(doc, "created", &created_ms) ||
		!document_time(doc, "rotated", &used_ms) || !document_time(doc, "expires", &expires_ms))
		return NULL;
	uuid_format(id_text, &id);
	time_format(created, created_ms);
	time_format(used, used_ms);
	time_format(expires, expires_ms);
	return json_pack("{ss ss ss ss ss? ss?}", "id", id_text, "created", created, "last_used", used, "expires",
		expires, "client", document_text(doc, "client"), "address", document_text(doc, "address"));
}

static void mark_current(json_t *list, const struct uuid *current)
{
	char id[UUID_TEXT_SIZE];
	json_t *item;
	size_t i;

	uuid_format(id, current);
	json_array_foreach(list, i, item)
	{
		const char *its = json_string_value(json_object_get(item, "id"));
		json_object_set_new(item, "current", json_boolean(strcmp(its, id) == 0));
	}
}

int sessions_list(const struct sessions_options *o, const struct uuid *user, const struct uuid *current, int64_t now_ms,
	json_t **ret)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user), "revoked", "{", "$exists", BCON_BOOL(false), "}", "expires",
		"{", "$gt", BCON_DATE_TIME(now_ms), "}");
	bson_t *options = BCON_NEW("sort", "{", "rotated", BCON_INT32(-1), "}", "limit", BCON_INT64(o->per_user_max));
	int r = documents_list(o->store, SESSIONS_COLLECTION, filter, options, show, ret);

	bson_destroy(options);
	bson_destroy(filter);
	if (r == 0)
		mark_current(*ret, current);
	return r;
}

/* ---- trading ---- */

static bool family_from(const bson_t *doc, struct family *f)
{
	*f = (struct family){ .revoked = document_has(doc, "revoked") };
	if (f->revoked)
		return true;
	f->has_previous = document_bytes(doc, "previous", f->previous, sizeof f->previous) &&
			  document_bytes(doc, "box", f->box, sizeof f->box);
	return document_uuid(doc, "user", &f->user) && document_time(doc, "expires", &f->expires_ms) &&
	       document_time(doc, "rotated", &f->rotated_ms) &&
	       document_bytes(doc, "current", f->current, sizeof f->current);
}

static int family_read(const struct sessions_options *o, const struct uuid *session, struct family *ret)
{
	bson_t *doc;
	bson_t *filter = BCON_NEW("_id", BCON_UUID(session));
	int r = store_find_one(o->store, SESSIONS_COLLECTION, filter, NULL, &doc);

	bson_destroy(filter);
	if (r)
		return r == STORE_E_MISSING ? SESSION_E_INVALID : r;
	r = family_from(doc, ret) ? 0 : -EBADMSG;
	bson_destroy(doc);
	return r;
}

/* STORE_E_MISSING when @token is not the current one any more. */
static int rotate(
	const struct sessions_options *o, const struct refresh_token *token, int64_t now_ms, struct session_grant *g)
{
	uint8_t box[REFRESH_BOX_SIZE];

	g->expires_ms = now_ms + o->refresh_age_ms;
	refresh_make(&g->refresh, &g->session, o->tag_key);
	refresh_box(token, &g->refresh, box);
	bson_t *filter =
		BCON_NEW("_id", BCON_UUID(&g->session), "current", BCON_BYTES(token->hash, sizeof token->hash));
	bson_t *update = BCON_NEW("$set", "{", "current", BCON_BYTES(g->refresh.hash, sizeof g->refresh.hash),
		"previous", BCON_BYTES(token->hash, sizeof token->hash), "box", BCON_BYTES(box, sizeof box), "rotated",
		BCON_DATE_TIME(now_ms), "expires", BCON_DATE_TIME(g->expires_ms), "}");
	int r = store_update_one(o->store, SESSIONS_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

static int revoke_reused(const struct sessions_options *o, const struct uuid *session)
{
	char id[UUID_TEXT_SIZE];
	int r = session_revoke(o->store, o->outbox, NULL, session);

	if (r != 0 && r != STORE_E_MISSING)
		return r;
	uuid_format(id, session);
	log_warn("refresh token used twice, session revoked", LOG_S("session", id));
	return SESSION_E_REUSED;
}

static int trade(const struct sessions_options *o, const struct refresh_token *token, int64_t now_ms,
	struct session_grant *g, bool *repeated)
{
	struct family f;
	int r = family_read(o, &token->session, &f);

	if (r)
		return r;
	g->user = f.user;
	*repeated = false;
	switch (family_judge(&f, token->hash, now_ms, o->grace_ms)) {
	case FAMILY_ROTATE:
		return rotate(o, token, now_ms, g);
	case FAMILY_REPEAT:
		*repeated = true;
		g->expires_ms = f.expires_ms;
		return refresh_unbox(&g->refresh, token, f.box);
	case FAMILY_REUSED:
		return revoke_reused(o, &token->session);
	case FAMILY_ENDED:
		break;
	}
	return SESSION_E_INVALID;
}

int session_refresh(const struct sessions_options *o, const char *token, size_t len, int64_t now_ms,
	struct session_grant *ret, bool *ret_repeated)
{
	struct refresh_token t;
	bool repeated = false;
	int r = STORE_E_MISSING;

	if (refresh_read(&t, token, len, o->tag_key))
		return SESSION_E_INVALID;
	struct session_grant g = { .session = t.session };
	/* Missing: another caller was faster, and the token is the previous one now. */
	for (int i = 0; i < TRIES_MAX && r == STORE_E_MISSING; i++)
		r = trade(o, &t, now_ms, &g, &repeated);
	if (r == STORE_E_MISSING)
		r = STORE_E_RETRY;
	if (r == 0 || r == SESSION_E_REUSED)
		*ret = g;
	if (r == 0)
		*ret_repeated = repeated;
	return r;
}

int session_of_refresh(
	const struct sessions_options *o, const char *token, size_t len, int64_t now_ms, struct session_grant *ret)
{
	struct refresh_token t;
	struct family f;

	if (refresh_read(&t, token, len, o->tag_key))
		return SESSION_E_INVALID;
	int r = family_read(o, &t.session, &f);
	if (r)
		return r;
	enum family_verdict v = family_judge(&f, t.hash, now_ms, o->grace_ms);
	if (v != FAMILY_ROTATE && v != FAMILY_REPEAT)
		return SESSION_E_INVALID;
	*ret = (struct session_grant){ .user = f.user, .session = t.session, .expires_ms = f.expires_ms };
	return 0;
}
