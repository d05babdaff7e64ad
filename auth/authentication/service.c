/* service - POST /v1/oauth/token: OAuth 2.0 client credentials (RFC 6749 section 4.4). */
#include "auth/authentication/internal.h"
#include "auth/authentication/oauth.h"
#include "base/clock.h"

#include <string.h>

enum { TYPE_SIZE = 64 };

static void answer_error(struct web_request *q, const struct authentication *x, const char *error)
{
	authentication_count(x->service_tokens, error);
	oauth_answer_error(q, error);
}

/* What the token may do: what was asked for, or all. NULL: not within what the client may. */
static const char *choose_scope(
	struct web_request *q, const struct client_entry *client, char asked[static TOKEN_SCOPE_MAX])
{
	if (!web_form(q, "scope", asked, TOKEN_SCOPE_MAX) || asked[strspn(asked, " ")] == '\0')
		return client->scope;
	return scope_within(asked, client->scope) ? asked : NULL;
}

static int answer_token(
	struct web_request *q, const struct authentication *x, const struct client_entry *client, const char *scope)
{
	char token[TOKEN_SIZE_MAX];
	struct token_claims c = { .service = true, .issued_s = clock_real_ms() / 1000 };

	c.expires_s = c.issued_s + x->token_age_s;
	memcpy(c.client, client->id, strlen(client->id) + 1);
	memcpy(c.scope, scope, strlen(scope) + 1);
	int r = keyring_sign(x->keyring, &c, token, sizeof token);
	if (r)
		return r;
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200,
		json_pack("{ss ss sI ss}", "access_token", token, "token_type", "Bearer", "expires_in",
			(json_int_t)x->token_age_s, "scope", scope));
	return 0;
}

static void grant(struct web_request *q, const struct authentication *x, const struct client_entry *client)
{
	char asked[TOKEN_SCOPE_MAX];
	const char *scope = choose_scope(q, client, asked);

	if (!scope) {
		answer_error(q, x, "invalid_scope");
		return;
	}
	int r = answer_token(q, x, client, scope);
	authentication_count(x->service_tokens, r ? "failed" : "ok");
	if (r)
		auth_fail(q, r);
}

/* What a request is before it is looked at who asks; NULL: a good one. */
static const char *type_error(struct web_request *q)
{
	char type[TYPE_SIZE];

	if (!web_form(q, "grant_type", type, sizeof type))
		return "invalid_request";
	return strcmp(type, "client_credentials") == 0 ? NULL : "unsupported_grant_type";
}

void service_token_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const struct client_entry *client = NULL;
	size_t len;

	if (!web_body_text(q, &len))
		return;
	const char *error = type_error(q);
	if (!error)
		client = oauth_client(q, owner, &error);
	if (client)
		grant(q, x, client);
	else if (error)
		answer_error(q, x, error);
	else
		authentication_count(x->service_tokens, "limited");
}
