/* api - the table of routes, who asks, and what the page must know. */
#include "query/api/internal.h"
#include "query/export/slots.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_WAIT_MS = 1000 }; /* for a key that auth has made since the keys were fetched */

int api_open(struct api **ret, const struct api_options *o)
{
	struct api *a = calloc(1, sizeof *a);

	if (!a)
		return -ENOMEM;
	a->o = *o;
	int r = client_open(&a->auth, &o->auth);
	if (r == 0)
		r = slots_open(&a->exports, o->exports_max);
	if (r) {
		api_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

void api_close(struct api *a)
{
	if (!a)
		return;
	slots_close(a->exports);
	client_close(a->auth);
	free(a);
}

/* ---- who asks, for what ---- */

int api_verify(void *owner, const char *token, size_t len, struct token_claims *ret)
{
	struct api *a = owner;
	struct token_claims claims;
	int r = keys_verify(a->o.keys, token, len, KEY_WAIT_MS, &claims);

	if (r)
		return r;
	if (access_session_ended(a->o.access, &claims.session))
		return TOKEN_E_EXPIRED;
	*ret = claims;
	return 0;
}

void api_fail(struct web_request *q, const char *what, int r)
{
	if (r < 0) {
		log_error("request failed", LOG_S("what", what), LOG_S("error", strerror(-r)));
		web_problem(q, 500, "internal", "This should not happen; it was logged.");
		return;
	}
	log_debug("request failed for now", LOG_S("what", what));
	web_add_header(q, "Retry-After", "1");
	web_problem(q, 503, "unavailable", "Try again in a moment.");
}

void api_no_device(struct web_request *q)
{
	web_problem(q, 404, "not_found", "There is no such device.");
}

bool api_user_devices(struct web_request *q, struct api *a, const struct uuid *device, struct device_set **ret)
{
	int r = access_devices_with(a->o.access, &web_claims(q)->subject, device, ret);

	if (r == 0 && limits_ended(&(*ret)->limits, clock_real_ms())) {
		device_set_unref(*ret);
		*ret = device_set_new(NULL, 0);
		r = *ret ? 0 : -ENOMEM;
	}
	if (r)
		api_fail(q, "devices of a user", r);
	return r == 0;
}

bool api_path_device(struct web_request *q, struct api *a, struct uuid *ret, struct limits *ret_limits)
{
	const char *text = web_path(q, "device");
	struct device_set *devices = NULL;
	struct uuid device;
	bool good = uuid_parse(&device, text, strlen(text)) == 0;

	if (!api_user_devices(q, a, good ? &device : NULL, &devices))
		return false;
	bool seen = good && device_set_has(devices, &device);
	*ret_limits = devices->limits;
	device_set_unref(devices);
	if (seen)
		*ret = device;
	else
		api_no_device(q);
	return seen;
}

/* ---- what the page must know ---- */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void get_config(struct web_request *q, void *owner)
{
	const struct api_options *o = &((struct api *)owner)->o;

	web_reply(q, 200,
		json_pack("{s:s, s:s, s:s, s:s}", "auth_url", or_empty(o->auth_url), "live_url", or_empty(o->live_url),
			"tile_url", or_empty(o->tile_url), "tile_attribution", or_empty(o->tile_attribution)));
}

const struct web_route *api_routes(void)
{
	static const struct web_route routes[] = {
		{ .method = "GET",
			.path = "/v1/latest",
			.handle = api_list_latest,
			.access = WEB_USER,
			.scope = "positions.read" },
		{ .method = "GET",
			.path = "/v1/latest/{device}",
			.handle = api_get_latest,
			.access = WEB_USER,
			.scope = "positions.read" },
		{ .method = "GET",
			.path = "/v1/history/{device}",
			.handle = api_get_history,
			.access = WEB_USER,
			.scope = "positions.read" },
		{ .method = "GET",
			.path = "/internal/v1/users/{id}/latest",
			.handle = api_get_company,
			.access = WEB_SERVICE,
			.scope = "latest.read" },
		{ .method = "GET", .path = "/v1/export", .handle = api_export, .access = WEB_USER },
		{ .method = "GET", .path = "/v1/config", .handle = get_config, .access = WEB_PUBLIC },
		{ 0 },
	};

	return routes;
}
