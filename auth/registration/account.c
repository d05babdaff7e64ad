/* account - what a person sees of the own account, and changes: GET and PATCH /v1/account, POST /v1/account/password. */
#include "auth/common/audit.h"
#include "auth/common/confirm.h"
#include "auth/common/session.h"
#include "auth/registration/internal.h"
#include "base/clock.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>

/* ---- seeing ---- */

static json_t *account_json(const struct user *u, const char *pending)
{
	char id[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE];

	uuid_format(id, &u->id);
	time_format(created, u->created_ms);
	return json_pack("{ss ss ss? ss sb sb sI ss?}", "id", id, "email", u->email, "name",
		u->name[0] ? u->name : NULL, "created", created, "verified", u->verified, "totp", u->totp_since_ms != 0,
		"recovery_codes", (json_int_t)u->recovery_codes, "pending_email", pending);
}

static void answer_gone(struct web_request *q, int r)
{
	if (r == STORE_E_MISSING)
		web_problem(q, 404, "not_found", "There is no such account any more.");
	else
		auth_fail(q, r);
}

static void answer_account(struct web_request *q, const struct registration *r)
{
	const struct uuid *id = &web_claims(q)->subject;
	char pending[EMAIL_SIZE];
	struct user u;
	int result = users_get(r->store, id, &u);

	if (result) {
		answer_gone(q, result);
		return;
	}
	result = one_time_email(r->store, id, ONE_TIME_EMAIL, pending);
	if (result != 0 && result != STORE_E_MISSING) {
		auth_fail(q, result);
		return;
	}
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200, account_json(&u, result == 0 ? pending : NULL));
}

void account_get_handle(struct web_request *q, void *owner)
{
	answer_account(q, registration_of(owner));
}

/* ---- the name ---- */

static int write_name(const struct registration *r, const struct uuid *id, const char *name)
{
	bson_t *update = name[0] ? BCON_NEW("$set", "{", "name", BCON_UTF8(name), "}")
				 : BCON_NEW("$unset", "{", "name", BCON_UTF8(""), "}");
	int result = users_change(r->store, id, NULL, update);

	bson_destroy(update);
	return result;
}

void account_patch_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const struct uuid *id = &web_claims(q)->subject;
	char name[USER_NAME_SIZE];

	if (!body_name(q, name))
		return;
	if (!json_object_get(web_body(q), "name")) {
		web_problem(q, 422, "nothing_to_change", "Send \"name\": a text, or null for none.");
		return;
	}
	int result = write_name(r, id, name);
	if (result) {
		answer_gone(q, result);
		return;
	}
	const struct audit_details d = audit_details_of(q);
	audit_write(r->store, id, AUDIT_ACCOUNT_CHANGED, &d);
	answer_account(q, r);
}

/* ---- the password ---- */

/* As long as the old one is what was shown. */
static int write_password(const struct registration *r, const struct user *u, const char *hash)
{
	bson_t *condition = BCON_NEW("password", BCON_UTF8(u->hash));
	bson_t *update = BCON_NEW("$set", "{", "password", BCON_UTF8(hash), "}");
	int result = users_change(r->store, &u->id, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return result == STORE_E_MISSING ? -EAGAIN : result;
}

/* What somebody else who knew the old one may have begun ends here. */
static int change_password(
	const struct registration *r, const struct user *u, const char *hash, const struct uuid *session)
{
	int result = write_password(r, u, hash);

	if (result == 0)
		result = session_revoke_all(r->store, r->auth->outbox, &u->id, session);
	return result ? result : one_time_drop(r->store, &u->id, ONE_TIME_RESET | ONE_TIME_EMAIL);
}

void account_password_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	struct user u;
	const char *password;
	char hash[HASHER_TEXT_SIZE];

	if (!confirm_password(q, r->auth, &u) || !body_password(q, u.email, &password))
		return;
	int result = hasher_hash(r->auth->hasher, password, hash);
	if (result) {
		answer_hash_failure(q, result);
		return;
	}
	result = change_password(r, &u, hash, &web_claims(q)->session);
	if (result) {
		auth_fail(q, result);
		return;
	}
	const struct audit_details d = audit_details_of(q);
	audit_write(r->store, &u.id, AUDIT_PASSWORD_CHANGED, &d);
	auth_notice(r->auth, MAIL_PASSWORD_CHANGED, u.email);
	web_reply(q, 204, NULL);
}
