/* login - POST /v1/sessions: the address and the password first, then, where there is one, the second factor. */
#include "auth/authentication/internal.h"
#include "auth/common/audit.h"
#include "auth/common/check.h"
#include "auth/common/proof.h"
#include "auth/common/users.h"

#include <errno.h>

enum { PASSWORD_BYTES_MAX = 4 * PASSWORD_MAX };

/* Whether @password is that of @email's user. Takes a hash's time either way. 0, HASHER_E_BUSY, -EAGAIN or negative. */
static int check_credentials(
	const struct authentication *x, const char *email, const char *password, struct user *ret, bool *ret_same)
{
	int found = users_find(x->store, email, ret);

	if (found < 0)
		return found;
	if (found == STORE_E_RETRY)
		return -EAGAIN;
	return hasher_verify(x->hasher, found == 0 ? ret->hash : NULL, password, ret_same);
}

/* Texts that no user can have are invalid without a hash: they say nothing about who is known. */
static bool plausible(const json_t *email, const json_t *password, char ret_email[static EMAIL_SIZE])
{
	return json_is_string(password) && json_string_length(password) <= PASSWORD_BYTES_MAX &&
	       check_email(email, ret_email);
}

/* What could not be tried costs nothing. */
static void answer_untried(struct web_request *q, const struct auth *a, const char *email, int r)
{
	auth_refund(q, a, AUTH_LIMIT_LOGIN, email);
	authentication_count(a->authentication->logins, r == HASHER_E_BUSY ? "busy" : "failed");
	if (r == HASHER_E_BUSY)
		auth_busy(q);
	else
		auth_fail(q, r);
}

static void refuse(struct web_request *q, const struct auth *a, const char *email)
{
	auth_penalise(q, a, AUTH_LIMIT_LOGIN, email);
	authentication_count(a->authentication->logins, "invalid");
	web_problem(q, 401, "invalid_credentials",
		"There is no user with this e-mail address and password, or the address is not verified.");
}

/* The second factor is not proven, which is answered. */
static void note_refused(struct web_request *q, const struct auth *a, const struct user *user, enum proof p)
{
	static const char *const results[] = {
		[PROOF_ABSENT] = "second_factor",
		[PROOF_WRONG] = "wrong_code",
		[PROOF_UNTRIED] = "limited",
	};
	const struct audit_details d = audit_details_of(q);

	authentication_count(a->authentication->logins, results[p]);
	if (p == PROOF_WRONG)
		audit_write(a->store, &user->id, AUDIT_SESSION_REFUSED, &d);
}

/* Whose password was changed in the meantime has shown an old one. */
static void begin(struct web_request *q, const struct auth *a, const char *email, const struct user *user)
{
	int r = answer_session(q, a->authentication, user);

	if (r == SESSION_E_INVALID) {
		refuse(q, a, email);
		return;
	}
	auth_restore(q, a, AUTH_LIMIT_LOGIN, email);
	authentication_count(a->authentication->logins, r ? "failed" : "ok");
	if (r)
		auth_fail(q, r);
}

/* The password was right. */
static void go_on(struct web_request *q, const struct auth *a, const char *email, const struct user *user)
{
	enum proof p = proof_asked(q, a, user, 401);
	if (p == PROOF_GOOD)
		begin(q, a, email, user);
	else
		note_refused(q, a, user, p);
}

static void login(struct web_request *q, const struct auth *a, const char *email, const char *password)
{
	const struct authentication *x = a->authentication;
	struct user user;
	bool same = false;
	int r = upkeep_prepared(x->upkeep) ? check_credentials(x, email, password, &user, &same) : -EAGAIN;

	/* Told apart, they would show whoever signs up first whether the address was free. */
	bool right = same && user.verify_by_ms == 0;
	if (r)
		answer_untried(q, a, email, r);
	else if (!right)
		refuse(q, a, email);
	else
		go_on(q, a, email, &user);
	sodium_memzero(&user, sizeof user);
}

void login_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	const json_t *body = web_body(q);
	char email[EMAIL_SIZE];

	if (!body)
		return;
	const json_t *password = json_object_get(body, "password");
	bool sensible = plausible(json_object_get(body, "email"), password, email);
	const char *account = sensible ? email : NULL;
	if (!auth_admit(q, a, AUTH_LIMIT_LOGIN, account))
		authentication_count(a->authentication->logins, "limited");
	else if (sensible)
		login(q, a, email, json_string_value(password));
	else
		refuse(q, a, account);
}
