/* introspect - POST /v1/oauth/introspect (RFC 7662), for modules: what stands behind a token, if anything does. */
#include "auth/authentication/internal.h"
#include "auth/authentication/oauth.h"
#include "base/clock.h"

#include <string.h>
#include <strings.h>

#define SCOPE "tokens.introspect"

/* ---- who asks (section 2.1) ---- */

static void refuse_scope(struct web_request *q)
{
	web_add_header(
		q, "WWW-Authenticate", "Bearer realm=\"pettrack\", error=\"insufficient_scope\", scope=\"" SCOPE "\"");
	web_problem(q, 403, "insufficient_scope", "This needs a service with the scope " SCOPE ".");
}

static bool bearer_may(struct web_request *q, struct auth *a, const char *token)
{
	struct token_claims c;
	size_t len = strlen(token);
	int r = len < TOKEN_SIZE_MAX ? auth_verify(a, token, len, &c) : TOKEN_E_MALFORMED;

	if (r < 0) {
		auth_fail(q, r);
	} else if (r) {
		web_add_header(q, "WWW-Authenticate", "Bearer realm=\"pettrack\", error=\"invalid_token\"");
		web_problem(q, 401, "invalid_token", "The access token is not valid here.");
	} else if (!c.service || !token_has_scope(&c, SCOPE)) {
		refuse_scope(q);
	} else {
		return true;
	}
	return false;
}

static bool client_may(struct web_request *q, const struct auth *a)
{
	const char *error;
	const struct client_entry *client = oauth_client(q, a, &error);

	if (client && scope_within(SCOPE, client->scope))
		return true;
	if (client)
		refuse_scope(q);
	else if (error)
		oauth_answer_error(q, error);
	return false;
}

/* Whether the caller may know; else it is answered. */
static bool may_ask(struct web_request *q, struct auth *a)
{
	static const char scheme[] = "Bearer ";
	const char *header = web_header(q, "Authorization");

	if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
		return client_may(q, a);
	header += sizeof scheme - 1;
	return bearer_may(q, a, header + strspn(header, " "));
}

/* ---- what stands behind it (section 2.2) ---- */

static json_t *describe(const char *issuer, const char *type, int64_t expires_s)
{
	return json_pack("{sb ss ss ss sI}", "active", 1, "iss", issuer, "aud", TOKEN_AUDIENCE, "token_type", type,
		"exp", (json_int_t)expires_s);
}

static void add_person(json_t *d, const struct uuid *user, const struct uuid *session)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, user);
	json_object_set_new(d, "sub", json_string(text));
	uuid_format(text, session);
	json_object_set_new(d, "sid", json_string(text));
}

static json_t *describe_access(const char *issuer, const struct token_claims *c)
{
	json_t *d = describe(issuer, "Bearer", c->expires_s);

	json_object_set_new(d, "iat", json_integer(c->issued_s));
	if (c->scope[0])
		json_object_set_new(d, "scope", json_string(c->scope));
	if (c->service) {
		json_object_set_new(d, "sub", json_string(c->client));
		json_object_set_new(d, "client_id", json_string(c->client));
	} else {
		add_person(d, &c->subject, &c->session);
	}
	return d;
}

/* Another type than "Bearer": it must not be taken for an access token. */
static json_t *describe_refresh(const char *issuer, const struct session_grant *g)
{
	json_t *d = describe(issuer, "refresh_token", g->expires_ms / 1000);

	add_person(d, &g->user, &g->session);
	return d;
}

/* 0 and *ret, the caller's, NULL where the token is not active; or what auth_fail() takes. */
static int look(struct auth *a, const char *token, json_t **ret)
{
	const struct authentication *x = a->authentication;
	struct token_claims c;
	struct session_grant g;
	size_t len = strlen(token);
	int r = auth_verify(a, token, len, &c);

	*ret = NULL;
	if (r <= 0) {
		*ret = r == 0 ? describe_access(x->issuer, &c) : NULL;
		return r;
	}
	r = session_of_refresh(&x->sessions, token, len, clock_real_ms(), &g);
	if (r == 0)
		*ret = describe_refresh(x->issuer, &g);
	return r == SESSION_E_INVALID ? 0 : r;
}

void introspect_handle(struct web_request *q, void *owner)
{
	char token[TOKEN_SIZE_MAX];
	json_t *found;

	if (!oauth_token(q, token) || !may_ask(q, owner))
		return;
	int r = look(owner, token, &found);
	sodium_memzero(token, sizeof token);
	if (r) {
		auth_fail(q, r);
		return;
	}
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200, found ? found : json_pack("{sb}", "active", 0));
}
