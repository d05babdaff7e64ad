/* auth - lib/web with routes that answer from a struct. */
#include "tests/cli/auth.h"
#include "web/web.h"

#include <stdio.h>
#include <string.h>

static bool turned_away(struct web_request *q, struct auth *a)
{
	if (a->busy)
		web_problem(q, 503, "busy", "Come back later.");
	return a->busy;
}

static void reply_tokens(struct web_request *q, struct auth *a)
{
	char access[32], refresh[32];

	snprintf(access, sizeof access, "access-%d", a->logins + a->refreshes);
	snprintf(refresh, sizeof refresh, "refresh-%d", a->logins + a->refreshes);
	web_reply(q, 200,
		json_pack("{s:s, s:s, s:i, s:s, s:i}", "access_token", access, "token_type", "Bearer", "expires_in",
			a->expires_in, "refresh_token", refresh, "refresh_expires_in", 1000));
}

static void enrol(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (turned_away(q, a) || !web_body(q))
		return;
	a->registered++;
	web_reply(q, 202, json_pack("{s:s}", "status", "accepted"));
}

static void log_in(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = turned_away(q, a) ? NULL : web_body(q);

	if (!body)
		return;
	if (strcmp(json_string_value(json_object_get(body, "password")), "correct horse battery") != 0) {
		web_problem(q, 401, "invalid_credentials", "There is no such user with this password.");
		return;
	}
	a->logins++;
	a->revoked = a->ended = false;
	reply_tokens(q, a);
}

static void refresh(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = turned_away(q, a) ? NULL : web_body(q);
	char wanted[32];

	if (!body)
		return;
	snprintf(wanted, sizeof wanted, "refresh-%d", a->logins + a->refreshes);
	if (a->ended || strcmp(json_string_value(json_object_get(body, "refresh_token")), wanted) != 0) {
		web_problem(q, 401, "invalid_token", "This session has ended.");
		return;
	}
	a->refreshes++;
	a->revoked = false;
	reply_tokens(q, a);
}

static bool allowed(struct web_request *q, struct auth *a)
{
	char wanted[64];
	const char *given = web_header(q, "Authorization");

	snprintf(wanted, sizeof wanted, "Bearer access-%d", a->logins + a->refreshes);
	if (turned_away(q, a))
		return false;
	if (!a->revoked && given && !strcmp(given, wanted))
		return true;
	web_problem(q, 401, "invalid_token", "Log in.");
	return false;
}

static void log_out(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (!allowed(q, a))
		return;
	a->logouts++;
	web_reply(q, 204, NULL);
}

/* Pages of two, whatever was asked for; the cursor is where the page begins. */
static void list(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const char *cursor = web_query(q, "cursor");
	size_t begin = 0, n = json_array_size(a->devices);
	char next[24];

	if (!allowed(q, a))
		return;
	if (a->blind > 0) {
		a->blind--;
		begin = n;
	}
	if (cursor && sscanf(cursor, "at-%zu", &begin) != 1)
		begin = n;
	json_t *page = json_array();
	for (size_t i = begin; i < n && i < begin + 2; i++) {
		json_t *device = json_copy(json_array_get(a->devices, i));
		json_object_del(device, "secret");
		json_array_append_new(page, device);
	}
	snprintf(next, sizeof next, "at-%zu", begin + 2);
	web_reply(q, 200,
		json_pack("{s:o, s:o}", "devices", page, "next", begin + 2 < n ? json_string(next) : json_null()));
}

static bool is_taken(const struct auth *a, const json_t *identifier)
{
	const json_t *device;
	size_t i;

	json_array_foreach(a->devices, i, device)
	{
		if (identifier && json_equal(json_object_get(device, "identifier"), identifier))
			return true;
	}
	return false;
}

/* Whether the code of @body, if it has one, is right; else answers that it is not. */
static bool may_claim(struct web_request *q, struct auth *a, const json_t *body)
{
	const char *code = json_string_value(json_object_get(body, "code"));

	if (!code)
		return true;
	a->guesses++;
	if (a->code && !strcmp(code, a->code))
		return true;
	web_problem(q, 403, "wrong_code", "This is not its code.");
	return false;
}

static void add(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = allowed(q, a) ? web_body(q) : NULL;
	size_t n = json_array_size(a->devices);
	char id[40], identifier[16];

	if (!body || !may_claim(q, a, body))
		return;
	bool taken = a->conflicts > 0;
	a->conflicts -= taken;
	if (taken || is_taken(a, json_object_get(body, "identifier"))) {
		web_problem(q, 409, "identifier_taken", "Somebody has it.");
		return;
	}
	json_t *device = json_deep_copy(body);
	snprintf(id, sizeof id, "00000000-0000-4000-8000-%012zu", n);
	snprintf(identifier, sizeof identifier, "made-%zu", n);
	json_object_set_new(device, "id", json_string(id));
	if (!json_object_get(device, "identifier"))
		json_object_set_new(device, "identifier", json_string(identifier));
	json_object_set_new(device, "secret", json_sprintf("secret-%zu", n));
	json_array_append(a->devices, device);
	web_reply(q, 201, device);
}

static size_t find(struct web_request *q, struct auth *a)
{
	const json_t *device;
	size_t i;

	json_array_foreach(a->devices, i,
		device) if (!strcmp(json_string_value(json_object_get(device, "id")), web_path(q, "id"))) return i;
	web_problem(q, 404, "not_found", "There is no such device.");
	return SIZE_MAX;
}

static void rotate(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	size_t i = allowed(q, a) ? find(q, a) : SIZE_MAX;

	if (i == SIZE_MAX)
		return;
	json_t *device = json_array_get(a->devices, i);
	json_object_set_new(
		device, "secret", json_sprintf("%s+", json_string_value(json_object_get(device, "secret"))));
	web_reply(q, 200, json_pack("{s:O}", "secret", json_object_get(device, "secret")));
}

static void change(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = allowed(q, a) ? web_body(q) : NULL;
	size_t i = body ? find(q, a) : SIZE_MAX;

	if (i == SIZE_MAX)
		return;
	json_t *device = json_array_get(a->devices, i);
	json_object_update(device, (json_t *)(uintptr_t)body);
	web_reply(q, 200, json_incref(device));
}

static void drop(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	size_t i = allowed(q, a) ? find(q, a) : SIZE_MAX;

	if (i == SIZE_MAX)
		return;
	json_array_remove(a->devices, i);
	web_reply(q, 204, NULL);
}

/* ---- grants ---- */

static void offer(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = allowed(q, a) ? web_body(q) : NULL;
	size_t i = body ? find(q, a) : SIZE_MAX;

	if (i == SIZE_MAX)
		return;
	const json_t *device = json_array_get(a->devices, i);
	json_t *grant = json_pack("{s:o, s:{s:O, s:O}, s:O, s:O, s:s, s:s}", "id",
		json_sprintf("00000000-0000-4000-9000-%012zu", json_array_size(a->given)), "device", "id",
		json_object_get(device, "id"), "name", json_object_get(device, "name"), "email",
		json_object_get(body, "email"), "rights", json_object_get(body, "rights"), "state", "pending",
		"expires", "2026-01-16T03:04:05.000Z");
	json_array_append(a->given, grant);
	web_reply(q, 202, grant);
}

/* Of one device: with only one in a test, all. */
static void list_of_device(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (allowed(q, a) && find(q, a) != SIZE_MAX)
		web_reply(q, 200, json_pack("{s:O}", "grants", a->given));
}

static void list_grants(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const char *side = web_query(q, "side");

	if (allowed(q, a))
		web_reply(q, 200,
			json_pack("{s:O, s:n}", "grants", side && !strcmp(side, "given") ? a->given : a->received,
				"next"));
}

/* Where what the path names is in @list; its size: nowhere. */
static size_t at(struct web_request *q, const json_t *list)
{
	size_t i = 0;

	while (i < json_array_size(list) &&
		strcmp(json_string_value(json_object_get(json_array_get(list, i), "id")), web_path(q, "id")) != 0)
		i++;
	return i;
}

static void accept_grant(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (!allowed(q, a))
		return;
	json_t *grant = json_array_get(a->received, at(q, a->received));
	if (!grant) {
		web_problem(q, 404, "not_found", "There is no such share.");
		return;
	}
	json_object_set_new(grant, "state", json_string("accepted"));
	web_reply(q, 204, NULL);
}

static void drop_grant(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (!allowed(q, a))
		return;
	if (json_array_remove(a->received, at(q, a->received)) && json_array_remove(a->given, at(q, a->given)))
		web_problem(q, 404, "not_found", "There is no such share.");
	else
		web_reply(q, 204, NULL);
}

/* ---- links ---- */

static void add_link(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = allowed(q, a) ? web_body(q) : NULL;

	if (!body || find(q, a) == SIZE_MAX)
		return;
	json_t *link = json_pack("{s:o, s:s, s:s, s:i, s:n, s:o}", "id",
		json_sprintf("00000000-0000-4000-b000-%012zu", json_array_size(a->links)), "token", "secret", "expires",
		"2026-01-02T05:04:05.000Z", "uses", 3, "last_used", "url",
		a->public_url ? json_sprintf("%s/#share=secret", a->public_url) : json_null());
	json_object_update_missing(link, (json_t *)(uintptr_t)body);
	json_array_append(a->links, link);
	web_reply(q, 201, link);
}

static void list_links(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (allowed(q, a) && find(q, a) != SIZE_MAX)
		web_reply(q, 200, json_pack("{s:O, s:n}", "links", a->links, "next"));
}

/* The one of the path; else that is answered. */
static json_t *find_link(struct web_request *q, struct auth *a)
{
	json_t *link = json_array_get(a->links, at(q, a->links));

	if (!link)
		web_problem(q, 404, "not_found", "There is no such link.");
	return link;
}

static void renew_link(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const json_t *body = allowed(q, a) ? web_body(q) : NULL;
	json_t *link = body ? find_link(q, a) : NULL;

	if (!link)
		return;
	json_object_update(link, (json_t *)(uintptr_t)body);
	web_reply(q, 200, json_incref(link));
}

static void revoke_link(struct web_request *q, void *owner)
{
	struct auth *a = owner;

	if (!allowed(q, a) || !find_link(q, a))
		return;
	json_array_remove(a->links, at(q, a->links));
	web_reply(q, 204, NULL);
}

/* ---- for modules ---- */

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200,
		json_pack("{s:s, s:s, s:i}", "access_token", "module", "token_type", "Bearer", "expires_in", 900));
}

static void list_unknown(struct web_request *q, void *owner)
{
	struct auth *a = owner;
	const char *given = web_header(q, "Authorization");

	if (!given || strcmp(given, "Bearer module") != 0 || !a->unknown)
		web_problem(q, 403, "insufficient_scope", "The token lacks the scope devices.unknown.");
	else
		web_reply(q, 200, json_loads(*a->unknown++, 0, NULL));
}

static const struct web_route routes[] = {
	{ "POST", "/v1/users", enrol },
	{ "POST", "/v1/sessions", log_in },
	{ "POST", "/v1/sessions/refresh", refresh },
	{ "DELETE", "/v1/sessions/current", log_out },
	{ "GET", "/v1/devices", list },
	{ "POST", "/v1/devices", add },
	{ "POST", "/v1/devices/{id}/secret", rotate },
	{ "PATCH", "/v1/devices/{id}", change },
	{ "DELETE", "/v1/devices/{id}", drop },
	{ "POST", "/v1/devices/{id}/grants", offer },
	{ "GET", "/v1/devices/{id}/grants", list_of_device },
	{ "GET", "/v1/grants", list_grants },
	{ "POST", "/v1/grants/{id}/accept", accept_grant },
	{ "POST", "/v1/grants/{id}/decline", drop_grant },
	{ "DELETE", "/v1/grants/{id}", drop_grant },
	{ "POST", "/v1/devices/{id}/links", add_link },
	{ "GET", "/v1/devices/{id}/links", list_links },
	{ "PATCH", "/v1/links/{id}", renew_link },
	{ "DELETE", "/v1/links/{id}", revoke_link },
	{ "POST", "/v1/oauth/token", give_token },
	{ "GET", "/internal/v1/devices/unknown", list_unknown },
	{ 0 },
};

int auth_open(struct auth *a)
{
	*a = (struct auth){ .expires_in = 900,
		.devices = json_array(),
		.links = json_array(),
		.given = json_array(),
		.received = json_array() };
	int r = web_open(&a->web, &(struct web_options){
					  .address = "127.0.0.1",
					  .threads = 8,
					  .body_max = 65536,
					  .request_timeout_ms = 5000,
					  .keep_alive_ms = 1000,
					  .routes = routes,
					  .owner = a,
				  });

	if (r == 0)
		snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", web_port(a->web));
	return r;
}

void auth_close(struct auth *a)
{
	web_close(a->web);
	json_decref(a->received);
	json_decref(a->given);
	json_decref(a->links);
	json_decref(a->devices);
}
