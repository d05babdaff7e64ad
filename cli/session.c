/* session - tokens of the user, refreshed; in memory, or in a file that commands share. */
#include "cli/session.h"
#include "base/clock.h"
#include "cli/session_file.h"
#include "client/client.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 60000, TIMEOUT_MS = 30000, LOG_OUT_MS = 2000 };

struct session {
	struct client *client;
	struct session_data data;
	bool kept; /* in the file */
	char *password; /* of one that is not; NULL: none */
};

const char *session_error(int r)
{
	if (r < 0)
		return strerror(-r);
	if (r == SESSION_E_NONE)
		return "not logged in: run `pettrack login` first";
	const char *said = client_last_error();
	return said && *said ? said : r == SESSION_E_DENIED ? "not allowed" : "the server refused";
}

static int by_client(int r)
{
	switch (r) {
	case CLIENT_E_RETRY:
		return SESSION_E_RETRY;
	case CLIENT_E_DENIED:
		return SESSION_E_DENIED;
	case CLIENT_E_MISSING:
		return SESSION_E_MISSING;
	case CLIENT_E_CONFLICT:
		return SESSION_E_CONFLICT;
	case CLIENT_E_REFUSED:
	case CLIENT_E_MALFORMED:
		return SESSION_E_REFUSED;
	default:
		return r;
	}
}

static int connect_to(struct client **ret, const char *auth_url, int64_t timeout_ms)
{
	return client_open(ret, &(struct client_options){ .base_url = auth_url, .timeout_ms = timeout_ms });
}

int session_register(
	const char *auth_url, const char *email, const char *password, const char *name, const char *invitation)
{
	struct client *c;
	int r = connect_to(&c, auth_url, TIMEOUT_MS);

	if (r)
		return r;
	json_t *body = json_pack(
		"{s:s, s:s, s:s*, s:s*}", "email", email, "password", password, "name", name, "invitation", invitation);
	r = body ? by_client(client_call(c, "POST", "/v1/users", body, NULL, NULL, NULL)) : -ENOMEM;
	json_decref(body);
	client_close(c);
	return r;
}

/* Takes the tokens of an answer, and saves them where the session is kept. */
static int take_tokens(struct session *s, const json_t *answer)
{
	struct session_data *d = &s->data;
	const char *access, *refresh;
	json_int_t expires_in;

	if (json_unpack((json_t *)(uintptr_t)answer, "{s:s, s:s, s:I}", "access_token", &access, "refresh_token",
		    &refresh, "expires_in", &expires_in))
		return SESSION_E_REFUSED;
	int r = session_data_set(&d->access_token, access);
	if (r == 0)
		r = session_data_set(&d->refresh_token, refresh);
	d->access_ends_ms = clock_real_ms() + expires_in * 1000;
	return r || !s->kept ? r : session_file_save(d);
}

static int log_in(struct session *s)
{
	json_t *answer = NULL, *body = json_pack("{s:s, s:s}", "email", s->data.email, "password", s->password);
	int r = body ? by_client(client_call(s->client, "POST", "/v1/sessions", body, NULL, &answer, NULL)) : -ENOMEM;

	if (r == 0)
		r = take_tokens(s, answer);
	json_decref(answer);
	json_decref(body);
	return r;
}

int session_login(struct session **ret, const char *auth_url, const char *email, const char *password)
{
	struct session *s = calloc(1, sizeof *s);
	int r = s ? connect_to(&s->client, auth_url, TIMEOUT_MS) : -ENOMEM;

	if (r == 0)
		r = session_data_set(&s->data.auth_url, auth_url);
	if (r == 0)
		r = session_data_set(&s->data.email, email);
	if (r == 0)
		r = session_data_set(&s->password, password);
	if (r == 0)
		r = log_in(s);
	if (r)
		session_close(s);
	else
		*ret = s;
	return r;
}

static void forget_password(struct session *s)
{
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	s->password = NULL;
}

int session_keep(struct session *s)
{
	int r = session_file_save(&s->data);

	if (r)
		return r;
	s->kept = true;
	forget_password(s);
	return 0;
}

int session_open(struct session **ret)
{
	struct session *s = calloc(1, sizeof *s);
	int r = s ? session_file_load(&s->data) : -ENOMEM;

	if (r == 0) {
		s->kept = true;
		r = connect_to(&s->client, s->data.auth_url, TIMEOUT_MS);
	}
	if (r == -ENOENT)
		r = SESSION_E_NONE;
	if (r)
		session_close(s);
	else
		*ret = s;
	return r;
}

/* Nobody will use its tokens again. One that auth does not hear of ends by itself. */
static void log_out(const struct session *s)
{
	struct client *c;

	if (connect_to(&c, s->data.auth_url, LOG_OUT_MS))
		return;
	if (client_call(c, "DELETE", "/v1/sessions/current", NULL, s->data.access_token, NULL, NULL))
		log_debug("not logged out", LOG_S("reason", client_last_error()));
	client_close(c);
}

void session_close(struct session *s)
{
	if (!s)
		return;
	if (!s->kept && s->data.access_token)
		log_out(s);
	client_close(s->client);
	session_data_free(&s->data);
	forget_password(s);
	free(s);
}

const char *session_email(const struct session *s)
{
	return s->data.email;
}

static bool fresh(const struct session_data *d)
{
	return d->access_ends_ms - clock_real_ms() > FRESH_MS;
}

/* Another command may have refreshed meanwhile: then its tokens are the ones to use. Returns whether that is so. */
static bool take_saved(struct session *s)
{
	struct session_data saved = { 0 };

	if (session_file_load(&saved) || strcmp(saved.email, s->data.email) != 0 ||
		!strcmp(saved.access_token, s->data.access_token)) {
		session_data_free(&saved);
		return false;
	}
	session_data_free(&s->data);
	s->data = saved;
	return fresh(&s->data);
}

static int spend_refresh_token(struct session *s)
{
	json_t *answer = NULL, *body = json_pack("{s:s}", "refresh_token", s->data.refresh_token);
	int r = body ? by_client(client_call(s->client, "POST", "/v1/sessions/refresh", body, NULL, &answer, NULL))
		     : -ENOMEM;

	if (r == 0)
		r = take_tokens(s, answer);
	json_decref(answer);
	json_decref(body);
	return r;
}

static int renew_kept(struct session *s)
{
	int lock = session_file_lock();

	if (lock < 0)
		return lock;
	int r = take_saved(s) ? 0 : spend_refresh_token(s);
	session_file_unlock(lock);
	return r;
}

int session_renew(struct session *s)
{
	if (s->kept)
		return renew_kept(s);
	int r = spend_refresh_token(s);
	return r == SESSION_E_DENIED ? log_in(s) : r;
}

int session_token(struct session *s, const char **ret)
{
	int r = fresh(&s->data) ? 0 : session_renew(s);

	if (r == 0)
		*ret = s->data.access_token;
	return r;
}

int session_call(struct session *s, const char *method, const char *path, const json_t *body, json_t **ret_answer)
{
	const char *token;
	long status = 0;
	int r = session_token(s, &token);

	if (r == 0)
		r = by_client(client_call(s->client, method, path, body, token, ret_answer, &status));
	if (status != 401)
		return r;
	r = session_renew(s); /* it ended early: revoked, or its key is gone; once more with a new one */
	return r ? r : by_client(client_call(s->client, method, path, body, s->data.access_token, ret_answer, NULL));
}
