/* pool - opening, closing, and clients lent out one at a time. */
#include "store/internal.h"
#include "base/text.h"
#include "service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_MAX = 16, TIMEOUT_MS = 5000 };

static const char default_database[] = "pettrack";

/* ---- the library, once a process ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void log_message(mongoc_log_level_t level, const char *domain, const char *message, void *user)
{
	(void)level;
	(void)user;
	log_debug("mongodb driver", LOG_S("domain", domain), LOG_S("message", message));
}

static void start_library(void)
{
	mongoc_log_set_handler(log_message, NULL);
	mongoc_init();
	atexit(mongoc_cleanup);
}

/* ---- life ---- */

static int32_t clamp_int32(int64_t v, int64_t fallback)
{
	if (v <= 0)
		v = fallback;
	return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

/* What the URI says itself is meant to be so. */
static bool default_option(mongoc_uri_t *uri, const char *option, int32_t value)
{
	return mongoc_uri_has_option(uri, option) || mongoc_uri_set_option_as_int32(uri, option, value);
}

static int set_options(mongoc_uri_t *uri, const struct store_options *o)
{
	int32_t timeout = clamp_int32(o->timeout_ms, TIMEOUT_MS);
	bool ok = default_option(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, timeout) &&
		  default_option(uri, MONGOC_URI_CONNECTTIMEOUTMS, timeout) &&
		  default_option(uri, MONGOC_URI_SOCKETTIMEOUTMS, timeout) &&
		  mongoc_uri_set_option_as_int32(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, timeout) &&
		  mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, clamp_int32(o->pool_max, POOL_MAX)) &&
		  mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE, false);

	if (ok && o->app_name && !mongoc_uri_has_option(uri, MONGOC_URI_APPNAME))
		ok = mongoc_uri_set_appname(uri, o->app_name);
	return ok ? 0 : -EINVAL;
}

static int open_pool(struct store *s, mongoc_uri_t *uri)
{
	const char *database = mongoc_uri_get_database(uri);
	bson_error_t error;

	s->majority = mongoc_write_concern_new();
	mongoc_write_concern_set_wmajority(s->majority, 0); /* for as long as the socket's timeout allows */
	mongoc_write_concern_set_journal(s->majority, true);
	mongoc_uri_set_write_concern(uri, s->majority);
	s->database = strdup(database && *database ? database : default_database);
	if (!s->database)
		return -ENOMEM;
	s->pool = mongoc_client_pool_new_with_error(uri, &error);
	if (!s->pool)
		return store_fail_as(-EINVAL, error.message);
	mongoc_client_pool_set_error_api(s->pool, MONGOC_ERROR_API_VERSION_2);
	return 0;
}

/* As much as fits. */
static void note_address(struct store *s, const mongoc_uri_t *uri)
{
	struct text t = text_in(s->address, sizeof s->address);
	const char *service = mongoc_uri_get_srv_hostname(uri);

	if (service)
		text_puts(&t, service);
	for (const mongoc_host_list_t *h = service ? NULL : mongoc_uri_get_hosts(uri); h; h = h->next) {
		text_puts(&t, t.len ? "," : "");
		text_puts(&t, h->host_and_port);
	}
}

/* A client of the pool, a server, its answer; the last two once more where the library tries again. */
static void note_patience(struct store *s, const mongoc_uri_t *uri)
{
	int64_t client = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, TIMEOUT_MS);
	int64_t server = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, TIMEOUT_MS);
	int64_t answer = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, TIMEOUT_MS);

	s->patience_ms = client + 2 * (server + answer);
}

int64_t store_patience_ms(const struct store *s)
{
	return s->patience_ms;
}

const char *store_address(const struct store *s)
{
	return s->address;
}

static int open_uri(struct store *s, mongoc_uri_t *uri, const struct store_options *o)
{
	int r = set_options(uri, o);

	note_address(s, uri);
	note_patience(s, uri);
	return r ? store_fail_as(r, "an option of the URI is not valid") : open_pool(s, uri);
}

void store_library(void)
{
	pthread_once(&once, start_library);
}

int store_open(struct store **ret, const struct store_options *o)
{
	struct store *s = calloc(1, sizeof *s);
	bson_error_t error;

	if (!s)
		return -ENOMEM;
	s->create = o->create;
	s->made = o->made;
	store_library();
	mongoc_uri_t *uri = o->uri ? mongoc_uri_new_with_error(o->uri, &error) : NULL;
	/* The library's own text may quote the URI, password included. */
	int r = uri ? open_uri(s, uri, o) : store_fail_as(-EINVAL, "not a MongoDB URI");
	mongoc_uri_destroy(uri);
	if (r) {
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->pool)
		mongoc_client_pool_destroy(s->pool);
	mongoc_write_concern_destroy(s->majority);
	free(s->database);
	free(s);
}

/* ---- lending ---- */

int store_borrow(struct loan *ret, struct store *s, const char *collection)
{
	mongoc_client_t *client = mongoc_client_pool_pop(s->pool);

	if (!client) {
		store_remember("every connection of the pool is in use");
		return STORE_E_RETRY;
	}
	*ret = (struct loan){ .store = s, .client = client };
	if (collection)
		ret->collection = mongoc_client_get_collection(client, s->database, collection);
	return 0;
}

void store_give_back(struct loan *l)
{
	mongoc_collection_destroy(l->collection);
	mongoc_client_pool_push(l->store->pool, l->client);
}

int store_ping(struct store *s)
{
	bson_error_t error;
	struct loan l;
	int r = store_borrow(&l, s, NULL);

	if (r)
		return r;
	bson_t *ping = BCON_NEW("ping", BCON_INT32(1));
	bool ok = mongoc_client_command_simple(l.client, "admin", ping, NULL, NULL, &error);
	bson_destroy(ping);
	store_give_back(&l);
	return ok ? 0 : store_fail(&error);
}
