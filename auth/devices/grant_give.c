/*
 * grant_give - what an owner does: offer a device to an e-mail address, see with whom it is shared
 *
 * Nobody looks whether there is an account of that address, so no answer can tell.
 */
#include "auth/devices/grant_internal.h"
#include "auth/devices/shared.h"
#include "auth/common/document.h"
#include "auth/common/mail.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

struct offer {
	struct permission device;
	struct user owner;
	char email[EMAIL_SIZE];
	enum rights rights;
};

/* ---- reading ---- */

static bool read_offer(struct web_request *q, struct offer *o)
{
	const json_t *body = web_body(q);

	if (!body)
		return false;
	if (!check_email(json_object_get(body, "email"), o->email))
		web_problem(q, 422, "invalid_email", "\"email\" must be an e-mail address.");
	else if (!rights_read(&o->rights, json_string_value(json_object_get(body, "rights"))))
		web_problem(q, 422, "invalid_rights", "\"rights\" must be \"view\" or \"manage\".");
	else
		return true;
	return false;
}

static bool is_other(struct web_request *q, const struct offer *o)
{
	if (strcmp(o->email, o->owner.email) != 0)
		return true;
	web_problem(q, 422, "own_address", "The device is yours: share it with somebody else.");
	return false;
}

/* ---- storing ---- */

static bson_t *to_address(const struct offer *o, const char *state)
{
	return BCON_NEW("device", BCON_UUID(&o->device.device), "email", BCON_UTF8(o->email), state, "{", "$exists",
		BCON_BOOL(true), "}");
}

/* One that waits, or has expired: it waits anew, as it is now. */
static int renew(const struct devices *d, const struct offer *o, bson_t **ret)
{
	bson_t *filter = to_address(o, "expires");
	bson_t *update = BCON_NEW("$set", "{", "rights", BCON_UTF8(rights_text(o->rights)), "expires",
		BCON_DATE_TIME(clock_real_ms() + d->options.grant_ttl_ms), "}");
	int r = store_find_and_modify(d->store, GRANTS_COLLECTION, filter, update, true, ret);

	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

/* One that was accepted: only its rights are another. */
static int change(const struct devices *d, const struct offer *o, bson_t **ret)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_UTF8(&set, "rights", rights_text(o->rights));
		bson_t *filter = to_address(o, "grantee");
		bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max));
		r = store_find_and_modify(d->store, GRANTS_COLLECTION, filter, update, true, ret);
		bson_destroy(update);
		bson_destroy(filter);
	}
	bson_destroy(&max);
	bson_destroy(&set);
	if (r == 0)
		outbox_wake(d->outbox);
	return r;
}

static int insert(const struct devices *d, const struct offer *o, bson_t **ret)
{
	int64_t now = clock_real_ms();
	struct uuid id;
	int r = uuid_random(&id);

	if (r)
		return r;
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&id), "device", BCON_UUID(&o->device.device), "owner",
		BCON_UUID(&o->device.owner), "email", BCON_UTF8(o->email), "rights", BCON_UTF8(rights_text(o->rights)),
		"created", BCON_DATE_TIME(now), "expires", BCON_DATE_TIME(now + d->options.grant_ttl_ms));
	r = store_insert(d->store, GRANTS_COLLECTION, doc);
	if (r == 0)
		*ret = doc;
	else
		bson_destroy(doc);
	return r;
}

/* Whether one more fits; else answers that. Requests at once may all be let in: it bounds what is stored, roughly. */
static bool check_room(struct web_request *q, const struct devices *d, const struct offer *o)
{
	return grant_room(q, d, BCON_NEW("device", BCON_UUID(&o->device.device)), d->options.grants_per_device) &&
	       grant_room(q, d, BCON_NEW("owner", BCON_UUID(&o->device.owner)), d->options.grants_per_user);
}

/* ---- telling ---- */

/* The offer stands in the other's list whether or not there is a mail. */
static void send_mail(struct web_request *q, const struct auth *a, const struct offer *o, const json_t *grant)
{
	const struct mail_values values = {
		.url = a->public_url,
		.by = o->owner.email,
		.device = json_string_value(json_object_get(json_object_get(grant, "device"), "name")),
	};
	int r = auth_admits(q, a, AUTH_LIMIT_MAIL, o->email) ? mail_queue(a->mailer, MAIL_GRANT, o->email, &values) : 0;

	if (r)
		log_warn("no mail tells of a shared device", LOG_I("result", r));
}

/* One grant's document as people see it; the caller's. STORE_E_MISSING: its device has gone. */
static int show(const struct devices *d, const bson_t *doc, json_t **ret)
{
	json_t *grants = json_pack("[o]", grant_json(doc)), *shown = NULL;
	int r = grants ? grants_resolve(d->store, grants, &shown) : -EBADMSG;

	if (r == 0) {
		*ret = json_incref(json_array_get(shown, 0));
		r = *ret ? 0 : STORE_E_MISSING;
	}
	json_decref(shown);
	json_decref(grants);
	return r;
}

/* ---- handlers ---- */

/* The offer is stored as @doc: tells whom it concerns. */
static void answer_offered(struct web_request *q, const struct auth *a, const struct offer *o, const bson_t *doc)
{
	struct grant g;
	json_t *shown = NULL;
	int r = grant_read(&g, doc) ? show(a->devices, doc, &shown) : -EBADMSG;

	if (r == STORE_E_MISSING) {
		answer_no_device(q);
		return;
	}
	if (r) {
		auth_fail(q, r);
		return;
	}
	if (!g.accepted)
		send_mail(q, a, o, shown);
	grant_audit(q, a->devices, g.accepted ? AUDIT_GRANT_CHANGED : AUDIT_GRANT_OFFERED, &g,
		g.accepted ? &g.grantee : NULL);
	web_reply(q, 202, shown);
}

/* Of two who offer the same at once, one inserts; the other finds it when he asks again. */
static void offer(struct web_request *q, const struct auth *a, const struct offer *o)
{
	const struct devices *d = a->devices;
	bson_t *doc = NULL;
	int r = renew(d, o, &doc);

	if (r == STORE_E_MISSING)
		r = change(d, o, &doc);
	if (r == STORE_E_MISSING) {
		if (!check_room(q, d, o))
			return;
		r = insert(d, o, &doc);
	}
	if (r) {
		auth_fail(q, r == STORE_E_DUPLICATE ? STORE_E_RETRY : r);
		return;
	}
	answer_offered(q, a, o, doc);
	bson_destroy(doc);
}

void grant_give_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	char user[UUID_TEXT_SIZE];
	struct offer o;

	uuid_format(user, &web_claims(q)->subject);
	if (device_permit(q, a->devices, RIGHTS_OWNER, &o.device) && read_offer(q, &o) &&
		grant_caller(q, a->devices, &o.owner) && is_other(q, &o) && auth_admit(q, a, AUTH_LIMIT_SHARE, user))
		offer(q, a, &o);
}

static int list_of_device(const struct devices *d, const struct permission *p, json_t **ret)
{
	bson_t *device = BCON_NEW("device", BCON_UUID(&p->device), "owner", BCON_UUID(&p->owner));
	bson_t *filter = grants_standing(device, clock_real_ms());
	bson_t *options = BCON_NEW("sort", "{", "created", BCON_INT32(1), "_id", BCON_INT32(1), "}");
	json_t *grants = NULL;
	int r = documents_list(d->store, GRANTS_COLLECTION, filter, options, grant_json, &grants);

	bson_destroy(options);
	bson_destroy(filter);
	bson_destroy(device);
	if (r == 0)
		r = grants_resolve(d->store, grants, ret);
	json_decref(grants);
	return r;
}

void grants_of_device_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct permission p;
	json_t *grants = NULL;

	if (!device_permit(q, d, RIGHTS_OWNER, &p))
		return;
	int r = list_of_device(d, &p, &grants);
	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, json_pack("{so}", "grants", grants));
}
