/* request - what came: path, query, headers, body. */
#include "web/internal.h"
#include "base/clock.h"
#include "base/forwarded.h"
#include "web/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	DROP_MAX = 64 << 10, /* of an unread body, for the sake of keep-alive */
	LINGER_MAX = 1 << 20, /* bytes, after an answer that came before the body's end */
	LINGER_MS = 500,
};

const struct token_claims *web_claims(const struct web_request *q)
{
	return q->has_claims ? &q->claims : NULL;
}

const char *web_path(const struct web_request *q, const char *name)
{
	return q->route ? route_parameter(q->route->path, &q->path, name) : NULL;
}

const char *web_query(const struct web_request *q, const char *name)
{
	return query_find(&q->query, name);
}

const char *web_header(const struct web_request *q, const char *name)
{
	return q->info ? mg_get_header(q->conn, name) : NULL;
}

const char *web_remote(const struct web_request *q)
{
	return q->remote;
}

bool web_forwards(const struct web_request *q)
{
	return q->forwards;
}

static struct forwarded_lines header_lines(const struct mg_request_info *info, const char *name)
{
	struct forwarded_lines l = { .n = 0 };

	for (int i = 0; i < info->num_headers; i++)
		if (!strcasecmp(info->http_headers[i].name, name))
			forwarded_add(&l, info->http_headers[i].value, strlen(info->http_headers[i].value));
	return l;
}

void request_find_remote(struct web_request *q)
{
	const struct networks *trusted = &q->web->o.trusted_proxies;
	struct forwarded_lines list = header_lines(q->info, "X-Forwarded-For");
	struct forwarded_lines elements = header_lines(q->info, "Forwarded");
	struct address peer;

	snprintf(q->remote, sizeof q->remote, "%s", q->info->remote_addr);
	if (address_parse(&peer, q->remote))
		return;
	q->forwards = list.n + elements.n > 0 && !networks_have(trusted, &peer);
	struct address client = forwarded_client(trusted, &peer, &list, &elements);
	address_format(q->remote, &client);
}

/* ---- body ---- */

/* Whether the media type of @header is @type, whatever its parameters. */
static bool is_type(const char *header, const char *type)
{
	size_t len = strlen(type);

	return header && !strncasecmp(header, type, len) && strchr("; \t", header[len]);
}

/* The body has begun to be read, or never will be: what is left of it cannot be told from a next request. */
static const char *fail_body(struct web_request *q, int status, const char *code, const char *detail)
{
	q->close = true;
	web_problem(q, status, code, "%s", detail);
	return NULL;
}

static const char *read_body(struct web_request *q)
{
	size_t len = (size_t)q->body_len;
	const char *expect = web_header(q, "Expect");
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	q->body = malloc(len + 1);
	if (!q->body)
		return fail_body(q, 503, "busy", "No memory for this request at the moment. Try again shortly.");
	if (expect && !strcasecmp(expect, "100-continue"))
		mg_write(q->conn, go_on, sizeof go_on - 1);
	int got = len ? mg_read(q->conn, q->body, len) : 0;
	if (got < 0 || (size_t)got < len)
		return fail_body(q, 408, "request_timeout", "The body did not arrive in time.");
	q->body[len] = '\0';
	return q->body;
}

/* The body, read once. NULL: answered. */
static const char *take_body(struct web_request *q, const char *type)
{
	if (q->body)
		return q->body;
	if (q->state != ANSWER_DUE)
		return NULL;
	if (!is_type(web_header(q, "Content-Type"), type)) {
		web_problem(q, 415, "unsupported_media_type", "The body must be %s.", type);
		return NULL;
	}
	if (q->body_len > q->web->o.body_max) {
		web_problem(q, 413, "body_too_large", "The body may be %lld bytes.", (long long)q->web->o.body_max);
		return NULL;
	}
	return read_body(q);
}

const json_t *web_body(struct web_request *q)
{
	json_error_t error;

	if (q->json || !take_body(q, "application/json"))
		return q->json;
	json_t *json = json_loadb(q->body, (size_t)q->body_len, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(json)) {
		q->json = json;
	} else if (json) {
		json_decref(json);
		web_problem(q, 400, "invalid_json", "The body must be a JSON object.");
	} else {
		web_problem(
			q, 400, "invalid_json", "The body is not JSON: line %d, column %d.", error.line, error.column);
	}
	return q->json;
}

const char *web_body_text(struct web_request *q, size_t *ret_len)
{
	const char *body = take_body(q, "application/x-www-form-urlencoded");

	if (body)
		*ret_len = (size_t)q->body_len;
	return body;
}

/* Decodes "name=value" of @n bytes. 1: it is @name and fits, 0: another name, -1: broken or too long. */
static int form_pair(const char *pair, size_t n, const char *name, char *out, size_t size)
{
	const char *equals = memchr(pair, '=', n);
	size_t name_len = strlen(name), len = 0;

	if (!equals || (size_t)(equals - pair) != name_len || memcmp(pair, name, name_len) != 0)
		return 0;
	n -= name_len + 1;
	char *copy = strndup(equals + 1, n);
	int r = copy && !text_urldecode(copy, n, &len) && len < size ? 1 : -1;
	if (r == 1) {
		memcpy(out, copy, len);
		out[len] = '\0';
	}
	free(copy);
	return r;
}

bool web_form(struct web_request *q, const char *name, char *out, size_t size)
{
	size_t left = 0;
	const char *at = web_body_text(q, &left);
	int found = 0;

	if (!at || strlen(at) != left) /* a NUL is in no form */
		return false;
	for (const char *end = at + left; at < end; at += *at == '&') {
		size_t n = strcspn(at, "&");
		int r = form_pair(at, n, name, out, size);
		if (r < 0 || (r > 0 && found++)) /* twice: nobody can say which is meant */
			return false;
		at += n;
	}
	return found == 1;
}

/* ---- its end ---- */

void request_settle_body(struct web_request *q)
{
	char dropped[4096];
	int64_t left = q->body ? 0 : q->body_len;

	if (left > 0 && (left > DROP_MAX || web_header(q, "Expect")))
		q->close = true;
	while (left > 0 && !q->close) {
		int n = mg_read(q->conn, dropped, sizeof dropped);
		left -= n;
		if (n <= 0)
			q->close = true;
	}
}

void request_linger(struct web_request *q)
{
	int64_t end = clock_mono_ms() + LINGER_MS;
	char dropped[16384];
	size_t total = 0;

	if (q->body || q->body_len <= DROP_MAX || web_header(q, "Expect"))
		return;
	while (total < LINGER_MAX && clock_mono_ms() < end) {
		int n = mg_read(q->conn, dropped, sizeof dropped);
		if (n <= 0)
			break;
		total += (size_t)n;
	}
}

void request_free(struct web_request *q)
{
	json_decref(q->json);
	free(q->body);
}
