/* access - who may call a route, and from pages of which origin. */
#include "base/clock.h"
#include "base/guesses.h"
#include "web/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- tokens ---- */

static const char *bearer(const struct web_request *q)
{
	static const char scheme[] = "Bearer ";
	const char *header = web_header(q, "Authorization");

	if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
		return NULL;
	header += sizeof scheme - 1;
	return header + strspn(header, " ");
}

static const char *why(int r)
{
	switch (r) {
	case TOKEN_E_EXPIRED:
		return "The access token has expired: refresh the session.";
	case TOKEN_E_NOT_YET:
		return "The access token is not valid yet.";
	default:
		return "The access token is not valid here.";
	}
}

static bool refuse(struct web_request *q, int r)
{
	if (r < 0) {
		web_add_header(q, "Retry-After", "1");
		web_problem(q, 503, "keys_unavailable",
			"Access tokens cannot be checked at the moment. Try again shortly.");
	} else {
		web_add_header(q, "WWW-Authenticate", "Bearer realm=\"pettrack\", error=\"invalid_token\"");
		web_problem(q, 401, "invalid_token", "%s", why(r));
	}
	return false;
}

/* A personal token must be looked up: not for an address that has shown too many that were none. */
static bool verify(struct web_request *q, const char *token, size_t len)
{
	struct guesses *g = token_is_personal(token, len) ? q->web->o.guesses : NULL;
	struct address from = { 0 };
	int64_t wait_ms = g && !address_parse(&from, q->remote) ? guesses_wait_ms(g, &from, clock_mono_ms()) : 0;

	if (wait_ms > 0) {
		web_too_many(q, "Too many access tokens from here were none.", wait_ms);
		return false;
	}
	int r = q->web->o.verify(q->web->o.owner, token, len, &q->claims);
	if (r == TOKEN_E_MALFORMED)
		guesses_wrong(g, &from, clock_mono_ms());
	return r == 0 || refuse(q, r);
}

static bool authenticate(struct web_request *q)
{
	const char *token = bearer(q);
	size_t len = token ? strlen(token) : 0;

	if (len == 0) {
		web_add_header(q, "WWW-Authenticate", "Bearer realm=\"pettrack\"");
		web_problem(q, 401, "unauthorized", "Send an access token: Authorization: Bearer TOKEN.");
		return false;
	}
	q->has_claims = len < TOKEN_SIZE_MAX ? verify(q, token, len) : refuse(q, TOKEN_E_MALFORMED);
	return q->has_claims;
}

/* RFC 6750 section 3.1. @scope NULL: no scope would do. */
static void refuse_scope(struct web_request *q, const char *scope)
{
	char header[TOKEN_SCOPE_MAX + 80];

	snprintf(header, sizeof header, "Bearer realm=\"pettrack\", error=\"insufficient_scope\"%s%s%s",
		scope ? ", scope=\"" : "", scope ? scope : "", scope ? "\"" : "");
	web_add_header(q, "WWW-Authenticate", header);
	if (scope)
		web_problem(q, 403, "insufficient_scope", "This needs the scope %s.", scope);
	else
		web_problem(q, 403, "insufficient_scope", "This needs a token that is not limited to scopes: log in.");
}

static bool authorize(struct web_request *q)
{
	const struct web_route *route = q->route;

	if (q->claims.service != (route->access == WEB_SERVICE)) {
		web_problem(
			q, 403, "forbidden", "This is for %s.", route->access == WEB_SERVICE ? "services" : "users");
		return false;
	}
	if (token_may(&q->claims, route->scope))
		return true;
	refuse_scope(q, route->scope);
	return false;
}

bool access_allows(struct web_request *q)
{
	return q->route->access == WEB_PUBLIC || (authenticate(q) && authorize(q));
}

/* ---- origins ---- */

bool access_origin_listed(const char *list, const char *origin)
{
	size_t len = strlen(origin);

	for (const char *at = list; at && *at; at += *at == ',') {
		at += strspn(at, " ");
		size_t n = strcspn(at, ", ");
		if (n == len && n > 0 && !memcmp(at, origin, n))
			return true;
		at += n;
		at += strspn(at, " ");
	}
	return false;
}

static const char *allowed_origin(const struct web_request *q)
{
	const char *origin = web_header(q, "Origin");

	return origin && access_origin_listed(q->web->o.cors_origins, origin) ? origin : NULL;
}

void access_add_cors(struct web_request *q, struct text *head)
{
	const char *origin = allowed_origin(q);

	if (q->web->o.cors_origins)
		text_puts(head, "Vary: Origin\r\n");
	if (origin)
		text_printf(head, "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: Retry-After\r\n",
			origin);
}

void access_answer_options(struct web_request *q, const char *methods)
{
	char allow[160];

	snprintf(allow, sizeof allow, "%s, OPTIONS", methods);
	web_add_header(q, "Allow", allow);
	if (web_header(q, "Access-Control-Request-Method") && allowed_origin(q)) {
		web_add_header(q, "Access-Control-Allow-Methods", methods);
		web_add_header(q, "Access-Control-Allow-Headers", "Authorization, Content-Type");
		web_add_header(q, "Access-Control-Max-Age", "600");
	}
	web_reply(q, 204, NULL);
}
