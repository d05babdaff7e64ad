/* oauth - credentials of clients, and errors. */
#include "auth/authentication/oauth.h"
#include "auth/authentication/internal.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

enum { FIELD_SIZE = 512, BASIC_SIZE = 2 * FIELD_SIZE };

struct credentials {
	char id[FIELD_SIZE], secret[FIELD_SIZE];
	bool basic;
};

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

static const struct client_entry *find(
	struct web_request *q, const struct auth *a, const struct credentials *c, const char **ret_error)
{
	if (!auth_admit(q, a, AUTH_LIMIT_CLIENT, c->id))
		return NULL;
	const struct client_entry *client = clients_find(a->authentication->clients, c->id, c->secret);
	if (client) {
		auth_restore(q, a, AUTH_LIMIT_CLIENT, c->id);
	} else {
		auth_penalise(q, a, AUTH_LIMIT_CLIENT, c->id);
		*ret_error = "invalid_client";
	}
	return client;
}

const struct client_entry *oauth_client(struct web_request *q, const struct auth *a, const char **ret_error)
{
	struct credentials c;
	const struct client_entry *client = NULL;

	*ret_error = read_credentials(q, &c);
	if (!*ret_error)
		client = find(q, a, &c, ret_error);
	sodium_memzero(&c, sizeof c);
	return client;
}

void oauth_answer_error(struct web_request *q, const char *error)
{
	int status = strcmp(error, "invalid_client") == 0 ? 401 : 400;

	if (status == 401)
		web_add_header(q, "WWW-Authenticate", "Basic realm=\"pettrack\"");
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, status, json_pack("{ss}", "error", error));
}

bool oauth_token(struct web_request *q, char out[static TOKEN_SIZE_MAX])
{
	size_t len;

	if (!web_body_text(q, &len))
		return false;
	if (web_form(q, "token", out, TOKEN_SIZE_MAX))
		return true;
	oauth_answer_error(q, "invalid_request");
	return false;
}
