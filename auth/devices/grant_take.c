/* grant_take - what has been given and received: listed, accepted, declined, ended, left. */
#include "auth/devices/grant_internal.h"
#include "auth/devices/page.h"
#include "auth/devices/shared.h"
#include "base/clock.h"

#include <string.h>

/* ---- whose is it ---- */

/* An address that nobody has shown to be his receives nothing, where that is asked for. */
static bool receives(const struct devices *d, const struct user *u)
{
	return u->verified || !d->options.verify_email;
}

/* The id in the path; else answers that there is no such grant. */
static bool read_id(struct web_request *q, struct uuid *ret)
{
	const char *text = web_path(q, "id");

	if (uuid_parse(ret, text, strlen(text)) == 0)
		return true;
	answer_no_grant(q);
	return false;
}

/* Answers what went wrong. */
static void answer_failure(struct web_request *q, int r)
{
	if (r == STORE_E_MISSING)
		answer_no_grant(q);
	else if (r == STORE_E_DUPLICATE)
		web_problem(q, 409, "already_shared", "The device is shared with you already: leave that share first.");
	else
		auth_fail(q, r);
}

/* ---- the lists ---- */

/* What is the caller's, and what waits for his address. */
static bson_t *received_by(const struct devices *d, const struct user *u)
{
	if (!receives(d, u))
		return BCON_NEW("grantee", BCON_UUID(&u->id));
	bson_t *waiting = grants_waiting(u->email, &u->id, clock_real_ms());
	bson_t *filter = BCON_NEW("$or", "[", "{", "grantee", BCON_UUID(&u->id), "}", BCON_DOCUMENT(waiting), "]");
	bson_destroy(waiting);
	return filter;
}

static bson_t *given_by(const struct user *u)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(&u->id));
	bson_t *standing = grants_standing(filter, clock_real_ms());

	bson_destroy(filter);
	return standing;
}

/* The filter that "side" stands for; NULL: it is none, which is answered, or the caller is nobody. */
static bson_t *side_filter(struct web_request *q, const struct devices *d)
{
	const char *side = web_query(q, "side");
	bool received = side && !strcmp(side, "received");
	struct user u;

	if (!received && (!side || strcmp(side, "given") != 0)) {
		web_problem(q, 400, "invalid_side", "\"side\" must be given or received.");
		return NULL;
	}
	if (!grant_caller(q, d, &u))
		return NULL;
	return received ? received_by(d, &u) : given_by(&u);
}

static int find_page(const struct devices *d, const bson_t *filter, const struct page *p, struct page_found *ret)
{
	struct page_found found;
	int r = page_find(d->store, GRANTS_COLLECTION, filter, p, grant_json, &found);

	if (r)
		return r;
	*ret = found;
	r = grants_resolve(d->store, found.list, &ret->list);
	json_decref(found.list);
	return r;
}

void grant_list_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct page_found found;
	struct page p;
	bson_t *filter = page_read(q, &p) ? side_filter(q, d) : NULL;

	if (!filter)
		return;
	int r = find_page(d, filter, &p, &found);
	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else
		page_answer(q, "grants", &found);
}

/* ---- what waits for the caller ---- */

/* The filter of {id}, if it waits for the caller; else answers that there is none and returns NULL. */
static bson_t *waiting_for_caller(struct web_request *q, const struct devices *d)
{
	struct uuid id;
	struct user u;

	if (!read_id(q, &id) || !grant_caller(q, d, &u))
		return NULL;
	if (!receives(d, &u)) {
		answer_no_grant(q);
		return NULL;
	}
	bson_t *filter = grants_waiting(u.email, &u.id, clock_real_ms());
	BCON_APPEND(filter, "_id", BCON_UUID(&id));
	return filter;
}

static int take(const struct devices *d, const bson_t *filter, const struct uuid *user)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BCON_APPEND(&set, "grantee", BCON_UUID(user), "accepted", BCON_DATE_TIME(clock_real_ms()));
		bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$unset", "{",
			"expires", BCON_UTF8(""), "}");
		r = store_update_one(d->store, GRANTS_COLLECTION, filter, update, false);
		bson_destroy(update);
	}
	bson_destroy(&max);
	bson_destroy(&set);
	if (r == 0)
		outbox_wake(d->outbox);
	return r;
}

static void accept(struct web_request *q, const struct devices *d, const bson_t *filter)
{
	const struct uuid *user = &web_claims(q)->subject;
	struct grant g;
	int r = grants_find(d->store, filter, &g);

	if (r == 0 && !grant_room(q, d, BCON_NEW("grantee", BCON_UUID(user)), d->options.grants_per_user))
		return;
	if (r == 0)
		r = take(d, filter, user);
	if (r) {
		answer_failure(q, r);
		return;
	}
	grant_audit(q, d, AUDIT_GRANT_ACCEPTED, &g, user);
	web_reply(q, 204, NULL);
}

static void decline(struct web_request *q, const struct devices *d, const bson_t *filter)
{
	struct grant g;
	int r = grants_find(d->store, filter, &g);

	if (r == 0)
		r = store_delete_one(d->store, GRANTS_COLLECTION, filter);
	if (r) {
		answer_failure(q, r);
		return;
	}
	grant_audit(q, d, AUDIT_GRANT_DECLINED, &g, &web_claims(q)->subject);
	web_reply(q, 204, NULL);
}

static void on_waiting(struct web_request *q, const struct devices *d,
	void (*act)(struct web_request *q, const struct devices *d, const bson_t *filter))
{
	bson_t *filter = waiting_for_caller(q, d);

	if (!filter)
		return;
	act(q, d, filter);
	bson_destroy(filter);
}

void grant_accept_handle(struct web_request *q, void *owner)
{
	on_waiting(q, devices_of(owner), accept);
}

void grant_decline_handle(struct web_request *q, void *owner)
{
	on_waiting(q, devices_of(owner), decline);
}

/* ---- the end ---- */

static int find_of_caller(const struct devices *d, const struct uuid *id, const struct uuid *user, struct grant *ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id), "$or", "[", "{", "owner", BCON_UUID(user), "}", "{", "grantee",
		BCON_UUID(user), "}", "]");
	int r = grants_find(d->store, filter, ret);

	bson_destroy(filter);
	return r;
}

static int end(const struct devices *d, const struct grant *g)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&g->id), "owner", BCON_UUID(&g->owner));
	int64_t n = 0;
	int r = grants_end(d->store, d->outbox, filter, &n);

	bson_destroy(filter);
	return r == 0 && n == 0 ? STORE_E_MISSING : r;
}

void grant_end_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const struct uuid *user = &web_claims(q)->subject;
	struct grant g;
	struct uuid id;

	if (!read_id(q, &id))
		return;
	int r = find_of_caller(d, &id, user, &g);
	if (r == 0)
		r = end(d, &g);
	if (r) {
		answer_failure(q, r);
		return;
	}
	grant_audit(q, d, uuid_same(user, &g.owner) ? AUDIT_GRANT_ENDED : AUDIT_GRANT_LEFT, &g,
		g.accepted ? &g.grantee : NULL);
	web_reply(q, 204, NULL);
}
