/* registration - POST /v1/users */
#include "auth/registration/registration.h"
#include "auth/common/check.h"
#include "auth/common/document.h"
#include "auth/common/users.h"
#include "base/clock.h"
#include "service/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct registration {
	struct store *store;
	struct hasher *hasher;
	const struct upkeep *upkeep;
	struct metric *requests;
};

int registration_open(struct registration **ret, const struct auth *a)
{
	static const char *const labels[] = { "result", NULL };
	struct registration *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->store = a->store;
	r->hasher = a->hasher;
	r->upkeep = a->upkeep;
	r->requests = metric_counter("pettrack_auth_registrations_total", "Requests for an account.", labels);
	*ret = r;
	return 0;
}

void registration_close(struct registration *r)
{
	free(r);
}

int registration_prepare(struct store *s)
{
	return users_prepare(s);
}

/* What a well-formed request says; borrowed from its body. */
struct wish {
	char email[EMAIL_SIZE];
	const char *password, *name; /* @name: NULL when not given */
};

/* Reads the wish, or answers what is wrong with it and returns false. */
static bool read_wish(struct web_request *q, struct wish *w)
{
	const json_t *body = web_body(q);

	if (!body)
		return false;
	const json_t *password = json_object_get(body, "password"), *name = json_object_get(body, "name");
	enum password_result p = check_password(password);
	if (!check_email(json_object_get(body, "email"), w->email))
		web_problem(q, 422, "invalid_email", "\"email\" must be an e-mail address.");
	else if (p == PASSWORD_TOO_SHORT)
		web_problem(
			q, 422, "password_too_short", "\"password\" must have at least %d characters.", PASSWORD_MIN);
	else if (p == PASSWORD_TOO_LONG)
		web_problem(q, 422, "password_too_long", "\"password\" must have at most %d characters.", PASSWORD_MAX);
	else if (name && !json_is_null(name) && !check_name(name, NAME_MAX_CHARS))
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
	else {
		w->password = json_string_value(password);
		w->name = json_string_value(name);
		return true;
	}
	return false;
}

static void count(const struct registration *r, const char *result)
{
	metric_add(r->requests, (const char *const[]){ result }, 1);
}

static int add_user(struct store *s, const struct wish *w, const char *hash)
{
	struct user u = { .created_ms = clock_real_ms() };
	int r = uuid_random(&u.id);

	if (r)
		return r;
	memcpy(u.email, w->email, sizeof u.email);
	memcpy(u.hash, hash, sizeof u.hash);
	if (w->name)
		memcpy(u.name, w->name, strlen(w->name) + 1);
	r = users_add(s, &u, 0);
	return r == STORE_E_DUPLICATE ? 0 : r;
}

static void register_user(struct web_request *q, void *owner)
{
	const struct registration *r = ((const struct auth *)owner)->registration;
	struct wish w;
	char hash[HASHER_TEXT_SIZE];

	if (!read_wish(q, &w)) {
		count(r, "refused");
		return;
	}
	/* Without the unique index one address could become two users. */
	if (!upkeep_prepared(r->upkeep)) {
		auth_fail(q, -EAGAIN);
		return;
	}
	int result = hasher_hash(r->hasher, w.password, hash);
	if (result == HASHER_E_BUSY) {
		count(r, "busy");
		auth_busy(q);
		return;
	}
	if (result == 0)
		result = add_user(r->store, &w, hash);
	count(r, result ? "failed" : "accepted");
	if (result)
		auth_fail(q, result);
	else
		web_reply(q, 202, json_pack("{ss}", "status", "accepted"));
}

const struct outbox_source *const registration_sources[] = { NULL };

const struct web_route registration_routes[] = {
	{ "POST", "/v1/users", register_user, WEB_PUBLIC, NULL },
	{ 0 },
};
