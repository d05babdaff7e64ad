/* person - log in, refresh, log out. */
#include "auth/authentication/internal.h"
#include "auth/common/check.h"
#include "auth/common/session.h"
#include "auth/common/users.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

enum { PASSWORD_BYTES_MAX = 4 * PASSWORD_MAX };

/* ---- the answer that both log in and refresh give ---- */

static int sign(const struct authentication *x, const struct session_grant *g, int64_t now_ms,
	char token[static TOKEN_SIZE_MAX])
{
	struct token_claims c = { .subject = g->user, .session = g->session, .issued_s = now_ms / 1000 };

	c.expires_s = c.issued_s + x->token_age_s;
	return keyring_sign(x->keyring, &c, token, TOKEN_SIZE_MAX);
}

static int answer_tokens(
	struct web_request *q, const struct authentication *x, const struct session_grant *g, int64_t now_ms)
{
	char token[TOKEN_SIZE_MAX], refresh[REFRESH_TEXT_SIZE];
	int r = sign(x, g, now_ms, token);

	if (r)
		return r;
	refresh_text(&g->refresh, refresh);
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200,
		json_pack("{ss ss sI ss sI}", "access_token", token, "token_type", "Bearer", "expires_in",
			(json_int_t)x->token_age_s, "refresh_token", refresh, "refresh_expires_in",
			(json_int_t)((g->expires_ms - now_ms) / 1000)));
	return 0;
}

/* ---- log in ---- */

/* Whether @password is that of @email's user. Takes a hash's time either way. 0, HASHER_E_BUSY, -EAGAIN or negative. */
static int check_credentials(
	const struct authentication *x, const char *email, const char *password, struct uuid *ret_user, bool *ret_same)
{
	struct user user;
	int found = users_find(x->store, email, &user);

	if (found < 0)
		return found;
	if (found == STORE_E_RETRY)
		return -EAGAIN;
	int r = hasher_verify(x->hasher, found == 0 ? user.hash : NULL, password, ret_same);
	if (r == 0 && *ret_same)
		*ret_user = user.id;
	return r;
}

/* Texts that no user can have are invalid without a hash: they say nothing about who is known. */
static bool plausible(const json_t *email, const json_t *password, char ret_email[static EMAIL_SIZE])
{
	return json_is_string(password) && json_string_length(password) <= PASSWORD_BYTES_MAX &&
	       check_email(email, ret_email);
}

static void answer_invalid(struct web_request *q)
{
	web_problem(q, 401, "invalid_credentials", "There is no user with this e-mail address and password.");
}

static int begin_session(struct web_request *q, const struct authentication *x, const struct uuid *user)
{
	struct session_grant g;
	int64_t now = clock_real_ms();
	int r = session_create(&x->sessions, user, now, &g);

	return r ? r : answer_tokens(q, x, &g, now);
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

static void refuse_login(struct web_request *q, const struct auth *a, const char *email)
{
	auth_penalise(q, a, AUTH_LIMIT_LOGIN, email);
	authentication_count(a->authentication->logins, "invalid");
	answer_invalid(q);
}

static void login(struct web_request *q, const struct auth *a, const char *email, const char *password)
{
	const struct authentication *x = a->authentication;
	struct uuid user;
	bool same = false;
	int r = upkeep_prepared(x->upkeep) ? check_credentials(x, email, password, &user, &same) : -EAGAIN;

	if (r) {
		answer_untried(q, a, email, r);
	} else if (!same) {
		refuse_login(q, a, email);
	} else {
		auth_restore(q, a, AUTH_LIMIT_LOGIN, email);
		r = begin_session(q, x, &user);
		authentication_count(x->logins, r ? "failed" : "ok");
		if (r)
			auth_fail(q, r);
	}
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
		refuse_login(q, a, account);
}

/* ---- refresh ---- */

static void refresh(struct web_request *q, const struct auth *a, const json_t *token)
{
	const struct authentication *x = a->authentication;
	struct session_grant g;
	bool repeated = false;
	int64_t now = clock_real_ms();
	int r = session_refresh(&x->sessions, json_string_value(token), json_string_length(token), now, &g, &repeated);

	if (r == SESSION_E_INVALID || r == SESSION_E_REUSED) {
		auth_penalise(q, a, AUTH_LIMIT_REFRESH, NULL);
		authentication_count(x->refreshes, r == SESSION_E_REUSED ? "reused" : "invalid");
		web_problem(q, 401, "invalid_token", "The refresh token is not valid any more. Log in again.");
		return;
	}
	auth_restore(q, a, AUTH_LIMIT_REFRESH, NULL);
	if (r == 0)
		r = answer_tokens(q, x, &g, now);
	authentication_count(x->refreshes, r ? "failed" : repeated ? "repeated" : "ok");
	if (r)
		auth_fail(q, r);
}

void refresh_handle(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q);

	if (!body)
		return;
	const json_t *token = json_object_get(body, "refresh_token");
	if (!json_is_string(token))
		web_problem(q, 400, "missing_token", "\"refresh_token\" must be a text.");
	else if (auth_admit(q, owner, AUTH_LIMIT_REFRESH, NULL))
		refresh(q, owner, token);
}

/* ---- log out ---- */

void logout_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const struct token_claims *c = web_claims(q);
	int r = session_revoke(x->store, x->sessions.outbox, &c->subject, &c->session);

	if (r == 0 || r == STORE_E_MISSING)
		web_reply(q, 204, NULL);
	else
		auth_fail(q, r);
}
