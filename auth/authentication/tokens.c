/* tokens - the caller's personal access tokens: made, listed, ended. */
#include "auth/authentication/internal.h"
#include "auth/common/access_token.h"
#include "auth/common/audit.h"
#include "auth/common/check.h"
#include "auth/common/list.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DAYS_DEFAULT = 30 };

#define DAY_MS INT64_C(86400000)

/* ---- what is wished ---- */

static bool is_scope(const char *scope)
{
	for (const char *const *s = access_token_scopes; *s; s++)
		if (!strcmp(*s, scope))
			return true;
	return false;
}

/* At least one, each known, none twice. */
static bool read_scopes(const json_t *list, char out[static TOKEN_SCOPE_MAX])
{
	struct text t = text_in(out, TOKEN_SCOPE_MAX);
	struct token_claims so_far = { 0 };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *scope = json_string_value(json_array_get(list, i));
		if (!scope || !is_scope(scope) || token_has_scope(&so_far, scope))
			return false;
		text_puts(&t, i ? " " : "");
		text_puts(&t, scope);
		memcpy(so_far.scope, out, t.len + 1);
	}
	return t.len > 0 && text_ok(&t);
}

/* 0 where it is not between one day and @max. */
static int64_t read_days(const json_t *days, int64_t max)
{
	if (!days || json_is_null(days))
		return max < DAYS_DEFAULT ? max : DAYS_DEFAULT;
	int64_t n = json_is_integer(days) ? json_integer_value(days) : 0;
	return n >= 1 && n <= max ? n : 0;
}

/* Reads the wish, or answers what is wrong with it and returns false. */
static bool read_wish(struct web_request *q, const struct authentication *x, struct access_token_wish *w)
{
	const json_t *body = web_body(q);

	if (!body)
		return false;
	const json_t *name = json_object_get(body, "name");
	int64_t max = x->personal_age_ms / DAY_MS, days = read_days(json_object_get(body, "expires_in_days"), max);
	if (!check_name(name, NAME_MAX_CHARS))
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
	else if (!read_scopes(json_object_get(body, "scopes"), w->scopes))
		web_problem(q, 422, "invalid_scopes",
			"\"scopes\" must be a list of one or more of account.read, devices.read, devices.write, "
			"positions.read.");
	else if (!days)
		web_problem(q, 422, "invalid_expiry", "\"expires_in_days\" must be a number from 1 to %lld.",
			(long long)max);
	else {
		w->user = web_claims(q)->subject;
		w->name = json_string_value(name);
		w->expires_ms = clock_real_ms() + days * DAY_MS;
		return true;
	}
	return false;
}

/* Whether the person may have one more; else answers that, and returns false. */
static bool check_room(struct web_request *q, const struct authentication *x)
{
	bson_t *filter =
		BCON_NEW("user", BCON_UUID(&web_claims(q)->subject), "revoked", "{", "$exists", BCON_BOOL(false), "}");
	bool room = false;
	int r = documents_room(x->store, ACCESS_TOKENS_COLLECTION, filter, x->personal_max, &room);

	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else if (!room)
		web_problem(q, 409, "too_many_tokens", "One user may have %d personal access tokens.",
			(int)x->personal_max);
	return room;
}

/* ---- handlers ---- */

static void note(
	struct web_request *q, const struct authentication *x, const char *event, const char *id_text, const char *name)
{
	struct audit_details d = audit_details_of(q);
	struct uuid id;

	d.name = name;
	if (uuid_parse(&id, id_text, strlen(id_text)) == 0)
		d.token = &id;
	audit_write(x->store, &web_claims(q)->subject, event, &d);
}

static void answer_created(
	struct web_request *q, const struct authentication *x, json_t *shown, const char *token, const char *name)
{
	const char *id = json_string_value(json_object_get(shown, "id"));
	char location[64];

	note(q, x, AUDIT_TOKEN_MADE, id, name);
	snprintf(location, sizeof location, "/v1/tokens/%s", id);
	web_add_header(q, "Location", location);
	web_add_header(q, "Cache-Control", "no-store");
	json_object_set_new(shown, "token", json_string(token));
	web_reply(q, 201, shown);
}

void token_create_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	struct access_token_wish w;
	char token[ACCESS_TOKEN_SIZE];
	json_t *shown = NULL;

	if (!read_wish(q, x, &w) || !check_room(q, x))
		return;
	int r = access_token_create(x->store, &w, token, &shown);
	if (r)
		auth_fail(q, r);
	else
		answer_created(q, x, shown, token, w.name);
	sodium_memzero(token, sizeof token);
}

void token_list_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	json_t *list = NULL;
	int r = access_tokens_list(x->store, &web_claims(q)->subject, x->personal_max, &list);

	if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, json_pack("{so}", "tokens", list));
}

void token_delete_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const char *text = web_path(q, "id");
	struct uuid id;
	int r = STORE_E_MISSING;

	if (uuid_parse(&id, text, strlen(text)) == 0)
		r = access_token_revoke(x->store, x->sessions.outbox, &web_claims(q)->subject, &id);
	if (r == STORE_E_MISSING) {
		web_problem(q, 404, "not_found", "You have no such token, or it has ended.");
	} else if (r) {
		auth_fail(q, r);
	} else {
		note(q, x, AUDIT_TOKEN_REVOKED, text, NULL);
		web_reply(q, 204, NULL);
	}
}
