/* confirm - one read, one hash. */
#include "auth/common/confirm.h"
#include "auth/common/audit.h"

enum { PASSWORD_BYTES_MAX = 4 * PASSWORD_MAX };

const char *confirm_text(struct web_request *q, const char *member)
{
	const json_t *body = web_body(q);

	if (!body)
		return NULL;
	const json_t *password = json_object_get(body, member);
	if (!json_is_string(password)) {
		web_problem(q, 400, "missing_password", "\"%s\" must be a text: your password.", member);
		return NULL;
	}
	return json_string_length(password) <= PASSWORD_BYTES_MAX ? json_string_value(password) : "";
}

/* Of somebody who is logged in it is in the account's log, for he may not be who shows it. */
static enum confirmation answer_wrong(
	struct web_request *q, const struct auth *a, const struct user *user, const char *account, const char *wrong)
{
	const struct audit_details d = audit_details_of(q);

	auth_penalise(q, a, AUTH_LIMIT_PASSWORD, account);
	if (d.session)
		audit_write(a->store, &user->id, AUDIT_PASSWORD_REFUSED, &d);
	web_problem(q, 403, "wrong_password", "%s", wrong);
	return CONFIRM_WRONG;
}

static enum confirmation answer_failure(struct web_request *q, const struct auth *a, const char *account, int r)
{
	auth_refund(q, a, AUTH_LIMIT_PASSWORD, account);
	if (r == HASHER_E_BUSY)
		auth_busy(q);
	else
		auth_fail(q, r);
	return CONFIRM_UNTRIED;
}

enum confirmation confirm_shown(
	struct web_request *q, const struct auth *a, const struct user *user, const char *password, const char *wrong)
{
	char account[UUID_TEXT_SIZE];
	bool same = false;

	uuid_format(account, &user->id);
	if (!auth_admit(q, a, AUTH_LIMIT_PASSWORD, account))
		return CONFIRM_UNTRIED;
	int r = hasher_verify(a->hasher, user->hash, password, &same);
	if (r)
		return answer_failure(q, a, account, r);
	if (!same)
		return answer_wrong(q, a, user, account, wrong);
	auth_restore(q, a, AUTH_LIMIT_PASSWORD, account);
	return CONFIRM_GOOD;
}

bool confirm_password(struct web_request *q, const struct auth *a, struct user *ret)
{
	const char *password = confirm_text(q, "current_password");
	struct user user;

	if (!password)
		return false;
	int r = users_get(a->store, &web_claims(q)->subject, &user);
	if (r == STORE_E_MISSING)
		web_problem(q, 404, "not_found", "There is no such account any more.");
	else if (r)
		auth_fail(q, r);
	else if (confirm_shown(q, a, &user, password, "\"current_password\" is not your password.") == CONFIRM_GOOD) {
		*ret = user;
		return true;
	}
	return false;
}
