/* person - a person's tokens: what log-in and refresh answer, refresh, log out. */
#include "auth/authentication/internal.h"
#include "auth/common/audit.h"
#include "auth/common/session.h"
#include "base/clock.h"

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

int answer_session(struct web_request *q, const struct authentication *x, const struct user *user)
{
	const struct session_origin origin = { web_header(q, "User-Agent"), web_remote(q) };
	struct session_grant g;
	int64_t now = clock_real_ms();
	int r = session_create(&x->sessions, user, &origin, now, &g);
	if (r)
		return r;
	struct audit_details d = audit_details_of(q);
	d.session = &g.session;
	audit_write(x->store, &user->id, AUDIT_SESSION_BEGUN, &d);
	return answer_tokens(q, x, &g, now);
}

/* ---- refresh ---- */

/* Somebody has a copy of his tokens, and the owner may want to know from where. */
static void note_reuse(struct web_request *q, const struct authentication *x, const struct session_grant *g)
{
	struct audit_details d = audit_details_of(q);

	d.session = &g->session;
	audit_write(x->store, &g->user, AUDIT_SESSION_REUSED, &d);
}

static void refresh(struct web_request *q, const struct auth *a, const json_t *token)
{
	const struct authentication *x = a->authentication;
	struct session_grant g;
	bool repeated = false;
	int64_t now = clock_real_ms();
	int r = session_refresh(&x->sessions, json_string_value(token), json_string_length(token), now, &g, &repeated);

	if (r == SESSION_E_REUSED)
		note_reuse(q, x, &g);
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
	const struct audit_details d = audit_details_of(q);
	int r = session_revoke(x->store, x->sessions.outbox, &c->subject, &c->session);

	if (r == 0)
		audit_write(x->store, &c->subject, AUDIT_SESSION_ENDED, &d);
	if (r == 0 || r == STORE_E_MISSING)
		web_reply(q, 204, NULL);
	else
		auth_fail(q, r);
}
