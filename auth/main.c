/* pettrack-auth - who a user, a device, a service is; what a user may see. */
#include "auth/authentication/authentication.h"
#include "auth/common/audit.h"
#include "auth/common/mail.h"
#include "auth/common/second_factor.h"
#include "auth/devices/devices.h"
#include "auth/registration/registration.h"
#include "auth/roles.h"
#include "base/guesses.h"
#include "bus/setting.h"
#include "service/log.h"
#include "service/prepare.h"
#include "service/service.h"

#include <stdio.h>
#include <string.h>

static unsigned roles;
static bool print_routes;
static const char *master_secret, *public_url, *ops_address;
static uint16_t ops_port;
static int64_t hash_threads, hash_queue, key_age_ms, key_publish_ms, audit_ttl_ms, audit_per_user;
static struct prepare prepare;
static struct clients clients;
static struct master master;
static struct authentication_options authentication = { .clients = &clients, .master = &master };
static struct devices_options devices;
static struct registration_options registration;
static struct mail_options mail = { .master = &master };
static struct limiter_options limits;
static struct bus_config kafka = { .client = "pettrack-auth" };
static struct bus_topics topics = { .made = prepare_made };
static struct store_options mongodb = { .app_name = "pettrack-auth", .made = prepare_made };
static struct erasure_options erasure = { .kafka = &kafka, .topics = &topics };
static int64_t guesses_a_minute;
static struct web_options rest = { .verify = auth_verify };

static const char *secret_setting(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	if (strlen(text) < MASTER_SECRET_MIN)
		return "must have at least 32 characters: use a random one, such as openssl rand -base64 32 prints";
	return setting_text(text, target, 0, 0);
}

static const char *clients_setting(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	return clients_read(target, text);
}

static const struct setting settings[] = {
	{ "AUTH_ROLES", "registration,authentication,devices", roles_setting, &roles,
		"what this process does, comma-separated" },
	{ "AUTH_ROUTES", NULL, setting_bool, &print_routes, "print the roles' REST routes as JSON and end" },
	{ "AUTH_ADDRESS", "127.0.0.1", setting_text, &rest.address, "address to listen on for REST" },
	{ "AUTH_PORT", "8081", setting_port, &rest.port, "port to listen on for REST" },
	{ "AUTH_THREADS", "64", setting_int, &rest.threads, "REST connections at once", 1, 4096 },
	{ "AUTH_BODY_MAX", "256k", setting_size, &rest.body_max, "bytes of a request's body", 1024, 16 << 20 },
	{ "AUTH_REQUEST_TIMEOUT", "10s", setting_duration, &rest.request_timeout_ms,
		"how long a request may take to arrive", 100, 600000 },
	{ "AUTH_KEEP_ALIVE", "5s", setting_duration, &rest.keep_alive_ms, "how long an idle REST connection is kept",
		100, 600000 },
	{ "AUTH_CORS_ORIGINS", NULL, setting_text, &rest.cors_origins,
		"origins whose pages may call, comma-separated" },
	{ "AUTH_TRUSTED_PROXIES", NULL, setting_networks, &rest.trusted_proxies,
		"networks of proxies whose X-Forwarded-For or Forwarded tells the client's address, comma-separated" },
	{ "AUTH_PERSONAL_TOKEN_GUESSES", "120", setting_int, &guesses_a_minute,
		"wrong personal access tokens from one address (IPv6: /64) a minute, past which none from there is "
		"looked up; 0: any number",
		0, 1000000 },
	{ "AUTH_PUBLIC_URL", NULL, auth_url_setting, &public_url,
		"where people open the page, such as https://pets.example.org; links lead there" },
	REGISTRATION_SETTINGS(registration),
	MAIL_SETTINGS(mail),
	{ "AUTH_MASTER_SECRET", NULL, secret_setting, &master_secret,
		"seals signing keys and second factors, marks refresh tokens; for role authentication, and for "
		"registration to ask for a second factor",
		.flags = SETTING_SECRET },
	{ "AUTH_CLIENTS", NULL, clients_setting, &clients, "services: ID:SECRET:SCOPE[ SCOPE...], comma-separated",
		.flags = SETTING_SECRET },
	{ "AUTH_ISSUER", "pettrack", setting_text, &authentication.issuer, "claim iss of access tokens" },
	{ "AUTH_BASE_URL", NULL, auth_url_setting, &authentication.base_url,
		"where clients reach this program, for /.well-known/oauth-authorization-server; unset: as each has "
		"found it" },
	{ "AUTH_TOKEN_AGE", "15m", setting_duration, &authentication.token_age_ms, "how long an access token is good",
		5000, 3600000 },
	{ "AUTH_REFRESH_AGE", "30d", setting_duration, &authentication.refresh_age_ms,
		"how long an unused refresh token is good", 10000, 366LL * 86400000 },
	{ "AUTH_REFRESH_GRACE", "30s", setting_duration, &authentication.grace_ms,
		"how long a used refresh token is taken again", 0, 300000 },
	{ "AUTH_KEY_AGE", "30d", setting_duration, &key_age_ms, "how long a signing key signs", 10000,
		366LL * 86400000 },
	{ "AUTH_KEY_PUBLISH", "10m", setting_duration, &key_publish_ms,
		"how long a new signing key is shown at least before it signs, when keys are rotated by command", 0,
		86400000 },
	{ "AUTH_HASH_THREADS", "2", setting_int, &hash_threads, "password hashes at once, 19 MiB each", 1, 256 },
	{ "AUTH_HASH_QUEUE", "32", setting_int, &hash_queue, "password hashes that may wait; more are answered busy", 0,
		4096 },
	{ "AUTH_SESSIONS_PER_USER", "50", setting_int, &authentication.sessions_per_user,
		"sessions of one user; the oldest is ended", 1, 10000 },
	{ "AUTH_PERSONAL_TOKENS_PER_USER", "50", setting_int, &authentication.personal_per_user,
		"personal access tokens of one user", 1, 10000 },
	{ "AUTH_PERSONAL_TOKEN_AGE", "366d", setting_duration, &authentication.personal_age_ms,
		"how long a personal access token may be good, in whole days", 86400000, 3660LL * 86400000 },
	{ "AUTH_DEVICES_PER_USER", "1000", setting_int, &devices.per_user_max, "devices of one user", 1, 100000 },
	{ "AUTH_GRANTS_PER_DEVICE", "50", setting_int, &devices.grants_per_device,
		"accounts that one device is shared with, offers included", 1, 10000 },
	{ "AUTH_GRANTS_PER_USER", "200", setting_int, &devices.grants_per_user,
		"times that one user shares a device, offers included; and devices shared with one", 1, 10000 },
	{ "AUTH_GRANT_TTL", "14d", setting_duration, &devices.grant_ttl_ms,
		"how long the offer to share a device waits to be accepted", 1000, 366LL * 86400000 },
	{ "AUTH_LINKS_PER_USER", "100", setting_int, &devices.links_per_user,
		"share links of one user, those that have ended included", 1, 10000 },
	{ "AUTH_LINK_AGE_MAX", "90d", setting_duration, &devices.link_age_max_ms,
		"how far away the end of a share link may be", 1000, 3660LL * 86400000 },
	{ "AUTH_UNKNOWN_MAX", "10000", setting_int, &devices.unknown_max,
		"unknown trackers that are listed; beyond that those that were heard of longest ago go", 1, 1000000 },
	{ "AUTH_UNKNOWN_TTL", "7d", setting_duration, &devices.unknown_ttl_ms,
		"how long an unknown tracker that is not heard of any more is listed", 1000, 366LL * 86400000 },
	{ "AUTH_CLAIM_REQUIRED", "false", setting_bool, &devices.claim_required,
		"an identifier that a person names needs the code that is listed with it" },
	{ "AUTH_AUDIT_TTL", "180d", setting_duration, &audit_ttl_ms, "how long an event of a user's audit log is kept",
		60000, 3660LL * 86400000 },
	{ "AUTH_AUDIT_PER_USER", "10000", setting_int, &audit_per_user,
		"about how many events of one user's audit log are kept; beyond that the oldest go", 1, 10000000 },
	LIMITER_SETTINGS(limits),
	{ "AUTH_ERASURE_SETTLE", "30s", setting_duration, &erasure.settle_ms,
		"how long after an account was deleted things of requests under way are looked for", 0, 3600000 },
	{ "AUTH_ERASURE_KEEP", "365d", setting_duration, &erasure.keep_ms,
		"how long the receipt of a deleted account is kept", 60000, 3660LL * 86400000 },
	{ "AUTH_ERASURE_GROUP", "pettrack-writer-erasure", setting_text, &erasure.writer_group,
		"the writer's WRITER_ERASURE_GROUP, asked how far it has erased; for role devices" },
	{ "OPS_ADDRESS", "127.0.0.1", setting_text, &ops_address, "address of /metrics, /healthz and /readyz" },
	{ "OPS_PORT", "9081", setting_port, &ops_port, "port of /metrics, /healthz and /readyz" },
	PREPARE_SETTINGS(prepare),
	BUS_TOPIC_SETTINGS(topics),
	BUS_SETTINGS(kafka),
	STORE_SETTINGS(mongodb),
	{ 0 },
};

/* What is borrowed for the process's life. */
static struct role_routes routes;
static struct role_lists lists;

/* Says what is wrong with the settings. */
static int refuse(const char *why)
{
	fprintf(stderr, "pettrack-auth: %s\n", why);
	return SERVICE_E_USAGE;
}

/* Only role authentication signs; the others ask for a second factor, and seal mails. */
static int check_secrets(void)
{
	if (master_secret)
		return master_derive(&master, master_secret);
	if (roles & ROLE_AUTHENTICATION)
		return refuse("role authentication needs AUTH_MASTER_SECRET: set it in the environment, "
			      "or name a file that holds it by AUTH_MASTER_SECRET_FILE");
	if (mail.smtp_url)
		return refuse("AUTH_SMTP_URL needs AUTH_MASTER_SECRET, which seals mails until they are sent");
	return 0;
}

static int check_mail(void)
{
	const char *wrong = mail_complete(&mail, public_url);

	if (!wrong && roles & ROLE_REGISTRATION && registration.verify && !mail.smtp_url)
		wrong = "AUTH_VERIFY_EMAIL needs a mail server: set AUTH_SMTP_URL and AUTH_PUBLIC_URL, or "
			"AUTH_VERIFY_EMAIL=false";
	return wrong ? refuse(wrong) : 0;
}

/* What the roles of this process need; one without events needs no topic. */
static int prepare_all(void)
{
	static const char *const none[] = { NULL };
	struct bus_needs bus = { &kafka, &topics, lists.sources[0] ? outbox_topics : none };
	struct store_needs collections = { .make = lists.prepare };
	int r = store_open(&collections.store, &mongodb);

	if (r == 0)
		r = prepare_run(&prepare, (const struct prepare_step[]){ { "topics", bus_prepare, &bus },
						  { "collections", store_prepare, &collections }, { 0 } });
	store_close(collections.store);
	return r;
}

static int open_erasure(struct auth *a)
{
	erasure.store = a->store;
	erasure.outbox = a->outbox;
	erasure.upkeep = a->upkeep;
	erasure.roles = lists.erase;
	return erasure_open(&a->erasure, &erasure);
}

static int open_mail(struct auth *a)
{
	mail.store = a->store;
	a->public_url = public_url;
	return mail_open(&a->mailer, &mail);
}

static int open_parts(struct auth *a)
{
	const struct keyring_options keyring = { a->store, authentication.issuer,
		roles & ROLE_AUTHENTICATION ? &master : NULL, key_age_ms, authentication.token_age_ms, key_publish_ms };
	const struct outbox_options outbox = { a->store, &kafka, &topics, lists.sources };
	int r = limiter_open(&a->limiter, &limits);

	if (r == 0)
		r = guesses_open(&rest.guesses, guesses_a_minute);
	if (r == 0 && roles & (ROLE_REGISTRATION | ROLE_AUTHENTICATION))
		r = hasher_open(&a->hasher, hash_threads, hash_queue);
	if (r == 0)
		r = keyring_open(&a->keyring, &keyring);
	if (r == 0 && master_secret)
		r = second_factor_open(&a->second_factor, a->store, &master);
	if (r == 0 && lists.sources[0])
		r = outbox_open(&a->outbox, &outbox);
	if (r == 0)
		r = open_mail(a);
	if (r == 0)
		r = upkeep_open(
			&a->upkeep, &(struct upkeep_options){ a->store, a->keyring, key_age_ms, lists.prepare });
	if (r == 0)
		r = open_erasure(a);
	return r;
}

static int open_roles(struct auth *a)
{
	int r = 0;

	if (roles & ROLE_REGISTRATION)
		r = registration_open(&a->registration, a, &registration);
	if (r == 0 && roles & ROLE_AUTHENTICATION)
		r = authentication_open(&a->authentication, a, &authentication);
	devices.verify_email = registration.verify;
	if (r == 0 && roles & ROLE_DEVICES)
		r = devices_open(&a->devices, a, &devices);
	return r;
}

static void close_all(struct auth *a)
{
	devices_close(a->devices);
	authentication_close(a->authentication);
	registration_close(a->registration);
	erasure_close(a->erasure);
	upkeep_close(a->upkeep);
	mail_close(a->mailer);
	outbox_close(a->outbox);
	second_factor_close(a->second_factor);
	keyring_close(a->keyring);
	hasher_close(a->hasher);
	guesses_close(rest.guesses);
	limiter_close(a->limiter);
	store_close(a->store);
	sodium_memzero(&master, sizeof master);
}

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

static int serve(struct auth *a)
{
	struct web *ops = NULL, *server = NULL;
	int r = web_ops_open(&ops, ops_address, ops_port);

	r = tell("ops", ops_address, ops ? web_port(ops) : ops_port, r);
	if (r == 0) {
		roles_routes(roles, &routes);
		rest.routes = routes.routes;
		rest.owner = a;
		r = web_open(&server, &rest);
		r = tell("rest", rest.address, server ? web_port(server) : rest.port, r);
	}
	if (r == 0)
		r = service_wait();
	web_close(server);
	web_close(ops);
	return r;
}

static int run(void)
{
	struct auth a = { 0 };

	if (print_routes)
		return roles_print_routes(roles);
	roles_lists(roles, &lists);
	audit_keep(audit_ttl_ms, audit_per_user);
	if (prepare.wanted)
		return prepare_all();
	int r = check_mail();
	if (r == 0)
		r = check_secrets();
	if (r == 0)
		r = store_open(&a.store, &mongodb);
	if (r == 0)
		r = open_parts(&a);
	if (r == 0)
		r = open_roles(&a);
	if (r == 0)
		r = serve(&a);
	close_all(&a);
	return r;
}

int main(int argc, char **argv)
{
	int r = service_start(
		&(struct service){ .name = "pettrack-auth",
			.summary = "Users, sessions and devices: registers, authenticates, answers who may see what",
			.settings = settings,
			.prefix = "AUTH_" },
		argc, argv);

	return service_exit(r ? r : run());
}
