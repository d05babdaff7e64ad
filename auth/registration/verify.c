/* verify - POST /v1/users/verify and /v1/users/verification: whose the address is, shown by a link and the password. */
#include "auth/common/audit.h"
#include "auth/common/confirm.h"
#include "auth/registration/internal.h"
#include "base/clock.h"

#include <errno.h>

/* ---- the link is followed ---- */

/* The account that @token verifies. A link that is older belongs to one that was replaced. */
static int find_account(const struct registration *r, const json_t *token, struct user *ret)
{
	struct one_time worth;
	int result =
		one_time_look(r->store, ONE_TIME_VERIFY, json_string_value(token), json_string_length(token), &worth);

	if (result == 0)
		result = users_get(r->store, &worth.user, ret);
	if (result == 0 && (strcmp(worth.email, ret->email) != 0 || worth.created_ms < ret->created_ms))
		result = STORE_E_MISSING;
	return result;
}

/* As long as the account has the password that was shown. */
static int mark_verified(const struct registration *r, const struct user *u)
{
	bson_t *condition = BCON_NEW("password", BCON_UTF8(u->hash), "email", BCON_UTF8(u->email));
	bson_t *update = BCON_NEW("$min", "{", "verified", BCON_DATE_TIME(clock_real_ms()), "}", "$unset", "{",
		"expires", BCON_UTF8(""), "}");
	int result = users_change(r->store, &u->id, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return result ? result : one_time_drop(r->store, &u->id, ONE_TIME_VERIFY);
}

static void verify(struct web_request *q, const struct registration *r, const struct user *u)
{
	int result = mark_verified(r, u);

	if (result == STORE_E_MISSING) {
		answer_no_token(q);
	} else if (result) {
		auth_fail(q, result);
	} else {
		const struct audit_details d = audit_details_of(q);
		auth_restore(q, r->auth, AUTH_LIMIT_LOGIN, u->email);
		audit_write(r->store, &u->id, AUDIT_ACCOUNT_VERIFIED, &d);
		web_reply(q, 204, NULL);
	}
}

/* Whoever began the account must be who reads the mail: else somebody could have a stranger confirm his account. */
static const char WRONG[] =
	"That is not the password which this account was registered with. If you did not register it, "
	"register again.";

void verify_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *token = body_token(q);
	const char *password = token ? confirm_text(q, "password") : NULL;
	struct user u;

	if (!password || !auth_admit(q, r->auth, AUTH_LIMIT_SECRET, NULL))
		return;
	int result = find_account(r, token, &u);
	if (result == STORE_E_MISSING)
		answer_bad_token(q, r);
	else if (result)
		auth_fail(q, result);
	else if (link_confirmed(q, r, &u, password, WRONG))
		verify(q, r, &u);
}

/* ---- another mail ---- */

/* For an address without an account, or one that is verified, the same is written to nobody. */
static int send_again(const struct registration *r, const char *email)
{
	struct user u;
	struct link_mail l = { ONE_TIME_NONE, MAIL_NONE, "verify", { { 0 } }, email, 0 };
	int result = users_find(r->store, email, &u);

	if (result != 0 && result != STORE_E_MISSING)
		return result;
	if (result == 0 && !u.verified) {
		l.link = ONE_TIME_VERIFY;
		l.mail = MAIL_VERIFY;
		l.user = u.id;
		l.expires_ms = u.verify_by_ms ? u.verify_by_ms : clock_real_ms() + r->options.verify_ttl_ms;
	}
	return send_link(r, &l);
}

void verification_handle(struct web_request *q, void *owner)
{
	answer_mail_asked(q, registration_of(owner), send_again);
}
