/* reset - POST /v1/password-resets and its confirmation: a new password for who reads the mail. */
#include "auth/common/audit.h"
#include "auth/common/session.h"
#include "auth/registration/internal.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* ---- asking ---- */

/* For an address without an account the same is written to nobody. */
static int send_reset(const struct registration *r, const char *email)
{
	struct user u;
	struct link_mail l = { ONE_TIME_NONE, MAIL_NONE, "reset", { { 0 } }, email,
		clock_real_ms() + r->options.reset_ttl_ms };
	int result = users_find(r->store, email, &u);

	if (result != 0 && result != STORE_E_MISSING)
		return result;
	if (result == 0) {
		l.link = ONE_TIME_RESET;
		l.mail = MAIL_RESET;
		l.user = u.id;
	}
	return send_link(r, &l);
}

void reset_ask_handle(struct web_request *q, void *owner)
{
	answer_mail_asked(q, registration_of(owner), send_reset);
}

/* ---- confirming ---- */

struct reset {
	const char *token;
	size_t token_len;
	struct user user;
	char hash[HASHER_TEXT_SIZE]; /* of the new password */
};

/* The account whose password is to be changed; the token stays good. STORE_E_MISSING: it is not, or is for an address that
 * the account no longer has. */
static int find_account(const struct registration *r, struct reset *x)
{
	struct one_time worth;
	int result = one_time_look(r->store, ONE_TIME_RESET, x->token, x->token_len, &worth);

	if (result == 0)
		result = users_get(r->store, &worth.user, &x->user);
	return result == 0 && strcmp(worth.email, x->user.email) != 0 ? STORE_E_MISSING : result;
}

/* Who has the mail has the address, so it is verified as well. */
static int write_password(const struct registration *r, const struct reset *x)
{
	bson_t *condition = BCON_NEW("email", BCON_UTF8(x->user.email));
	bson_t *update = BCON_NEW("$set", "{", "password", BCON_UTF8(x->hash), "}", "$min", "{", "verified",
		BCON_DATE_TIME(clock_real_ms()), "}", "$unset", "{", "expires", BCON_UTF8(""), "}");
	int result = users_change(r->store, &x->user.id, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return result;
}

/* The token is taken first: of two who show it at once, one changes the password. */
static int change_password(const struct registration *r, const struct reset *x)
{
	struct one_time worth;
	int result = one_time_take(r->store, ONE_TIME_RESET, x->token, x->token_len, &worth);

	if (result == 0)
		result = write_password(r, x);
	if (result == 0)
		result = session_revoke_all(r->store, r->auth->outbox, &x->user.id, NULL);
	if (result == 0)
		result = one_time_drop(r->store, &x->user.id, ONE_TIME_VERIFY | ONE_TIME_RESET | ONE_TIME_EMAIL);
	return result;
}

static void confirm(struct web_request *q, const struct registration *r, struct reset *x, const char *password)
{
	int result = hasher_hash(r->auth->hasher, password, x->hash);

	if (result) {
		auth_refund(q, r->auth, AUTH_LIMIT_SECRET, NULL);
		answer_hash_failure(q, result);
		return;
	}
	result = change_password(r, x);
	if (result == STORE_E_MISSING) {
		answer_bad_token(q, r);
	} else if (result) {
		auth_fail(q, result);
	} else {
		const struct audit_details d = audit_details_of(q);
		auth_restore(q, r->auth, AUTH_LIMIT_LOGIN, x->user.email);
		audit_write(r->store, &x->user.id, AUDIT_PASSWORD_RESET, &d);
		auth_notice(r->auth, MAIL_PASSWORD_CHANGED, x->user.email);
		web_reply(q, 204, NULL);
	}
}

void reset_confirm_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *token = body_token(q);
	const char *password;

	if (!token || !auth_admit(q, r->auth, AUTH_LIMIT_SECRET, NULL))
		return;
	struct reset x = { .token = json_string_value(token), .token_len = json_string_length(token) };
	int result = find_account(r, &x);
	if (result == STORE_E_MISSING)
		answer_bad_token(q, r);
	else if (result)
		auth_fail(q, result);
	else if (body_password(q, x.user.email, &password))
		confirm(q, r, &x, password);
}
