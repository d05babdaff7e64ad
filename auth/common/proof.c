/* proof - limits, answers and the owner's log around second_factor_prove(). */
#include "auth/common/proof.h"
#include "auth/common/audit.h"
#include "auth/common/second_factor.h"

#include <errno.h>

static enum proof answer_absent(struct web_request *q, int status)
{
	web_problem(q, status, "second_factor_required",
		"This account has a second factor: send its \"code\", or a \"recovery_code\", as a text.");
	return PROOF_ABSENT;
}

/* Of somebody who is logged in it is in the account's log; a log-in writes an event of its own. */
static enum proof answer_wrong(
	struct web_request *q, const struct auth *a, const struct user *user, const char *account, int status)
{
	const struct audit_details d = audit_details_of(q);

	auth_penalise(q, a, AUTH_LIMIT_CODE, account);
	if (d.session)
		audit_write(a->store, &user->id, AUDIT_CODE_REFUSED, &d);
	web_problem(q, status, "invalid_code",
		"The code is wrong, or was used already. An app shows another every 30 s, by a clock that must be "
		"right.");
	return PROOF_WRONG;
}

static enum proof answer_failure(struct web_request *q, const struct auth *a, const char *account, int r)
{
	auth_refund(q, a, AUTH_LIMIT_CODE, account);
	auth_fail(q, r);
	return PROOF_UNTRIED;
}

static enum proof accept(
	struct web_request *q, const struct auth *a, const struct user *user, const char *account, bool recovery)
{
	const struct audit_details d = audit_details_of(q);

	auth_restore(q, a, AUTH_LIMIT_CODE, account);
	if (recovery) {
		audit_write(a->store, &user->id, AUDIT_RECOVERY_CODE_USED, &d);
		auth_notice(a, MAIL_RECOVERY_CODE_USED, user->email);
	}
	return PROOF_GOOD;
}

static enum proof judge(struct web_request *q, const struct auth *a, const struct user *user,
	const struct second_factor_proof *shown, int status)
{
	char account[UUID_TEXT_SIZE];
	bool recovery = false;

	uuid_format(account, &user->id);
	if (!auth_admit(q, a, AUTH_LIMIT_CODE, account))
		return PROOF_UNTRIED;
	int r = a->second_factor ? second_factor_prove(a->second_factor, &user->id, shown, &recovery) : -ENOKEY;
	switch (r) {
	case 0:
	case SECOND_FACTOR_E_OFF: /* turned off just now */
		return accept(q, a, user, account, recovery);
	case SECOND_FACTOR_E_WRONG:
		return answer_wrong(q, a, user, account, status);
	default:
		return answer_failure(q, a, account, r);
	}
}

enum proof proof_asked(struct web_request *q, const struct auth *a, const struct user *user, int status)
{
	const json_t *body = web_body(q);

	if (!body)
		return PROOF_UNTRIED;
	if (user->totp_since_ms == 0)
		return PROOF_GOOD;
	const struct second_factor_proof shown = {
		.code = json_string_value(json_object_get(body, "code")),
		.recovery_code = json_string_value(json_object_get(body, "recovery_code")),
	};
	return shown.code || shown.recovery_code ? judge(q, a, user, &shown, status) : answer_absent(q, status);
}
