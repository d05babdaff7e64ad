/* confirm - one read, one hash. */
#include "auth/common/confirm.h"

#include <errno.h>

enum { PASSWORD_BYTES_MAX = 4 * PASSWORD_MAX };

/* The text of "current_password", or NULL, which is answered. */
static const char *current_password(struct web_request *q)
{
	const json_t *body = web_body(q);

	if (!body)
		return NULL;
	const json_t *password = json_object_get(body, "current_password");
	if (!json_is_string(password)) {
		web_problem(q, 400, "missing_password", "\"current_password\" must be a text: your password.");
		return NULL;
	}
	/* Longer than anybody's is wrong as well. */
	return json_string_length(password) <= PASSWORD_BYTES_MAX ? json_string_value(password) : "";
}

static void answer_wrong(struct web_request *q, const struct auth *a, const char *account)
{
	auth_penalise(q, a, AUTH_LIMIT_PASSWORD, account);
	web_problem(q, 403, "wrong_password", "\"current_password\" is not your password.");
}

static void answer_failure(struct web_request *q, const struct auth *a, const char *account, int r)
{
	auth_refund(q, a, AUTH_LIMIT_PASSWORD, account);
	if (r == HASHER_E_BUSY)
		auth_busy(q);
	else
		auth_fail(q, r);
}

/* 0, HASHER_E_BUSY, -EAGAIN or negative. */
static int check(const struct auth *a, const struct uuid *id, const char *password, struct user *user, bool *ret_same)
{
	int r = users_get(a->store, id, user);

	if (r > 0)
		return r == STORE_E_MISSING ? -ENOENT : -EAGAIN;
	return r ? r : hasher_verify(a->hasher, user->hash, password, ret_same);
}

bool confirm_password(struct web_request *q, const struct auth *a, struct user *ret)
{
	const struct uuid *id = &web_claims(q)->subject;
	const char *password = current_password(q);
	char account[UUID_TEXT_SIZE];
	struct user user;
	bool same = false;

	uuid_format(account, id);
	if (!password || !auth_admit(q, a, AUTH_LIMIT_PASSWORD, account))
		return false;
	int r = check(a, id, password, &user, &same);
	if (r == -ENOENT)
		web_problem(q, 404, "not_found", "There is no such account any more.");
	else if (r)
		answer_failure(q, a, account, r);
	else if (!same)
		answer_wrong(q, a, account);
	else {
		auth_restore(q, a, AUTH_LIMIT_PASSWORD, account);
		*ret = user;
		return true;
	}
	return false;
}
