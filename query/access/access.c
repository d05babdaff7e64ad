/*
 * access - asks auth at most once at a time for each user; the others wait for that answer.
 *
 * An answer counts from when its question was put. When the topic speaks of the user in between, the answer may be from
 * before the change and is asked for again.
 *
 * Who is known waits for nothing: what is remembered is asked for again, on a thread of its own, before it is too old. While auth
 * does not answer, only one question at a time tries it, so that those who are not known cannot take up every thread.
 */
#include "query/access/access_internal.h"
#include "base/clock.h"
#include "service/health.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	AWAY_MS = 500, /* how long auth is left alone after it did not answer */
	PATIENCE_MS = 1000, /* for a new answer in place of one that is too old and still good should auth be away */
	ASKS_MAX = 3, /* for one call, when the answer is outdated each time */
	LOOK_MS = 250, /* for devices that are not among those remembered, a user's questions are so far apart */
	LOOKS_MS = 5000, /* but for so much of them at once */
	DENIED_MS = 60000, /* between two lines in the log about it */
	BEAT_MS = 60000,
};

static struct series *asked_well, *asked_badly, *from_memory;

static void register_metrics(void)
{
	static const char *const labels[] = { "result", NULL };
	struct metric *asks =
		metric_counter("pettrack_query_access_asks_total", "Questions to auth for a user's devices.", labels);
	struct metric *hits =
		metric_counter("pettrack_query_access_remembered_total", "Users answered from memory.", NULL);

	asked_well = metric_series(asks, (const char *const[]){ "ok" });
	asked_badly = metric_series(asks, (const char *const[]){ "failed" });
	from_memory = metric_series(hits, NULL);
}

/* ---- asking auth ---- */

/* An entry of the answer's list. 0 or ACCESS_E_RETRY. */
static int read_id(const json_t *device, struct uuid *ret)
{
	const json_t *id = json_object_get(device, "id");

	if (!json_is_string(id) || uuid_parse(ret, json_string_value(id), json_string_length(id)))
		return ACCESS_E_RETRY;
	return 0;
}

static int read_set(const json_t *answer, struct device_set **ret)
{
	const json_t *list = json_object_get(answer, "devices");
	size_t n = json_array_size(list), i;
	struct uuid *ids = calloc(n + 1, sizeof(*ids));
	int r = !ids ? -ENOMEM : json_is_array(list) ? 0 : ACCESS_E_RETRY;
	struct limits limits = { 0 };

	if (r == 0 && limits_read(&limits, json_object_get(answer, "limits")))
		r = ACCESS_E_RETRY;
	for (i = 0; r == 0 && i < n; i++)
		r = read_id(json_array_get(list, i), &ids[i]);
	if (r == 0) {
		*ret = device_set_new(ids, n);
		r = *ret ? 0 : -ENOMEM;
	}
	if (r == 0)
		(*ret)->limits = limits;
	free(ids);
	return r;
}

static int add_name(json_t *names, const json_t *device)
{
	static const char *const members[] = { "name", "pet_name" };
	char key[UUID_TEXT_SIZE];
	struct uuid id;
	int r = read_id(device, &id);
	if (r)
		return r;
	json_t *own = json_object();
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (json_is_string(json_object_get(device, members[i])))
			json_object_set(own, members[i], json_object_get(device, members[i]));
	uuid_format(key, &id);
	return json_object_set_new(names, key, own) ? -ENOMEM : 0;
}

static int read_names(const json_t *answer, json_t **ret)
{
	const json_t *list = json_object_get(answer, "devices"), *device;
	json_t *names = json_object();
	int r = !names ? -ENOMEM : json_is_array(list) ? 0 : ACCESS_E_RETRY;
	size_t i;

	json_array_foreach(list, i, device)
	{
		if (r == 0)
			r = add_name(names, device);
	}
	if (r == 0)
		*ret = names;
	else
		json_decref(names);
	return r;
}

/* That auth is away, others tell. */
static void tell_refusal(struct access *a, int r)
{
	int64_t now_ms = clock_mono_ms(), told_ms = atomic_load(&a->denied_told_ms);

	if (r == 0 || r == CLIENT_E_RETRY || r == CLIENT_E_MISSING || (told_ms && now_ms - told_ms < DENIED_MS) ||
		!atomic_compare_exchange_strong(&a->denied_told_ms, &told_ms, now_ms))
		return;
	log_error("auth does not tell this program who may see what", LOG_S("why", client_last_error()),
		LOG_S("client", a->o.auth.client_id));
}

/* What auth says, the caller's to json_decref(). 0, ACCESS_E_RETRY or -errno. */
static int ask(struct access *a, const struct uuid *user, json_t **ret)
{
	char id[UUID_TEXT_SIZE], path[128];

	uuid_format(id, user);
	snprintf(path, sizeof(path), "/internal/v1/users/%s/devices", id);
	int r = client_call(a->client, "GET", path, NULL, NULL, ret, NULL);
	tell_refusal(a, r);
	if (r == CLIENT_E_MISSING) /* no such user: sees nothing */
		r = (*ret = json_pack("{s:[]}", "devices")) ? 0 : -ENOMEM;
	return r > 0 ? ACCESS_E_RETRY : r;
}

/* The end of a question whose result is @r. */
static int asked(json_t *answer, int r)
{
	json_decref(answer);
	series_add(r ? asked_badly : asked_well, 1);
	return r;
}

static int ask_set(struct access *a, const struct uuid *user, struct device_set **ret)
{
	json_t *answer = NULL;
	int r = ask(a, user, &answer);

	return asked(answer, r ? r : read_set(answer, ret));
}

static int ask_names(struct access *a, const struct uuid *user, json_t **ret)
{
	json_t *answer = NULL;
	int r = ask(a, user, &answer);

	return asked(answer, r ? r : read_names(answer, ret));
}

/* ---- what is remembered ---- */

/* Whether the answer is of what the topic said last. */
static bool is_present(const struct cache_entry *e)
{
	return e->set && e->said == e->said_then;
}

bool access_is_good(const struct cache_entry *e, int64_t age_ms)
{
	return is_present(e) && clock_mono_ms() - e->asked_ms <= age_ms;
}

/* Around a question, with the lock held. Whether it may be put: where the last was not answered, one at a time and now and then. */
static bool begin_asking(struct access *a)
{
	if (a->away && (a->asking > 0 || clock_mono_ms() < a->away_until_ms))
		return false;
	a->asking++;
	return true;
}

static void end_asking(struct access *a, int r)
{
	a->asking--;
	if (r == ACCESS_E_RETRY)
		a->away_until_ms = clock_mono_ms() + AWAY_MS;
	if (r == 0 || r == ACCESS_E_RETRY)
		a->away = r != 0;
}

int access_load(struct access *a, struct cache_entry *e)
{
	const struct uuid user = e->link.key;
	const uint64_t said = e->said;
	const int64_t asked_ms = clock_mono_ms();
	struct device_set *set = NULL;

	if (!begin_asking(a))
		return ACCESS_E_RETRY;
	e->loading = true;
	pthread_mutex_unlock(&a->lock);
	int r = ask_set(a, &user, &set);
	pthread_mutex_lock(&a->lock);
	e->loading = false;
	e->loads++;
	e->load_result = r;
	if (r == 0)
		access_cache_put(&a->cache, e, set, asked_ms, said);
	end_asking(a, r);
	if (r == 0 && !is_present(e)) /* by whoever is first: who needs it now, or the refresher */
		access_want(a, e);
	pthread_cond_broadcast(&a->loaded);
	return r;
}

/* The same for those who find somebody else asking. */
static int wait_for_load(struct access *a, struct cache_entry *e)
{
	const uint64_t loads = e->loads;

	while (e->loads == loads)
		pthread_cond_wait(&a->loaded, &a->lock);
	return e->load_result;
}

/* ---- answering ---- */

/* How old an answer may be when auth does not give another. */
static int64_t old_ms(const struct access *a)
{
	return a->o.stale_ms > a->o.ttl_ms ? a->o.stale_ms : a->o.ttl_ms;
}

/* Whether what is remembered of @e can be given. */
static bool recall(struct access *a, struct cache_entry *e)
{
	if (access_is_good(e, a->o.ttl_ms / 2))
		return true;
	if (!access_is_good(e, old_ms(a)))
		return false;
	access_want(a, e);
	if (!access_is_good(e, a->o.ttl_ms))
		access_wait_refreshed(a, e, PATIENCE_MS);
	return access_is_good(e, old_ms(a));
}

/* Asks until the answer is of what the topic said last. 0, ACCESS_E_RETRY or -errno. */
static int learn(struct access *a, struct cache_entry *e)
{
	for (int i = 0; i < ASKS_MAX; i++) {
		int r = e->loading ? wait_for_load(a, e) : access_load(a, e);
		if (r || is_present(e))
			return r;
	}
	return ACCESS_E_RETRY; /* it changes faster than it is told */
}

/* For a device that is not among those remembered. Where auth does not answer, those stand. */
static void look_again(struct access *a, struct cache_entry *e)
{
	const int64_t since_ms = clock_mono_ms();

	if (e->looks_ms > since_ms + LOOKS_MS)
		return;
	e->looks_ms = (e->looks_ms > since_ms ? e->looks_ms : since_ms) + LOOK_MS;
	for (int i = 0; i < ASKS_MAX && e->asked_ms < since_ms; i++)
		if (e->loading ? wait_for_load(a, e) : access_load(a, e))
			return;
}

int access_devices(struct access *a, const struct uuid *user, struct device_set **ret)
{
	return access_devices_with(a, user, NULL, ret);
}

int access_devices_with(struct access *a, const struct uuid *user, const struct uuid *device, struct device_set **ret)
{
	int r = 0;

	pthread_mutex_lock(&a->lock);
	struct cache_entry *e = access_cache_get(&a->cache, user);
	if (!e) {
		pthread_mutex_unlock(&a->lock);
		return -ENOMEM;
	}
	e->waiting++; /* stays while it is looked at */
	if (recall(a, e))
		series_add(from_memory, 1);
	else
		r = learn(a, e);
	if (r == 0 && device && !device_set_has(e->set, device))
		look_again(a, e);
	e->waiting--;
	if (r == 0)
		*ret = device_set_ref(e->set);
	pthread_mutex_unlock(&a->lock);
	return r;
}

int access_names(struct access *a, const struct uuid *user, json_t **ret)
{
	pthread_mutex_lock(&a->lock);
	bool may = begin_asking(a);
	pthread_mutex_unlock(&a->lock);
	if (!may)
		return ACCESS_E_RETRY;
	int r = ask_names(a, user, ret);
	pthread_mutex_lock(&a->lock);
	end_asking(a, r);
	pthread_mutex_unlock(&a->lock);
	return r;
}

bool access_session_ended(struct access *a, const struct uuid *session)
{
	pthread_mutex_lock(&a->lock);
	bool yes = ended_has(&a->ended, session, clock_real_ms());
	pthread_mutex_unlock(&a->lock);
	return yes;
}

void access_set_watch(struct access *a, const struct access_watch *w)
{
	pthread_mutex_lock(&a->watch_lock);
	a->watch = w ? *w : (struct access_watch){ 0 };
	pthread_mutex_unlock(&a->watch_lock);
}

/* ---- life ---- */

static void open_locks(struct access *a)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_init(&a->watch_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->loaded, &monotonic);
	pthread_cond_init(&a->wanted, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static int start(pthread_t *thread, void *(*run)(void *access), struct access *a, bool *ret_started)
{
	int r = -pthread_create(thread, NULL, run, a);

	*ret_started = r == 0;
	return r;
}

static int open_parts(struct access *a)
{
	bus_topic_name(a->topic, a->o.topics, BUS_TOPIC_ACCESS);
	int r = access_cache_open(&a->cache, (size_t)a->o.users_max, (size_t)a->o.devices_max);
	if (r == 0)
		r = ended_open(&a->ended, (size_t)a->o.ended_max);
	if (r == 0)
		r = client_open(&a->client, &a->o.auth);
	if (r == 0)
		r = start(&a->refresher, access_refresh, a, &a->refreshing);
	if (r == 0)
		r = start(&a->reader, access_topic_read, a, &a->reading);
	return r;
}

int access_open(struct access **ret, const struct access_options *o)
{
	struct access *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	register_metrics();
	a->o = *o;
	a->heartbeat = heartbeat_new("access", BEAT_MS);
	a->refresher_heartbeat = heartbeat_new("access refresh", BEAT_MS);
	open_locks(a);
	int r = open_parts(a);
	if (r) {
		access_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

static void end_threads(struct access *a)
{
	pthread_mutex_lock(&a->lock);
	atomic_store(&a->closing, true);
	pthread_cond_broadcast(&a->wanted);
	pthread_mutex_unlock(&a->lock);
	if (a->reading)
		pthread_join(a->reader, NULL);
	if (a->refreshing)
		pthread_join(a->refresher, NULL);
}

void access_close(struct access *a)
{
	if (!a)
		return;
	end_threads(a);
	client_close(a->client);
	access_cache_close(&a->cache);
	ended_close(&a->ended);
	pthread_cond_destroy(&a->wanted);
	pthread_cond_destroy(&a->loaded);
	pthread_mutex_destroy(&a->watch_lock);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
