/* sign_up - POST /v1/users */
#include "auth/registration/internal.h"
#include "auth/registration/invitation.h"
#include "base/clock.h"
#include "service/metrics.h"

#include <errno.h>

enum { TRIES_MAX = 4 };

/* ---- what is asked for ---- */

struct wish {
	struct user user; /* as it is to be */
	const char *password; /* borrowed from the body, as is the next */
	const json_t *invitation;
};

/* Reads the wish, or answers what is wrong with it and returns false. */
static bool read_wish(struct web_request *q, struct wish *w)
{
	*w = (struct wish){ .password = NULL };
	if (!body_email(q, w->user.email) || !body_password(q, w->user.email, &w->password) ||
		!body_name(q, w->user.name))
		return false;
	w->invitation = json_object_get(web_body(q), "invitation");
	return true;
}

static bool answer_uninvited(struct web_request *q, int status, const char *code, const char *why)
{
	web_problem(q, status, code, "%s", why);
	return false;
}

/* Whether an account may be asked for; that is the same for every address. */
static bool may_sign_up(struct web_request *q, const struct registration *r, const struct wish *w)
{
	switch (r->options.sign_up) {
	case SIGN_UP_OPEN:
		return true;
	case SIGN_UP_CLOSED:
		return answer_uninvited(q, 403, "sign_up_closed", "No new accounts are made here.");
	case SIGN_UP_INVITATION:
		break;
	}
	if (!json_is_string(w->invitation))
		return answer_uninvited(
			q, 403, "invitation_required", "An account needs an invitation: send its \"invitation\".");
	int result = invitation_look(r->store, w->invitation, w->user.email);
	if (result == STORE_E_MISSING) {
		auth_penalise(q, r->auth, AUTH_LIMIT_SIGN_UP, NULL);
		return answer_uninvited(
			q, 403, "invalid_invitation", "The invitation is not good any more, or not for this address.");
	}
	if (result)
		auth_fail(q, result);
	return result == 0;
}

/* ---- writing it ---- */

/* What became of the wish. */
struct outcome {
	struct uuid user;
	bool known; /* the address has an account, which stays as it is */
};

/* What makes an account that nobody verified another one: @u. */
static bson_t *replacement(const struct user *u)
{
	bson_t *update = bson_new(), set, unset;

	BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
	BCON_APPEND(&set, "password", BCON_UTF8(u->hash), "created", BCON_DATE_TIME(u->created_ms), "asked",
		BCON_DATE_TIME(u->created_ms));
	if (u->name[0])
		BSON_APPEND_UTF8(&set, "name", u->name);
	if (u->verify_by_ms)
		BSON_APPEND_DATE_TIME(&set, "expires", u->verify_by_ms);
	bson_append_document_end(update, &set);
	BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &unset);
	BSON_APPEND_UTF8(&unset, "verified", "");
	if (!u->name[0])
		BSON_APPEND_UTF8(&unset, "name", "");
	if (!u->verify_by_ms)
		BSON_APPEND_UTF8(&unset, "expires", "");
	bson_append_document_end(update, &unset);
	return update;
}

/* Puts @u in place of @known, who never verified the address; his links are worth nothing, being older than this. */
static int replace(struct store *s, const struct user *known, const struct user *u)
{
	bson_t *condition = BCON_NEW("expires", "{", "$exists", BCON_BOOL(true), "}");
	bson_t *update = replacement(u);
	int r = users_change(s, &known->id, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return r;
}

static int note_asked(struct store *s, const struct user *known, int64_t asked_ms)
{
	bson_t *update = BCON_NEW("$set", "{", "asked", BCON_DATE_TIME(asked_ms), "}");
	int r = users_change(s, &known->id, NULL, update);

	bson_destroy(update);
	return r;
}

/* One read and one write, whatever is there. STORE_E_MISSING or STORE_E_DUPLICATE: it changed meanwhile, once more. */
static int write_once(struct store *s, const struct user *u, struct outcome *o)
{
	struct user known;
	int r = users_find(s, u->email, &known);

	if (r == STORE_E_MISSING) {
		*o = (struct outcome){ u->id, false };
		return users_add(s, u);
	}
	if (r)
		return r;
	*o = (struct outcome){ known.id, known.verify_by_ms == 0 };
	return o->known ? note_asked(s, &known, u->created_ms) : replace(s, &known, u);
}

static int write_user(struct store *s, const struct user *u, struct outcome *o)
{
	int r = STORE_E_RETRY;

	for (int i = 0; i < TRIES_MAX; i++) {
		r = write_once(s, u, o);
		if (r != STORE_E_MISSING && r != STORE_E_DUPLICATE)
			return r;
	}
	return STORE_E_RETRY;
}

/* ---- the mail ---- */

static int send_mail(const struct registration *r, const struct user *u, const struct outcome *o)
{
	struct link_mail l = { ONE_TIME_NONE, MAIL_NONE, "verify", o->user, u->email, u->verify_by_ms };

	if (o->known) {
		l.mail = MAIL_KNOWN;
	} else if (u->verify_by_ms) {
		l.link = ONE_TIME_VERIFY;
		l.mail = MAIL_VERIFY;
	}
	return send_link(r, &l);
}

/* ---- all of it ---- */

static int sign_up(const struct registration *r, struct wish *w)
{
	struct user *u = &w->user;
	struct outcome o = { .known = false };
	int result = uuid_random(&u->id);

	u->created_ms = clock_real_ms();
	u->verify_by_ms = r->options.verify ? u->created_ms + r->options.verify_ttl_ms : 0;
	if (result == 0 && r->options.sign_up == SIGN_UP_INVITATION)
		result = invitation_take(r->store, w->invitation, u->email);
	if (result == 0)
		result = write_user(r->store, u, &o);
	return result ? result : send_mail(r, u, &o);
}

static void count(const struct registration *r, const char *result)
{
	metric_add(r->requests, (const char *const[]){ result }, 1);
}

/* Where mails are sent, one goes to every address that is asked for. */
static bool admitted(struct web_request *q, const struct registration *r, const struct wish *w)
{
	return auth_admit(q, r->auth, AUTH_LIMIT_SIGN_UP, NULL) &&
	       (!mail_configured(r->auth->mailer) || auth_admit(q, r->auth, AUTH_LIMIT_MAIL, w->user.email));
}

/* What was not tried costs nothing. */
static void answer_untried(struct web_request *q, const struct registration *r, const struct wish *w, int result)
{
	count(r, result == HASHER_E_BUSY ? "busy" : "failed");
	auth_refund(q, r->auth, AUTH_LIMIT_SIGN_UP, NULL);
	if (mail_configured(r->auth->mailer))
		auth_refund(q, r->auth, AUTH_LIMIT_MAIL, w->user.email);
	answer_hash_failure(q, result);
}

void register_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	struct wish w;

	if (!read_wish(q, &w) || !admitted(q, r, &w) || !may_sign_up(q, r, &w)) {
		count(r, "refused");
		return;
	}
	/* Without the unique index one address could become two users. */
	if (!upkeep_prepared(r->auth->upkeep)) {
		auth_fail(q, -EAGAIN);
		return;
	}
	int result = hasher_hash(r->auth->hasher, w.password, w.user.hash);
	if (result) {
		answer_untried(q, r, &w, result);
		return;
	}
	result = sign_up(r, &w);
	count(r, result ? "failed" : "accepted");
	if (result)
		auth_fail(
			q, result == STORE_E_MISSING ? -EAGAIN : result); /* somebody took the invitation: see again */
	else
		answer_accepted(q);
}
