/* email - another address: POST /v1/account/email asks for it, and a link that is sent there confirms it. */
#include "auth/common/audit.h"
#include "auth/common/confirm.h"
#include "auth/registration/internal.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* ---- asking ---- */

/* An address that has an account is told so, by mail: here it makes no difference. One that somebody began and never
 * verified is nobody's. */
static int send_confirmation(const struct registration *r, const struct user *u, const char *email)
{
	struct user other;
	struct link_mail l = { ONE_TIME_EMAIL, MAIL_EMAIL_CONFIRM, "email", u->id, email,
		clock_real_ms() + r->options.verify_ttl_ms };
	int result = users_find(r->store, email, &other);

	if (result != 0 && result != STORE_E_MISSING)
		return result;
	if (result == 0 && !other.awaits_verification) {
		l.link = ONE_TIME_NONE;
		l.mail = MAIL_EMAIL_TAKEN;
	}
	return send_link(r, &l);
}

static int ask(const struct registration *r, const struct user *u, const char *email)
{
	int result = one_time_drop(r->store, &u->id, ONE_TIME_EMAIL);

	return result ? result : send_confirmation(r, u, email);
}

void email_ask_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	char email[EMAIL_SIZE];
	struct user u;

	if (!needs_mail(q, r) || !body_email(q, email) || !confirm_password(q, r->auth, &u) ||
		!auth_admit(q, r->auth, AUTH_LIMIT_MAIL, email))
		return;
	if (!strcmp(email, u.email)) {
		web_problem(q, 422, "invalid_email", "\"email\" is the address that you have.");
		return;
	}
	int result = ask(r, &u, email);
	if (result) {
		auth_fail(q, result);
		return;
	}
	struct audit_details d = audit_details_of(q);
	d.who = email;
	audit_write(r->store, &u.id, AUDIT_EMAIL_ASKED, &d);
	auth_notice(r->auth, MAIL_EMAIL_ASKED, u.email);
	answer_accepted(q);
}

/* ---- confirming ---- */

/* Removes an account of @email that nobody verified. */
static int clear_address(const struct registration *r, const char *email)
{
	bson_t *filter = BCON_NEW("email", BCON_UTF8(email), "expires", "{", "$exists", BCON_BOOL(true), "}");
	int result = store_delete_one(r->store, USERS_COLLECTION, filter);

	bson_destroy(filter);
	return result == STORE_E_MISSING ? 0 : result;
}

static int write_email(const struct registration *r, const struct uuid *id, const char *email)
{
	bson_t *update =
		BCON_NEW("$set", "{", "email", BCON_UTF8(email), "verified", BCON_DATE_TIME(clock_real_ms()), "}");
	int result = users_change(r->store, id, NULL, update);

	bson_destroy(update);
	return result;
}

/* Links that went to the old address are worth nothing afterwards. */
static int change_email(const struct registration *r, const struct one_time *worth)
{
	int result = clear_address(r, worth->email);

	if (result == 0)
		result = write_email(r, &worth->user, worth->email);
	return result ? result
		      : one_time_drop(r->store, &worth->user, ONE_TIME_VERIFY | ONE_TIME_RESET | ONE_TIME_EMAIL);
}

static void answer_changed(
	struct web_request *q, const struct registration *r, const struct one_time *worth, const struct user *old)
{
	struct audit_details d = audit_details_of(q);

	d.who = worth->email;
	auth_restore(q, r->auth, AUTH_LIMIT_LOGIN, worth->email);
	audit_write(r->store, &worth->user, AUDIT_EMAIL_CHANGED, &d);
	auth_notice(r->auth, MAIL_EMAIL_CHANGED, old->email);
	web_reply(q, 204, NULL);
}

void email_confirm_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *token = body_token(q);
	struct one_time worth;
	struct user old;

	if (!token || !auth_admit(q, r->auth, AUTH_LIMIT_SECRET, NULL))
		return;
	int result =
		one_time_take(r->store, ONE_TIME_EMAIL, json_string_value(token), json_string_length(token), &worth);
	if (result == 0)
		result = users_get(r->store, &worth.user, &old);
	if (result == 0)
		result = change_email(r, &worth);
	if (result == STORE_E_MISSING) {
		auth_penalise(q, r->auth, AUTH_LIMIT_SECRET, NULL);
		answer_no_token(q);
	} else if (result == STORE_E_DUPLICATE) {
		web_problem(q, 409, "email_in_use", "This address has an account of its own by now.");
	} else if (result) {
		auth_fail(q, result);
	} else {
		answer_changed(q, r, &worth, &old);
	}
}
