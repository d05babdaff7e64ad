/* service - POST /v1/oauth/token: OAuth 2.0 client credentials (RFC 6749 sections 4.4, 2.3.1, 5.2). */
#include "auth/authentication/internal.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { FIELD_SIZE = 512, BASIC_SIZE = 2 * FIELD_SIZE };

struct credentials {
	char id[FIELD_SIZE], secret[FIELD_SIZE];
	bool basic;
};

static void answer_error(struct web_request *q, const struct authentication *x, int status, const char *error)
{
	authentication_count(x->service_tokens, error);
	if (status == 401)
		web_add_header(q, "WWW-Authenticate", "Basic realm=\"pettrack\"");
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, status, json_pack("{ss}", "error", error));
}

/* "ID:SECRET", each URL-encoded, in base64. */
static bool read_basic(const char *header, struct credentials *c)
{
	char pair[BASIC_SIZE];
	size_t n, id_len, secret_len;

	header += strspn(header, " ");
	if (text_unbase64(pair, sizeof pair - 1, &n, header, strlen(header)) || memchr(pair, '\0', n))
		return false;
	pair[n] = '\0';
	char *secret = strchr(pair, ':');
	if (!secret)
		return false;
	*secret++ = '\0';
	if (text_urldecode(pair, strlen(pair), &id_len) || text_urldecode(secret, strlen(secret), &secret_len) ||
		id_len >= sizeof c->id || secret_len >= sizeof c->secret)
		return false;
	memcpy(c->id, pair, id_len);
	c->id[id_len] = '\0';
	memcpy(c->secret, secret, secret_len);
	c->secret[secret_len] = '\0';
	c->basic = true;
	return true;
}

/* Credentials from the header or from the form, never from both (section 2.3). NULL, or the error. */
static const char *read_credentials(struct web_request *q, struct credentials *c)
{
	const char *header = web_header(q, "Authorization");

	c->basic = header && !strncasecmp(header, "Basic ", 6);
	if (!c->basic)
		return web_form(q, "client_id", c->id, sizeof c->id) &&
				       web_form(q, "client_secret", c->secret, sizeof c->secret)
			       ? NULL
			       : "invalid_client";
	if (web_form(q, "client_secret", c->secret, sizeof c->secret))
		return "invalid_request";
	return read_basic(header + 6, c) ? NULL : "invalid_client";
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

static void grant(struct web_request *q, const struct auth *a, const struct credentials *c)
{
	const struct authentication *x = a->authentication;
	char asked[TOKEN_SCOPE_MAX];

	if (!auth_admit(q, a, AUTH_LIMIT_CLIENT, c->id))
		return;
	const struct client_entry *client = clients_find(x->clients, c->id, c->secret);
	if (!client) {
		auth_penalise(q, a, AUTH_LIMIT_CLIENT, c->id);
		answer_error(q, x, 401, "invalid_client");
		return;
	}
	auth_restore(q, a, AUTH_LIMIT_CLIENT, c->id);
	const char *scope = choose_scope(q, client, asked);
	if (!scope) {
		answer_error(q, x, 400, "invalid_scope");
		return;
	}
	int r = answer_token(q, x, client, scope);
	authentication_count(x->service_tokens, r ? "failed" : "ok");
	if (r)
		auth_fail(q, r);
}

void service_token_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	struct credentials c;
	char type[FIELD_SIZE];
	size_t len;

	if (!web_body_text(q, &len))
		return;
	if (!web_form(q, "grant_type", type, sizeof type)) {
		answer_error(q, x, 400, "invalid_request");
		return;
	}
	if (strcmp(type, "client_credentials") != 0) {
		answer_error(q, x, 400, "unsupported_grant_type");
		return;
	}
	const char *error = read_credentials(q, &c);
	if (error)
		answer_error(q, x, strcmp(error, "invalid_client") == 0 ? 401 : 400, error);
	else
		grant(q, owner, &c);
	sodium_memzero(&c, sizeof c);
}
