/* service_token - a module's own access token, by OAuth 2.0 client credentials */
#include "client/service_token.h"
#include "base/clock.h"
#include "client/client.h"
#include "client/last_error.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	LIFE_DEFAULT_S = 300, /* where the answer names none (section 5.1: "recommended") */
	LIFE_MAX_S = 24 * 3600,
	RENEW_BEFORE_MS = 60000, /* or a quarter of a shorter life */
	RENEW_RETRY_MS = 5000, /* after a renewal that failed, while the old one is good */
};

struct service_token {
	struct exchanger *exchanger;
	char *url, *form;

	pthread_mutex_t lock; /* guards all below; held while fetching */
	char *token; /* NULL: none */
	int64_t renew_ms, end_ms;
	int64_t failed_ns; /* when a fetch last failed, with what */
	int failed_result;
	char failed_why[LAST_ERROR_SIZE];
};

static char *make_form(const char *client_id, const char *client_secret)
{
	char *id = exchange_escape(client_id), *secret = exchange_escape(client_secret), *form = NULL;

	if (id && secret &&
		asprintf(&form, "grant_type=client_credentials&client_id=%s&client_secret=%s", id, secret) < 0)
		form = NULL;
	free(id);
	exchange_free_secret(secret);
	return form;
}

int service_token_open(struct service_token **ret, struct exchanger *x, const char *url, const char *client_id,
	const char *client_secret)
{
	struct service_token *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	t->exchanger = x;
	t->failed_ns = INT64_MIN;
	t->url = strdup(url);
	t->form = make_form(client_id, client_secret);
	if (!t->url || !t->form) {
		service_token_close(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

void service_token_close(struct service_token *t)
{
	if (!t)
		return;
	exchange_free_secret(t->token);
	exchange_free_secret(t->form);
	free(t->url);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* What may stand in an Authorization header (RFC 6750 section 2.1, looser). */
static bool is_token(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return false;
	return true;
}

static int replace(struct service_token *t, const char *token, int64_t life_s, int64_t asked_ms)
{
	char *copy = strdup(token);
	int64_t life_ms = (life_s <= 0 ? LIFE_DEFAULT_S : life_s > LIFE_MAX_S ? LIFE_MAX_S : life_s) * 1000;

	if (!copy)
		return -ENOMEM;
	exchange_free_secret(t->token);
	t->token = copy;
	t->end_ms = asked_ms + life_ms;
	t->renew_ms = t->end_ms - (life_ms / 4 < RENEW_BEFORE_MS ? life_ms / 4 : RENEW_BEFORE_MS);
	return 0;
}

/* Keeps the token of a good answer. */
static int keep(struct service_token *t, const struct answer *a, int64_t asked_ms)
{
	json_error_t e;
	json_t *root = json_loadb(a->body, a->len, 0, &e);

	if (!root && json_error_code(&e) == json_error_out_of_memory)
		return -ENOMEM;
	const char *token = json_string_value(json_object_get(root, "access_token"));
	const char *type = json_string_value(json_object_get(root, "token_type"));
	int r = CLIENT_E_MALFORMED;
	if (is_token(token) && type && !strcasecmp(type, "Bearer"))
		r = replace(t, token, json_integer_value(json_object_get(root, "expires_in")), asked_ms);
	else
		last_error_set("the token endpoint's answer holds no bearer token");
	json_decref(root);
	return r;
}

/* A client that is refused gets 400 or 401 here (section 5.2). */
static int refused(const struct answer *a)
{
	last_error_of_answer(a->status, a->body, a->len);
	return a->status == 408 || a->status == 429 || a->status >= 500 ? CLIENT_E_RETRY : CLIENT_E_DENIED;
}

static int fetch(struct service_token *t)
{
	struct request q = {
		.method = "POST",
		.url = t->url,
		.accept = "application/json",
		.content_type = "application/x-www-form-urlencoded",
		.body = t->form,
		.body_len = strlen(t->form),
	};
	struct answer a;
	int64_t asked_ms = clock_mono_ms();
	int r = exchange(t->exchanger, &q, &a);

	if (r)
		return r;
	r = a.status == 200 ? keep(t, &a, asked_ms) : refused(&a);
	exchange_free_secret(a.body);
	return r;
}

/* Under the lock: makes t->token good, if it can. @started_ns: when the caller began to wait. */
static int freshen(struct service_token *t, int64_t started_ns)
{
	int64_t now_ms = clock_mono_ms();

	if (t->token && now_ms < t->renew_ms)
		return 0;
	if (t->failed_ns >= started_ns) {
		last_error_set("%s", t->failed_why);
		return t->failed_result;
	}
	int r = fetch(t);
	if (r == 0)
		return 0;
	if (t->token && clock_mono_ms() < t->end_ms) {
		t->renew_ms = clock_mono_ms() + RENEW_RETRY_MS;
		return 0;
	}
	t->failed_ns = clock_mono_ns();
	t->failed_result = r;
	snprintf(t->failed_why, sizeof(t->failed_why), "%s", last_error());
	return r;
}

int service_token_get(struct service_token *t, char **ret)
{
	int64_t started_ns = clock_mono_ns();

	pthread_mutex_lock(&t->lock);
	int r = freshen(t, started_ns);
	char *copy = r == 0 ? strdup(t->token) : NULL;
	pthread_mutex_unlock(&t->lock);
	if (r)
		return r;
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

void service_token_reject(struct service_token *t, const char *token)
{
	pthread_mutex_lock(&t->lock);
	if (t->token && !strcmp(t->token, token)) {
		exchange_free_secret(t->token);
		t->token = NULL;
	}
	pthread_mutex_unlock(&t->lock);
}
