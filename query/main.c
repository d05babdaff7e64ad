/* pettrack-query - where pets are and where they were (role api); and where they go, pushed (role live). */
#include "base/guesses.h"
#include "bus/setting.h"
#include "query/api/api.h"
#include "query/live/live.h"
#include "query/page_policy.h"
#include "query/upkeep.h"
#include "service/log.h"
#include "service/prepare.h"
#include "service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum role { ROLE_API = 1 << 0, ROLE_LIVE = 1 << 1 };

enum { LOOPS_DEFAULT_MAX = 4, BODY_MAX = 4096, EXPORT_TIMEOUT_MS = 10000 };

static unsigned roles;
static bool print_routes;
static const char *ops_address;
static uint16_t ops_port;
static struct prepare prepare;
static struct bus_config kafka = { .client = "pettrack-query" };
static struct bus_topics topics = { .made = prepare_made };
static struct store_options mongodb = { .app_name = "pettrack-query" };
static struct keys_options keys_options;
static struct access_options access_options = { .kafka = &kafka, .topics = &topics };
static struct api_options api;
static int64_t guesses_a_minute;
static struct web_options rest = { .verify = api_verify, .body_max = BODY_MAX };
static struct live_options live = { .kafka = &kafka, .topics = &topics };

static bool add_role(unsigned *set, const char *name, size_t n)
{
	if (n == strlen("api") && strncmp(name, "api", n) == 0)
		*set |= ROLE_API;
	else if (n == strlen("live") && strncmp(name, "live", n) == 0)
		*set |= ROLE_LIVE;
	else
		return false;
	return true;
}

static const char *roles_setting(const char *text, void *target, int64_t min, int64_t max)
{
	unsigned set = 0;

	(void)min;
	(void)max;
	for (bool more = true; more; text += strcspn(text, ",") + more) {
		size_t n = strcspn(text, ",");
		if (!add_role(&set, text, n))
			return "must be api, live, or both with a comma between";
		more = text[n] == ',';
	}
	*(unsigned *)target = set;
	return NULL;
}

static const struct setting settings[] = {
	{ "QUERY_ROLES", "api,live", roles_setting, &roles, "what this process does, comma-separated" },
	{ "QUERY_ROUTES", NULL, setting_bool, &print_routes, "print the REST routes as JSON and end" },
	{ "AUTH_URL", "http://127.0.0.1:8081", setting_text, &access_options.auth.base_url,
		"base URL of pettrack-auth" },
	{ "AUTH_ISSUER", "pettrack", setting_text, &keys_options.issuer, "claim iss that access tokens must have" },
	{ "CLIENT_ID", "query", setting_text, &access_options.auth.client_id, "this service at auth" },
	{ "CLIENT_SECRET", NULL, setting_text, &access_options.auth.client_secret, "its secret",
		.flags = SETTING_SECRET },
	{ "ACCESS_TIMEOUT", "2s", setting_duration, &access_options.auth.timeout_ms, "time of a question to auth", 100,
		60000 },
	{ "ACCESS_TTL", "60s", setting_duration, &access_options.ttl_ms,
		"how long auth's answer who may see what is taken; a change is told at once all the same", 0,
		86400000 },
	{ "ACCESS_STALE", "24h", setting_duration, &access_options.stale_ms, "the same while auth is away", 0,
		30LL * 86400000 },
	{ "ACCESS_USERS", "100000", setting_int, &access_options.users_max, "users remembered", 1, 100000000 },
	{ "ACCESS_DEVICES", "1000000", setting_int, &access_options.devices_max, "devices of theirs remembered", 1,
		1000000000 },
	{ "ACCESS_ENDED", "1000000", setting_int, &access_options.ended_max,
		"sessions, tokens and links that ended remembered, 75 bytes each: more than can end while an access "
		"token is good",
		1000, 1000000000 },

	{ "PERSONAL_TOKEN_TTL", "60s", setting_duration, &keys_options.personal_ttl_ms,
		"how long auth's answer about a personal access token is taken; its end is told at once all the same, "
		"and while auth is away ACCESS_STALE counts",
		0, 86400000 },
	{ "PERSONAL_TOKEN_GUESSES", "120", setting_int, &guesses_a_minute,
		"wrong personal access tokens from one address (IPv6: /64) a minute, past which none from there is "
		"looked up; 0: any number",
		0, 1000000 },
	{ "PERSONAL_TOKENS", "10000", setting_int, &keys_options.personal_max, "personal access tokens remembered", 1,
		10000000 },

	{ "QUERY_ADDRESS", "127.0.0.1", setting_text, &rest.address, "address to listen on for REST" },
	{ "QUERY_PORT", "8083", setting_port, &rest.port, "port to listen on for REST" },
	{ "QUERY_THREADS", "64", setting_int, &rest.threads, "REST connections at once", 1, 4096 },
	{ "QUERY_REQUEST_TIMEOUT", "10s", setting_duration, &rest.request_timeout_ms,
		"how long a request may take to arrive", 100, 600000 },
	{ "QUERY_KEEP_ALIVE", "5s", setting_duration, &rest.keep_alive_ms, "how long an idle REST connection is kept",
		100, 600000 },
	{ "QUERY_CORS_ORIGINS", NULL, setting_text, &rest.cors_origins,
		"origins whose pages may call, comma-separated" },
	{ "QUERY_TRUSTED_PROXIES", NULL, setting_networks, &rest.trusted_proxies,
		"networks of proxies whose X-Forwarded-For or Forwarded tells the client's address, of live too" },
	{ "QUERY_EXPORTS", "4", setting_int, &api.exports_max,
		"exports under way at once, and one of a user; more are answered busy", 1, 4096 },
	{ "QUERY_FILES_DIR", NULL, setting_text, &rest.files_dir, "folder of the page's files; unset: no page" },
	{ "QUERY_PUBLIC_AUTH_URL", NULL, setting_text, &api.auth_url, "where browsers reach auth; unset: AUTH_URL" },
	{ "QUERY_PUBLIC_LIVE_URL", NULL, setting_text, &api.live_url,
		"where browsers reach the live stream; unset: ws://LIVE_ADDRESS:LIVE_PORT/v1/live" },
	{ "QUERY_TILE_URL", NULL, setting_text, &api.tile_url,
		"map tiles, with {z}, {x} and {y}; unset: the map is a plain grid" },
	{ "QUERY_TILE_ATTRIBUTION", NULL, setting_text, &api.tile_attribution, "whom the tiles are owed to" },

	{ "LIVE_ADDRESS", "127.0.0.1", setting_text, &live.address, "address to listen on for WebSockets" },
	{ "LIVE_PORT", "8084", setting_port, &live.port, "port to listen on for WebSockets" },
	{ "LIVE_ORIGINS", NULL, setting_text, &live.origins,
		"origins whose pages may connect, comma-separated; unset: any, for a token is needed anyway" },
	{ "LIVE_LOOPS", "0", setting_int, &live.loops, "event loops, a thread each; 0: one a processor, at most 4", 0,
		256 },
	{ "LIVE_WORKERS", "4", setting_int, &live.workers, "threads that ask auth and MongoDB", 1, 256 },
	{ "LIVE_CONNECTIONS", "50000", setting_int, &live.connections_max, "connections at once", 1, 10000000 },
	{ "LIVE_CONNECTIONS_PER_ADDRESS", "1000", setting_int, &live.connections_per_address,
		"connections of one address (IPv6: /64)", 1, 10000000 },
	{ "LIVE_CONNECTIONS_PER_USER", "20", setting_int, &live.connections_per_user, "connections of one user", 1,
		1000000 },
	{ "LIVE_SUBSCRIPTIONS", "1000", setting_int, &live.subscriptions_max, "devices that one connection watches", 1,
		1000000 },
	{ "LIVE_MESSAGE_MAX", "64k", setting_size, &live.message_max, "bytes of a client's message", 4096, 16 << 20 },
	{ "LIVE_MESSAGE_RATE", "10", setting_int, &live.message_rate, "messages of a client a second", 1, 100000 },
	{ "LIVE_AUTH_TIMEOUT", "10s", setting_duration, &live.auth_timeout_ms, "how long a client has to authenticate",
		100, 600000 },
	{ "LIVE_PING", "30s", setting_duration, &live.ping_ms,
		"a client that is silent for so long is pinged, and dropped after as long again", 100, 3600000 },
	{ "LIVE_EXPIRING", "60s", setting_duration, &live.expiring_ms,
		"how long before its token ends a client is told", 0, 3600000 },
	{ "LIVE_LINGER", "2ms", setting_duration, &live.linger_ms,
		"how long a position may wait for others, which saves waking threads", 0, 1000 },
	{ "LIVE_FRAME_MAX", "64k", setting_size, &live.frame_max, "bytes of positions in one frame, about", 1024,
		16 << 20 },
	{ "LIVE_QUEUE", "1000", setting_int, &live.queue_updates,
		"positions that wait for a client before only the newest of each device are kept", 1, 1000000 },
	{ "LIVE_QUEUE_BYTES", "512k", setting_size, &live.queue_bytes, "the same in bytes", 1024, 1LL << 30 },
	{ "LIVE_SLOW", "60s", setting_duration, &live.slow_ms,
		"a client for which something has been waiting for so long is closed", 100, 3600000 },
	{ "LIVE_SLOW_BYTES", "8M", setting_size, &live.slow_bytes, "one for which so much is waiting, too", 1024,
		1LL << 40 },
	{ "LIVE_RING", "20000", setting_int, &live.ring.records_max,
		"records of each partition kept for clients that come back", 1, 100000000 },
	{ "LIVE_RING_BYTES", "128M", setting_size, &live.ring.bytes_max, "bytes of them, of all partitions", 1 << 20,
		1LL << 40 },
	{ "LIVE_DEVICES", "200000", setting_int, &live.ring.devices_max, "devices whose newest fix is remembered", 1,
		1000000000 },

	{ "OPS_ADDRESS", "127.0.0.1", setting_text, &ops_address, "address of /metrics, /healthz and /readyz" },
	{ "OPS_PORT", "9084", setting_port, &ops_port, "port of /metrics, /healthz and /readyz" },
	PREPARE_SETTINGS(prepare),
	BUS_TOPIC_SETTINGS(topics),
	BUS_SETTINGS(kafka),
	STORE_SETTINGS(mongodb),
	{ 0 },
};

struct query {
	struct store *store;
	struct upkeep *upkeep;
	struct keys *keys;
	struct access *access;
	struct api *api;
	struct live *live;
	struct web *rest, *ops;
	char *live_url, *policy;
};

/* ---- what follows from the settings ---- */

static int check_secret(void)
{
	if (access_options.auth.client_secret)
		return 0;
	fputs("pettrack-query: CLIENT_SECRET is not set: set it in the environment, or name a file that holds it by "
	      "CLIENT_SECRET_FILE; auth has it in AUTH_CLIENTS\n",
		stderr);
	return SERVICE_E_USAGE;
}

static int64_t loops_wanted(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (live.loops > 0)
		return live.loops;
	return processors < 1 ? 1 : processors > LOOPS_DEFAULT_MAX ? LOOPS_DEFAULT_MAX : processors;
}

static void complete_settings(void)
{
	live.loops = loops_wanted();
	if (!api.auth_url)
		api.auth_url = access_options.auth.base_url;
}

static int print_table(void)
{
	const struct web_route *const tables[] = { api_routes() };
	char *json = web_routes_json(tables, 1);

	if (!json)
		return -ENOMEM;
	puts(json);
	free(json);
	return 0;
}

/* What each role reads. */
static int prepare_all(void)
{
	static const char *const of_api[] = { BUS_TOPIC_ACCESS, NULL };
	static const char *const of_live[] = { BUS_TOPIC_POSITIONS, BUS_TOPIC_ACCESS, NULL };
	struct bus_needs needs = { &kafka, &topics, roles & ROLE_LIVE ? of_live : of_api };

	return prepare_run(&prepare, (const struct prepare_step[]){ { "topics", bus_prepare, &needs }, { 0 } });
}

/* ---- opening and closing ---- */

/* Says where @name listens, or that it cannot. */
static int tell(const char *name, const char *address, uint16_t port, int r)
{
	if (r)
		log_error("cannot listen", LOG_S("name", name), LOG_S("address", address), LOG_I("port", port),
			LOG_S("error", strerror(-r)));
	else
		log_info("listening", LOG_S("name", name), LOG_S("address", address), LOG_I("port", port));
	return r;
}

static int open_ops(struct query *q)
{
	int r = web_ops_open(&q->ops, ops_address, ops_port);

	return tell("ops", ops_address, q->ops ? web_port(q->ops) : ops_port, r);
}

static int open_shared(struct query *q)
{
	int r = store_open(&q->store, &mongodb);

	keys_options.auth = access_options.auth;
	keys_options.personal_stale_ms = access_options.stale_ms;
	keys_options.dependency = dependency_new("auth", access_options.auth.base_url, DEPENDENCY_AT_START);
	access_options.kafka_there = dependency_new("kafka", kafka.brokers, DEPENDENCY_AT_START);
	if (r == 0)
		r = upkeep_open(&q->upkeep, q->store);
	if (r == 0)
		r = keys_open(&q->keys, &keys_options);
	if (r == 0)
		r = guesses_open(&rest.guesses, guesses_a_minute);
	access_options.keys = q->keys;
	return r ? r : access_open(&q->access, &access_options);
}

static int open_live(struct query *q)
{
	live.trusted_proxies = rest.trusted_proxies;
	live.store = q->store;
	live.keys = q->keys;
	live.guesses = rest.guesses;
	live.access = q->access;
	live.kafka_there = dependency_new("kafka", kafka.brokers, DEPENDENCY_ALWAYS);
	int r = live_open(&q->live, &live);
	return tell("live", live.address, q->live ? live_port(q->live) : live.port, r);
}

/* What the page must know and may load. */
static int describe_page(struct query *q)
{
	uint16_t port = q->live ? live_port(q->live) : live.port;

	if (!api.live_url) {
		if (asprintf(&q->live_url, "ws://%s:%u/v1/live", live.address, port) < 0) {
			q->live_url = NULL;
			return -ENOMEM;
		}
		api.live_url = q->live_url;
	}
	const struct page_places places = { api.auth_url, api.live_url, api.tile_url };
	q->policy = page_policy(&places);
	rest.files_policy = q->policy;
	return q->policy ? 0 : -ENOMEM;
}

static int open_api(struct query *q)
{
	api.store = q->store;
	api.keys = q->keys;
	api.access = q->access;
	api.auth = access_options.auth;
	api.auth.timeout_ms = EXPORT_TIMEOUT_MS;
	int r = describe_page(q);
	if (r == 0)
		r = api_open(&q->api, &api);
	if (r)
		return r;
	rest.routes = api_routes();
	rest.owner = q->api;
	r = web_open(&q->rest, &rest);
	return tell("rest", rest.address, q->rest ? web_port(q->rest) : rest.port, r);
}

static void close_all(struct query *q)
{
	web_close(q->rest);
	api_close(q->api);
	live_close(q->live);
	access_close(q->access);
	keys_close(q->keys);
	guesses_close(rest.guesses);
	upkeep_close(q->upkeep);
	store_close(q->store);
	web_close(q->ops);
	free(q->live_url);
	free(q->policy);
}

static int run(void)
{
	struct query q = { 0 };

	if (print_routes)
		return print_table();
	if (prepare.wanted)
		return prepare_all();
	int r = check_secret();
	if (r)
		return r;
	complete_settings();
	r = open_ops(&q);
	if (r == 0)
		r = open_shared(&q);
	if (r == 0 && roles & ROLE_LIVE)
		r = open_live(&q);
	if (r == 0 && roles & ROLE_API)
		r = open_api(&q);
	if (r == 0)
		r = service_wait();
	close_all(&q);
	return r;
}

int main(int argc, char **argv)
{
	int r = service_start(
		&(struct service){ .name = "pettrack-query",
			.summary = "Where pets are, were, and go: REST queries, and positions pushed over WebSockets",
			.settings = settings,
			.prefix = "QUERY_" },
		argc, argv);

	return service_exit(r ? r : run());
}
