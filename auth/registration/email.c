/* email - another address: POST /v1/account/email asks for it, and a link that is sent there confirms it. */
#include "auth/common/audit.h"
#include "auth/common/confirm.h"
#include "auth/common/former.h"
#include "auth/registration/internal.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* ---- asking ---- */

/* An address that has an account is told so, by mail: here it makes no difference, nor in what the account shows until the
 * link ends, whose token nobody gets then. One that somebody began and never verified is nobody's. */
static int send_confirmation(const struct registration *r, const struct user *u, const char *email)
{
	struct user other;
	struct link_mail l = { ONE_TIME_EMAIL, MAIL_EMAIL_CONFIRM, "email", u->id, email,
		clock_real_ms() + r->options.verify_ttl_ms };
	int result = users_find(r->store, email, &other);

	if (result != 0 && result != STORE_E_MISSING)
		return result;
	if (result == 0 && other.verify_by_ms == 0) {
		l.mail = MAIL_EMAIL_TAKEN;
		l.word = NULL;
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

struct change {
	const char *token;
	size_t token_len;
	char email[EMAIL_SIZE]; /* to be */
	struct user user; /* as he is */
};

/* What the token is for, which stays good. STORE_E_MISSING: nothing. */
static int find_change(const struct registration *r, struct change *c)
{
	struct one_time worth;
	int result = one_time_look(r->store, ONE_TIME_EMAIL, c->token, c->token_len, &worth);

	if (result == 0)
		result = users_get(r->store, &worth.user, &c->user);
	if (result == 0)
		memcpy(c->email, worth.email, sizeof c->email);
	return result;
}

/* Removes an account of @email that nobody verified. */
static int clear_address(const struct registration *r, const char *email)
{
	bson_t *filter = BCON_NEW("email", BCON_UTF8(email), "expires", "{", "$exists", BCON_BOOL(true), "}");
	int result = store_delete_one(r->store, USERS_COLLECTION, filter);

	bson_destroy(filter);
	return result == STORE_E_MISSING ? 0 : result;
}

/* As long as the account has the password that was shown. */
static int write_email(const struct registration *r, const struct change *c)
{
	bson_t *condition = BCON_NEW("password", BCON_UTF8(c->user.hash));
	int64_t now = clock_real_ms();
	bson_t *update = BCON_NEW("$set", "{", "email", BCON_UTF8(c->email), "verified", BCON_DATE_TIME(now), "}");

	former_push(update, c->user.email, now);
	int result = users_change(r->store, &c->user.id, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return result;
}

/* Links that went to the old address are worth nothing afterwards. */
static int change_email(const struct registration *r, const struct change *c)
{
	struct one_time worth;
	int result = one_time_take(r->store, ONE_TIME_EMAIL, c->token, c->token_len, &worth);

	if (result == 0)
		result = clear_address(r, c->email);
	if (result == 0)
		result = write_email(r, c);
	return result ? result
		      : one_time_drop(r->store, &c->user.id, ONE_TIME_VERIFY | ONE_TIME_RESET | ONE_TIME_EMAIL);
}

static void answer_changed(struct web_request *q, const struct registration *r, const struct change *c)
{
	struct audit_details d = audit_details_of(q);

	d.who = c->email;
	auth_restore(q, r->auth, AUTH_LIMIT_LOGIN, c->email);
	audit_write(r->store, &c->user.id, AUDIT_EMAIL_CHANGED, &d);
	auth_notice(r->auth, MAIL_EMAIL_CHANGED, c->user.email);
	web_reply(q, 204, NULL);
}

static void confirm(struct web_request *q, const struct registration *r, const struct change *c)
{
	int result = change_email(r, c);

	if (result == STORE_E_MISSING)
		answer_bad_token(q, r);
	else if (result == STORE_E_DUPLICATE)
		web_problem(q, 409, "email_in_use", "This address has an account of its own by now.");
	else if (result)
		auth_fail(q, result);
	else
		answer_changed(q, r, c);
}

/* The address may be mistyped, and a stranger's: who reads the mail and does not know the password gets no account. */
static const char WRONG[] =
	"That is not the password of the account which is to have this address. If you did not ask for it, "
	"do nothing.";

void email_confirm_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *token = body_token(q);
	const char *password = token ? confirm_text(q, "password") : NULL;

	if (!password || !auth_admit(q, r->auth, AUTH_LIMIT_SECRET, NULL))
		return;
	struct change c = { .token = json_string_value(token), .token_len = json_string_length(token) };
	int result = find_change(r, &c);
	if (result == STORE_E_MISSING)
		answer_bad_token(q, r);
	else if (result)
		auth_fail(q, result);
	else if (link_confirmed(q, r, &c.user, password, WRONG))
		confirm(q, r, &c);
}
