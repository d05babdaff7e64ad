#include "tests/bench/gateway_auth.h"
#include "base/text.h"
#include "base/uuid.h"
#include "secret/secret.h"

#include <string.h>

enum { THREADS = 4, BODY_MAX = 1 << 20, TOKEN_S = 900 };

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200,
		json_pack("{ss ss si ss}", "access_token", "bench", "token_type", "Bearer", "expires_in", TOKEN_S,
			"scope", "devices.lookup"));
}

/* Its id follows from its identifier. */
static json_t *device_of(const char *identifier)
{
	uint8_t hash[SECRET_HASH_SIZE];
	char hash_text[2 * SECRET_HASH_SIZE + 1], id_text[UUID_TEXT_SIZE];
	struct uuid id;

	secret_sha256(hash, identifier, strlen(identifier));
	memcpy(id.b, hash, sizeof id.b);
	uuid_format(id_text, &id);
	secret_sha256(hash, BENCH_SECRET, strlen(BENCH_SECRET));
	text_hex(hash_text, hash, sizeof hash);
	return json_pack("{ss ss ss}", "identifier", identifier, "id", id_text, "secret_sha256", hash_text);
}

static void look_up(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q), *identifiers = json_object_get(body, "identifiers");
	json_t *devices;

	(void)owner;
	if (!body) /* answered already */
		return;
	devices = json_array();
	for (size_t i = 0; i < json_array_size(identifiers); i++) {
		const char *identifier = json_string_value(json_array_get(identifiers, i));
		if (strncmp(identifier, BENCH_STRANGER, strlen(BENCH_STRANGER)) != 0)
			json_array_append_new(devices, device_of(identifier));
	}
	web_reply(q, 200, json_pack("{so}", "devices", devices));
}

static void hear_of_strangers(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 204, NULL);
}

int gateway_auth_open(struct web **ret)
{
	static const struct web_route routes[] = {
		{ "POST", "/v1/oauth/token", give_token, WEB_PUBLIC, NULL },
		{ "POST", "/internal/v1/devices/lookup", look_up, WEB_PUBLIC, NULL },
		{ "POST", "/internal/v1/devices/unknown", hear_of_strangers, WEB_PUBLIC, NULL },
		{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
	};
	const struct web_options options = {
		.address = "127.0.0.1",
		.threads = THREADS,
		.body_max = BODY_MAX,
		.routes = routes,
	};

	return web_open(ret, &options);
}
