/* grant_common - what the handlers of grants share. */
#include "auth/devices/grant_internal.h"
#include "base/clock.h"
#include "service/log.h"

/* ---- answers ---- */

void answer_no_grant(struct web_request *q)
{
	web_problem(q, 404, "not_found", "There is no such share, or it has ended.");
}

void answer_too_many_grants(struct web_request *q, int64_t max)
{
	web_problem(q, 409, "too_many_grants", "There may be %lld of them. End another one first.", (long long)max);
}

/* ---- checks ---- */

bool grant_caller(struct web_request *q, const struct devices *d, struct user *ret)
{
	int r = users_get(d->store, &web_claims(q)->subject, ret);

	if (r == STORE_E_MISSING) /* the account has ended meanwhile */
		answer_no_grant(q);
	else if (r)
		auth_fail(q, r);
	return r == 0;
}

bool grant_room(struct web_request *q, const struct devices *d, bson_t *filter, int64_t max)
{
	bson_t *standing = grants_standing(filter, clock_real_ms());
	bool room = false;
	int r = documents_room(d->store, GRANTS_COLLECTION, standing, max, &room);

	bson_destroy(standing);
	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else if (!room)
		answer_too_many_grants(q, max);
	return room;
}

/* ---- the audit log ---- */

static void write_event(struct web_request *q, const struct devices *d, const struct uuid *user, const char *event,
	const struct grant *g, const char *who)
{
	struct audit_details details = { 0 };

	if (uuid_same(user, &web_claims(q)->subject))
		details = audit_details_of(q);
	details.who = who;
	details.device = &g->device;
	details.grant = &g->id;
	audit_write(d->store, user, event, &details);
}

void grant_audit(struct web_request *q, const struct devices *d, const char *event, const struct grant *g,
	const struct uuid *grantee)
{
	struct user owner;

	write_event(q, d, &g->owner, event, g, g->email);
	if (!grantee)
		return;
	int r = users_get(d->store, &g->owner, &owner);
	if (r)
		log_debug("event without the owner's address", LOG_S("event", event), LOG_I("result", r));
	write_event(q, d, grantee, event, g, r ? NULL : owner.email);
}
