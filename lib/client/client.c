/* client - outgoing HTTP to Pettrack's own modules */
#include "client/client.h"
#include "client/exchange.h"
#include "client/last_error.h"
#include "client/origins.h"
#include "client/service_token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, ANSWER_MAX = 16 << 20 };

#define TOKEN_PATH "/v1/oauth/token"

struct client {
	struct origins *origins;
	struct exchanger *exchanger;
	struct service_token *token; /* NULL: none */
};

/* ---- life ---- */

static int open_token(struct client *c, const struct client_options *o)
{
	char *url = NULL;

	if (asprintf(&url, "%s%s", origins_find(c->origins, TOKEN_PATH), TOKEN_PATH) < 0)
		return -ENOMEM;
	int r = service_token_open(&c->token, c->exchanger, url, o->client_id, o->client_secret);
	free(url);
	return r;
}

static int open_parts(struct client *c, const struct client_options *o)
{
	int r = exchange_open(&c->exchanger, &(struct exchange_options){
						     .ca_file = o->ca_file,
						     .timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS,
						     .answer_max = o->answer_max > 0 ? o->answer_max : ANSWER_MAX,
					     });

	if (r == 0)
		r = origins_new(&c->origins, o->base_url);
	if (r == 0 && o->client_id)
		r = open_token(c, o);
	return r;
}

int client_open(struct client **ret, const struct client_options *o)
{
	if (!o->base_url || (o->client_id && !o->client_secret))
		return -EINVAL;
	struct client *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	int r = open_parts(c, o);
	if (r) {
		client_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	service_token_close(c->token);
	exchange_close(c->exchanger);
	origins_free(c->origins);
	free(c);
}

/* ---- calls ---- */

/* Asks with the service token, once more with a fresh one when that is refused. */
static int ask_as_service(struct client *c, struct request *q, struct answer *ret)
{
	for (bool again = false;; again = true) {
		char *token = NULL;
		int r = service_token_get(c->token, &token);
		if (r)
			return r;
		q->bearer = token;
		r = exchange(c->exchanger, q, ret);
		q->bearer = NULL;
		bool stale = r == 0 && ret->status == 401;
		if (stale)
			service_token_reject(c->token, token);
		exchange_free_secret(token);
		if (!stale || again)
			return r;
		free(ret->body);
	}
}

static int result_of(long status)
{
	if (status >= 200 && status < 300)
		return 0;
	switch (status) {
	case 401:
	case 403:
		return CLIENT_E_DENIED;
	case 404:
		return CLIENT_E_MISSING;
	case 409:
		return CLIENT_E_CONFLICT;
	case 408:
	case 429:
		return CLIENT_E_RETRY;
	default:
		return status >= 500 ? CLIENT_E_RETRY : CLIENT_E_REFUSED;
	}
}

static bool is_visible(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return false;
	return true;
}

/* Fills in @q's URL and sends it. An answer, whose body is then the caller's, is there when *ret_status is. */
static int ask(
	struct client *c, struct request *q, const char *path, const char *bearer, struct answer *ret, long *ret_status)
{
	char *url = NULL;

	if (path[0] != '/' || !is_visible(path) || (bearer && !is_visible(bearer)))
		return -EINVAL;
	if (asprintf(&url, "%s%s", origins_find(c->origins, path), path) < 0)
		return -ENOMEM;
	q->url = url;
	q->bearer = bearer;
	struct answer a;
	int r = bearer || !c->token ? exchange(c->exchanger, q, &a) : ask_as_service(c, q, &a);
	q->url = NULL;
	free(url);
	if (r)
		return r;

	if (ret_status)
		*ret_status = a.status;
	r = result_of(a.status);
	if (r) {
		last_error_of_answer(a.status, a.body, a.len);
		free(a.body);
		return r;
	}
	*ret = a;
	return 0;
}

static int parse(const struct answer *a, json_t **ret)
{
	json_error_t e;
	json_t *root = NULL;

	if (a->len > 0 && !(root = json_loadb(a->body, a->len, JSON_DECODE_ANY, &e))) {
		if (json_error_code(&e) == json_error_out_of_memory)
			return -ENOMEM;
		last_error_set("the answer is not JSON: %s", e.text);
		return CLIENT_E_MALFORMED;
	}
	*ret = root;
	return 0;
}

/* Sends @q and parses the answer; *ret_answer, where wanted, as client_call() says. */
static int call(struct client *c, struct request *q, const char *path, const char *bearer, json_t **ret_answer,
	long *ret_status)
{
	struct answer a;
	int r = ask(c, q, path, bearer, &a, ret_status);

	if (r)
		return r;
	if (ret_answer)
		r = parse(&a, ret_answer);
	exchange_free_secret(a.body); /* tokens, they may be */
	return r;
}

int client_call(struct client *c, const char *method, const char *path, const json_t *body, const char *bearer,
	json_t **ret_answer, long *ret_status)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct request q = {
		.method = method,
		.accept = "application/json, application/problem+json",
		.content_type = "application/json",
		.body = text,
		.body_len = text ? strlen(text) : 0,
	};

	if (body && !text)
		return -ENOMEM;
	int r = call(c, &q, path, bearer, ret_answer, ret_status);
	exchange_free_secret(text); /* a password, it may be */
	return r;
}

int client_form(struct client *c, const char *path, const char *form, json_t **ret_answer)
{
	struct request q = {
		.method = "POST",
		.accept = "application/json, application/problem+json",
		.content_type = "application/x-www-form-urlencoded",
		.body = form,
		.body_len = strlen(form),
	};

	return call(c, &q, path, NULL, ret_answer, NULL);
}

int client_fetch(struct client *c, const char *path, const char *bearer, char **ret_body, size_t *ret_len)
{
	struct request q = { .method = "GET", .accept = "*/*" };
	struct answer a;
	int r = ask(c, &q, path, bearer, &a, NULL);

	if (r)
		return r;
	*ret_body = a.body;
	*ret_len = a.len;
	return 0;
}

int client_download(struct client *c, const char *path, const char *bearer, client_sink sink, void *owner)
{
	struct request q = { .method = "GET", .accept = "*/*", .sink = sink, .sink_owner = owner };
	struct answer a;
	int r = ask(c, &q, path, bearer, &a, NULL);

	if (r == 0)
		free(a.body);
	return r;
}

const char *client_last_error(void)
{
	return last_error();
}
