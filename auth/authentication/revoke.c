/*
 * revoke - POST /v1/oauth/revoke (RFC 7009): whoever has a token may end what it stands for
 *
 * A person's clients have no secret: that they have the token is what proves them. An access token ends with its session, for
 * other modules know sessions only. What is no token, or none any more, is answered like one that was ended (section 2.2).
 */
#include "auth/authentication/internal.h"
#include "auth/authentication/oauth.h"
#include "auth/common/access_token.h"
#include "auth/common/audit.h"
#include "auth/common/session.h"
#include "base/clock.h"

#include <string.h>

/* 0, also where there was nothing to end; STORE_E_RETRY, -EAGAIN or negative. */
static int end_personal(struct web_request *q, const struct authentication *x, const struct token_claims *c)
{
	int r = access_token_revoke(x->store, x->sessions.outbox, &c->subject, &c->session);
	struct audit_details d = audit_details_of(q);

	d.token = &c->session;
	if (r == 0)
		audit_write(x->store, &c->subject, AUDIT_TOKEN_REVOKED, &d);
	return r == STORE_E_MISSING ? 0 : r;
}

static int end_session(
	struct web_request *q, const struct authentication *x, const struct uuid *user, const struct uuid *session)
{
	int r = session_revoke(x->store, x->sessions.outbox, user, session);
	struct audit_details d = audit_details_of(q);

	d.session = session;
	if (r == 0)
		audit_write(x->store, user, AUDIT_SESSION_ENDED, &d);
	return r == STORE_E_MISSING ? 0 : r;
}

static int end_token(struct web_request *q, struct auth *a, const char *token)
{
	const struct authentication *x = a->authentication;
	struct token_claims c;
	struct session_grant g;
	size_t len = strlen(token);
	int r = auth_verify(a, token, len, &c);

	if (r < 0)
		return r;
	if (r == 0 && token_is_personal(token, len))
		return end_personal(q, x, &c);
	if (r == 0) /* a service's, which has no session, ends by itself */
		return c.service ? 0 : end_session(q, x, &c.subject, &c.session);
	r = session_of_refresh(&x->sessions, token, len, clock_real_ms(), &g);
	if (r == 0)
		return end_session(q, x, &g.user, &g.session);
	return r == SESSION_E_INVALID ? 0 : r;
}

void revoke_handle(struct web_request *q, void *owner)
{
	char token[TOKEN_SIZE_MAX];

	if (!oauth_token(q, token) || !auth_admit(q, owner, AUTH_LIMIT_REFRESH, NULL))
		return;
	int r = end_token(q, owner, token);
	sodium_memzero(token, sizeof token);
	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, json_object());
}
