/* claims - header and payload of a token. */
#include "token/claims.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char TYPE[] = "at+jwt";

bool token_has_scope(const struct token_claims *c, const char *scope)
{
	size_t n = strlen(scope);

	for (const char *at = c->scope; n > 0 && *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (!strncmp(at, scope, n) && (at[n] == ' ' || at[n] == '\0'))
			return true;
	}
	return false;
}

bool token_may(const struct token_claims *c, const char *scope)
{
	bool limited = c->service || c->scope[strspn(c->scope, " ")] != '\0';

	return !limited || (scope && token_has_scope(c, scope));
}

bool token_is_personal(const char *token, size_t len)
{
	size_t n = strlen(TOKEN_PERSONAL_PREFIX);

	return len >= n && !memcmp(token, TOKEN_PERSONAL_PREFIX, n);
}

int names_copy(struct token_names *n, const char *issuer, const char *audience)
{
	n->issuer = strdup(issuer);
	n->audience = strdup(audience);
	return n->issuer && n->audience ? 0 : -ENOMEM;
}

void names_free(struct token_names *n)
{
	free(n->issuer);
	free(n->audience);
}

/* ---- reading ---- */

/* A part as a JSON object: *ret is the caller's. */
static int part_json(const char *part, size_t len, json_t **ret)
{
	char bytes[TOKEN_SIZE_MAX];
	size_t n;
	json_error_t error;

	if (memchr(part, '=', len) || memchr(part, '+', len) || memchr(part, '/', len))
		return TOKEN_E_MALFORMED; /* text_unbase64() would take padding and the other alphabet too */
	if (text_unbase64(bytes, sizeof bytes, &n, part, len))
		return TOKEN_E_MALFORMED;
	json_t *json = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : TOKEN_E_MALFORMED;
	if (!json_is_object(json)) {
		json_decref(json);
		return TOKEN_E_MALFORMED;
	}
	*ret = json;
	return 0;
}

static bool is_text(const json_t *object, const char *name, const char *wanted)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s && !strcmp(s, wanted);
}

/* A text member of 1 to @size - 1 bytes. */
static bool take_text(const json_t *object, const char *name, char *out, size_t size)
{
	const json_t *v = json_object_get(object, name);
	size_t n = json_string_length(v);

	if (!json_is_string(v) || n == 0 || n >= size)
		return false;
	memcpy(out, json_string_value(v), n + 1);
	return true;
}

static bool take_uuid(const json_t *object, const char *name, struct uuid *out)
{
	const json_t *v = json_object_get(object, name);

	return json_is_string(v) && uuid_parse(out, json_string_value(v), json_string_length(v)) == 0;
}

static bool take_seconds(const json_t *object, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(object, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = json_integer_value(v);
	return true;
}

int header_read(const char *part, size_t len, char ret_kid[static TOKEN_KID_MAX])
{
	json_t *h;
	int r = part_json(part, len, &h);

	if (r)
		return r;
	if (json_is_string(json_object_get(h, "alg")) && !is_text(h, "alg", "ES256"))
		r = TOKEN_E_ALGORITHM;
	else if (!is_text(h, "alg", "ES256") || !is_text(h, "typ", TYPE) || json_object_get(h, "crit") ||
		 !take_text(h, "kid", ret_kid, TOKEN_KID_MAX))
		r = TOKEN_E_MALFORMED;
	json_decref(h);
	return r;
}

/* A person's token has sub and sid, both UUIDs; a service's has client_id, and the same as sub (RFC 9068 section 2.2). */
static bool take_subject(const json_t *p, struct token_claims *c)
{
	c->service = json_object_get(p, "client_id") != NULL;
	if (c->service)
		return take_text(p, "client_id", c->client, sizeof c->client) && is_text(p, "sub", c->client);
	return take_uuid(p, "sub", &c->subject) && take_uuid(p, "sid", &c->session);
}

static int payload_read(const json_t *p, const struct token_names *names, struct claims_read *out)
{
	struct token_claims *c = &out->claims;

	if (!json_is_string(json_object_get(p, "iss")) || !json_is_string(json_object_get(p, "aud")))
		return TOKEN_E_MALFORMED;
	if (!is_text(p, "iss", names->issuer))
		return TOKEN_E_ISSUER;
	if (!is_text(p, "aud", names->audience))
		return TOKEN_E_AUDIENCE;
	if (!take_subject(p, c) || !take_seconds(p, "exp", &c->expires_s) || !take_seconds(p, "iat", &c->issued_s))
		return TOKEN_E_MALFORMED;
	if (json_object_get(p, "scope") && !is_text(p, "scope", "") &&
		!take_text(p, "scope", c->scope, sizeof c->scope))
		return TOKEN_E_MALFORMED;
	if (json_object_get(p, "nbf") && !take_seconds(p, "nbf", &out->not_before_s))
		return TOKEN_E_MALFORMED;
	return 0;
}

int claims_read(const char *part, size_t len, const struct token_names *names, struct claims_read *ret)
{
	struct claims_read read = { 0 };
	json_t *p;
	int r = part_json(part, len, &p);

	if (r)
		return r;
	r = payload_read(p, names, &read);
	json_decref(p);
	if (r == 0)
		*ret = read;
	return r;
}

/* ---- writing ---- */

/* Appends @json (stolen, NULL: memory is out) as base64url. Not by json_dumps(), which leaves a member's name out when
 * memory ends while its text grows, and returns what is left. */
static int put_part(struct text *out, json_t *json)
{
	char bytes[TOKEN_SIZE_MAX], coded[TEXT_BASE64_SIZE(sizeof bytes)];
	size_t n = json ? json_dumpb(json, bytes, sizeof bytes, JSON_COMPACT) : 0;

	json_decref(json);
	if (n == 0)
		return -ENOMEM;
	if (n > sizeof bytes)
		return -ENOSPC;
	text_put(out, coded, text_base64url(coded, bytes, n));
	return text_ok(out) ? 0 : -ENOSPC;
}

static json_t *payload(const struct token_claims *c, const struct token_names *names, const char *id)
{
	char sub[UUID_TEXT_SIZE], sid[UUID_TEXT_SIZE];
	json_t *p = json_pack("{ss ss ss sI sI ss}", "iss", names->issuer, "aud", names->audience, "jti", id, "iat",
		(json_int_t)c->issued_s, "exp", (json_int_t)c->expires_s, "scope", c->scope);
	int r;

	if (!p)
		return NULL;
	if (c->service) {
		r = json_object_set_new(p, "sub", json_string(c->client));
		r |= json_object_set_new(p, "client_id", json_string(c->client));
	} else {
		uuid_format(sub, &c->subject);
		uuid_format(sid, &c->session);
		r = json_object_set_new(p, "sub", json_string(sub));
		r |= json_object_set_new(p, "sid", json_string(sid));
	}
	if (r) {
		json_decref(p);
		return NULL;
	}
	return p;
}

static bool writable(const struct token_claims *c)
{
	return strnlen(c->scope, sizeof c->scope) < sizeof c->scope &&
	       strnlen(c->client, sizeof c->client) < sizeof c->client && c->service == (c->client[0] != '\0') &&
	       c->issued_s >= 0 && c->expires_s >= 0;
}

int claims_write(const struct token_claims *c, const char *kid, const struct token_names *names, char *out, size_t size,
	size_t *ret_len)
{
	struct text t = text_in(out, size);
	struct uuid id;
	char id_text[UUID_TEXT_SIZE];

	if (!writable(c))
		return -EINVAL;
	int r = uuid_random(&id);
	if (r)
		return r;
	uuid_format(id_text, &id);
	r = put_part(&t, json_pack("{ss ss ss}", "alg", "ES256", "typ", TYPE, "kid", kid));
	text_putc(&t, '.');
	if (r == 0)
		r = put_part(&t, payload(c, names, id_text));
	if (r == 0)
		*ret_len = t.len;
	return r;
}
