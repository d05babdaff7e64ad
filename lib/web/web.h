/*
 * web - REST over HTTP/1.1
 *
 * The only folder that includes civetweb.h. A table of routes, one thread a connection, at most web_options.threads of
 * them, short keep-alive; what is beyond waits in the listen queue. No form parsing, no directory listing.
 *
 * Thread: handlers run on the server's threads, several at once, with 1 MiB of stack.
 */
#pragma once

#include "base/err.h"
#include "base/network.h"
#include "base/uuid.h"
#include "token/token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guesses;
struct web;
struct web_request;

enum web_access {
	WEB_PUBLIC = 0, /* anybody; a token, if any, is not looked at */
	WEB_USER, /* a valid token of a person */
	WEB_SERVICE, /* a valid token of a module, with the route's scope */
};

struct web_route {
	const char *method; /* "GET"; NULL ends the table */
	const char *path; /* "/v1/devices/{id}": {name} stands for one segment */
	void (*handle)(struct web_request *q, void *owner);
	enum web_access access;
	const char
		*scope; /* what the token must have (token_may()); of a WEB_USER route NULL: no limited token will do */
};

struct web_options {
	const char *address; /* "127.0.0.1" or "0.0.0.0"; "[::]" where civetweb has IPv6: Debian 12's has not */
	uint16_t port; /* 0: any free one */
	int64_t threads; /* = connections at once */
	int64_t body_max; /* bytes of a request's body */
	int64_t request_timeout_ms, keep_alive_ms;
	const char *cors_origins; /* comma-separated, NULL: none; "*" is refused */
	struct networks trusted_proxies; /* whose X-Forwarded-For and Forwarded are believed; see base/forwarded.h */
	const struct web_route *routes;
	void *owner;
	/* Verifies a bearer token: 0, a token_result, or -errno (keys not there yet: 503). NULL where every route is public. */
	int (*verify)(void *owner, const char *token, size_t len, struct token_claims *ret);
	struct guesses *guesses; /* at personal access tokens, each a look-up: too many are 429. NULL: any number */
	const char *files_dir; /* static files served where no route matches, NULL: none; index.html for "/" */
	const char *files_policy; /* Content-Security-Policy for them */
	bool ops; /* adds /metrics, /healthz, /readyz */
};

/* Listens and serves. What the options point to is borrowed until web_close(); zeros mean 16 threads, 64 KiB, 10 s, 2 s.
 * Unknown path: 404, known path with another method: 405 with Allow, bad token: 401 with WWW-Authenticate, missing scope:
 * 403; all as problem+json. Bodies come with Content-Length, or are refused (411). Counts
 * pettrack_http_requests_total{route,method,status} and pettrack_http_request_seconds{route}; the route is the pattern,
 * never the path. 0 or -errno (-EADDRINUSE, -EAFNOSUPPORT...). */
MUST_CHECK int web_open(struct web **ret, const struct web_options *o);
uint16_t web_port(const struct web *w);
/* Stops accepting, lets requests finish, frees. Accepts NULL. */
void web_close(struct web *w);

/* Only /metrics, /healthz and /readyz, on a port of their own, two threads. */
MUST_CHECK int web_ops_open(struct web **ret, const char *address, uint16_t port);

/* ---- in a handler ---- */

const struct token_claims *web_claims(const struct web_request *q); /* NULL on public routes */
const char *web_path(const struct web_request *q, const char *name); /* the segment {name}, decoded */
const char *web_query(const struct web_request *q, const char *name); /* decoded; NULL when absent */
const char *web_header(const struct web_request *q, const char *name); /* NULL when absent */
const char *web_remote(const struct web_request *q); /* the client's address as text, behind trusted proxies */
bool web_forwards(const struct web_request *q); /* it says whom it asks for, but is no trusted proxy */
/* The body as a JSON object, read once, borrowed. NULL: it was not one, and the answer (400, 413, 415) is already sent. */
const json_t *web_body(struct web_request *q);
/* The body as bytes, for forms; the same rules. NUL-terminated. */
const char *web_body_text(struct web_request *q, size_t *ret_len);
/* The value of @name in a body of application/x-www-form-urlencoded, decoded into @out. Returns whether there and fitting. */
bool web_form(struct web_request *q, const char *name, char *out, size_t size);

/* Extra header for the answer, before it is begun; both copied. */
void web_add_header(struct web_request *q, const char *name, const char *value);

/* The whole answer. @body is stolen (json_decref'd), may be NULL for 204. */
void web_reply(struct web_request *q, int status, json_t *body);
void web_reply_text(struct web_request *q, int status, const char *type, const char *body, size_t len);

/* problem+json (RFC 9457): {"type":"about:blank"|"urn:pettrack:problem:CODE","title","status","detail","code"}. @code: stable, for programs;
 * @detail: for people, what to do. After web_begin(): in its place, or where a part has left, the same as web_abort(). */
void web_problem(struct web_request *q, int status, const char *code, const char *detail_format, ...) PRINTF_LIKE(4, 5);

/* 429 too_many_attempts: @why, a sentence, and in how many seconds to try again, also in Retry-After. */
void web_too_many(struct web_request *q, const char *why, int64_t wait_ms);

/* A streamed answer in chunks: begin, write as often as needed, end. web_write() returns false when the client has gone:
 * stop then. Small writes are gathered. */
void web_begin(struct web_request *q, int status, const char *type);
bool web_write(struct web_request *q, const void *bytes, size_t n);
void web_end(struct web_request *q);
/* Breaks a streamed answer off so that the client notices: what it has is not all. */
void web_abort(struct web_request *q);

/* The routes of a table as JSON [{"method","path"}], for --routes and the OpenAPI test; the caller's to free(). */
char *web_routes_json(const struct web_route *const *tables, size_t n);
