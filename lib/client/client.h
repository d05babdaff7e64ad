/*
 * client - outgoing HTTP to Pettrack's own modules
 *
 * With lib/mail the only folder that includes curl.h. Blocking; for worker threads, never for an event loop. Certificates are
 * checked, redirects are not followed, and proxies of the environment are not used: a secret goes to the URL that was
 * set, or nowhere.
 * Thread: a struct client may be used by any thread; connections are kept and shared within it. SIGPIPE must be ignored,
 * as service_start() does.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;

struct client_options {
	const char *base_url; /* "http://127.0.0.1:8081", copied; origins.h tells how to name several */
	const char *client_id; /* NULL: no service token */
	const char *client_secret;
	const char *ca_file; /* NULL: the system's */
	int64_t timeout_ms; /* a whole request; 0: 5 s */
	int64_t answer_max; /* bytes; 0: 16 MiB */
};

enum client_result {
	CLIENT_E_RETRY = 1, /* no answer, 408, 429 or 5xx: later */
	CLIENT_E_DENIED, /* 401 or 403, or no service token to be had */
	CLIENT_E_MISSING, /* 404 */
	CLIENT_E_CONFLICT, /* 409 */
	CLIENT_E_REFUSED, /* another 4xx, or a redirect */
	CLIENT_E_MALFORMED, /* the answer is not JSON, or too large */
};

/* Connects lazily. -EINVAL when an URL is not plain http(s)://host[:port][/path] or a client id has no secret. */
MUST_CHECK int client_open(struct client **ret, const struct client_options *o);
/* No call may be under way. Accepts NULL. */
void client_close(struct client *c);

/* @method "GET", "POST"...; @path from the base URL on; @body may be NULL (borrowed); @bearer overrides the service
 * token (which is fetched, kept, renewed before it ends, and fetched again after a 401). 0 and *ret_answer (may be set
 * to NULL for an empty answer; the caller's to json_decref), or enum client_result with *ret_status set where there was
 * one, or -errno. ret_answer and ret_status may be NULL. */
MUST_CHECK int client_call(struct client *c, const char *method, const char *path, const json_t *body,
	const char *bearer, json_t **ret_answer, long *ret_status);

/* As client_call by the service, POST, with a form (RFC 6749's endpoints take no JSON): "name=value&...", escaped already. */
MUST_CHECK int client_form(struct client *c, const char *path, const char *form, json_t **ret_answer);

/* As client_call, for an answer that is taken as it comes, up to the options' answer_max. NUL-terminated, the caller's to free(). */
MUST_CHECK int client_fetch(struct client *c, const char *path, const char *bearer, char **ret_body, size_t *ret_len);

/* As client_fetch, for an answer of any length: it goes to @sink as it comes, and the options' timeout is for a silence. 0: that
 * was all of it. -EPIPE: @sink returned false. What went to @sink before anything else is returned is not all. */
typedef bool (*client_sink)(void *owner, const void *bytes, size_t n);
MUST_CHECK int client_download(struct client *c, const char *path, const char *bearer, client_sink sink, void *owner);

/* "detail" or "title" of the last problem+json on this thread, or the transport's error; for people and logs. Valid
 * until the thread's next call that fails. */
const char *client_last_error(void);
