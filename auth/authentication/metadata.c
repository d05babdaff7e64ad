/* metadata - what clients find out by themselves: the public keys, and where everything is (RFC 8414). */
#include "auth/authentication/internal.h"
#include "auth/common/access_token.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { URL_SIZE = 512, HOST_MAX = 255 };

void jwks_handle(struct web_request *q, void *owner)
{
	char *jwks = keyring_jwks(authentication_of(owner)->keyring);

	if (!jwks) {
		auth_fail(q, -EAGAIN);
		return;
	}
	web_add_header(q, "Cache-Control", "public, max-age=300");
	web_reply_text(q, 200, "application/json", jwks, strlen(jwks));
	free(jwks);
}

/* RFC 3986 section 3.2.2, roughly: nothing that means something else in an URL. */
static bool is_host(const char *s)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]";
	size_t n = s ? strspn(s, allowed) : 0;

	return n > 0 && n <= HOST_MAX && s[n] == '\0';
}

/* Where the caller finds this program: as set, else as he has found it. */
static bool base_url(struct web_request *q, const struct authentication *x, char out[static URL_SIZE])
{
	struct text t = text_in(out, URL_SIZE);
	const char *host = web_header(q, "Host");

	if (x->base_url)
		text_puts(&t, x->base_url);
	else if (is_host(host))
		text_printf(&t, "http://%s", host);
	while (t.len > 0 && out[t.len - 1] == '/')
		out[--t.len] = '\0';
	return t.len > 0 && text_ok(&t);
}

static json_t *endpoint(const char *base, const char *path)
{
	return json_sprintf("%s%s", base, path);
}

static json_t *texts(const char *const *list)
{
	json_t *array = json_array();

	for (; *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

static json_t *describe(const char *issuer, const char *base)
{
	static const char *const grants[] = { "client_credentials", NULL };
	static const char *const by_secret[] = { "client_secret_basic", "client_secret_post", NULL };
	static const char *const open[] = { "none", NULL };

	return json_pack("{ss so so so so so so so so so so}", "issuer", issuer, "token_endpoint",
		endpoint(base, "/v1/oauth/token"), "jwks_uri", endpoint(base, "/.well-known/jwks.json"),
		"introspection_endpoint", endpoint(base, "/v1/oauth/introspect"), "revocation_endpoint",
		endpoint(base, "/v1/oauth/revoke"), "response_types_supported", json_array(), "grant_types_supported",
		texts(grants), "token_endpoint_auth_methods_supported", texts(by_secret),
		"introspection_endpoint_auth_methods_supported", texts(by_secret),
		"revocation_endpoint_auth_methods_supported", texts(open), "scopes_supported",
		texts(access_token_scopes));
}

void metadata_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	char base[URL_SIZE];

	if (!base_url(q, x, base)) {
		web_problem(q, 400, "invalid_host", "\"Host\" must be the name by which this program is reached.");
		return;
	}
	web_add_header(q, "Cache-Control", x->base_url ? "public, max-age=300" : "no-store");
	web_reply(q, 200, describe(x->issuer, base));
}
