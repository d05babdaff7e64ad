/* lookup - the thread: take wants, ask, settle, tell. */
#include "ingest/gateway/lookup.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAIT_MS = 500,
	PAUSE_MS = 200, /* after a request that failed */
	PROBE_MS = 5000, /* after an answer, without a want, auth is asked all the same: whether it is there */
	PROBE_AWAY_MS = 1000, /* the same after none */
	REPORT_MS = 3000, /* from one report of strangers to the next */
	STRANGERS_MAX = 1000, /* in one report, as auth has it */
	BEAT_MS = 120000, /* a request may use up its time twice: for a token, and for itself */
};

struct lookup {
	struct devices *devices;
	struct client *client;
	int64_t batch_max;
	void (*settled)(void *owner, uint64_t ticket);
	void *owner;
	pthread_t thread;
	atomic_bool stop;
	int64_t probe_ms; /* when to ask at the latest; clock_mono_ms() */
	struct heartbeat *heartbeat;
	struct dependency *auth;
	struct series *found, *unknown, *unavailable, *seconds;
	struct series *known_now, *others_now, *wanted_now;
	devices_identifier batch[LOOKUP_BATCH_MAX];
	struct strangers *strangers;
	struct stranger told[STRANGERS_MAX]; /* those that auth is being told of, until it has answered */
	size_t told_n;
	int64_t report_ms; /* not before; clock_mono_ms() */
};

/* ---- requests ---- */

static json_t *make_body(const struct lookup *l, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(l->batch[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{so}", "identifiers", list);
}

static int ask(struct lookup *l, size_t n, json_t **ret_answer)
{
	json_t *body = make_body(l, n);
	if (!body)
		return -ENOMEM;
	int64_t began_ns = clock_mono_ns();
	int r = client_call(l->client, "POST", "/internal/v1/devices/lookup", body, NULL, ret_answer, NULL);
	series_observe(l->seconds, (double)(clock_mono_ns() - began_ns) / 1e9);
	json_decref(body);
	if (r == 0 && !json_is_array(json_object_get(*ret_answer, "devices"))) {
		json_decref(*ret_answer);
		r = CLIENT_E_MALFORMED;
	}
	return r;
}

static bool read_device(const json_t *o, const char **ret_identifier, struct device *ret)
{
	const char *identifier = json_string_value(json_object_get(o, "identifier"));
	const char *id = json_string_value(json_object_get(o, "id"));
	const char *hash = json_string_value(json_object_get(o, "secret_sha256"));
	const char *owner = json_string_value(json_object_get(o, "owner"));

	*ret = (struct device){ 0 };
	if (!identifier || !id || !hash || uuid_parse(&ret->id, id, strlen(id)) != 0 ||
		text_unhex(ret->secret, sizeof ret->secret, hash, strlen(hash)) != 0 ||
		(owner && uuid_parse(&ret->owner, owner, strlen(owner)) != 0) ||
		rules_read(&ret->rules, json_object_get(o, "rules")) != 0)
		return false;
	*ret_identifier = identifier;
	return true;
}

/* ---- what becomes of them ---- */

/* Devices that the answer names are known; those it does not name are not. */
static void settle(struct lookup *l, size_t n, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "devices"), *o;
	int64_t now_ms = clock_mono_ms();
	size_t i, known = 0;

	json_array_foreach(list, i, o)
	{
		const char *identifier;
		struct device device;
		if (read_device(o, &identifier, &device)) {
			devices_settle(l->devices, identifier, &device, now_ms);
			known++;
		}
	}
	for (i = 0; i < n; i++)
		devices_settle(l->devices, l->batch[i], NULL, now_ms);
	series_add(l->found, (double)known);
	series_add(l->unknown, known < n ? (double)(n - known) : 0);
}

static void settle_unavailable(struct lookup *l, size_t n)
{
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < n; i++)
		devices_settle_unavailable(l->devices, l->batch[i], now_ms);
	series_add(l->unavailable, (double)n);
}

/* The others too that are wanted now: behind those that are known and asked about again, many of them, one that is new would
 * wait for long to be told that it is to come again. */
static void settle_all_unavailable(struct lookup *l, size_t n)
{
	do {
		settle_unavailable(l, n);
		if (n > 0)
			devices_batch_done(l->devices);
		n = devices_take(l->devices, l->batch, (size_t)l->batch_max, 0);
	} while (n > 0);
}

static const char *reason(int r)
{
	switch (r) {
	case CLIENT_E_DENIED:
		return "it does not take CLIENT_ID and CLIENT_SECRET";
	case CLIENT_E_MALFORMED:
		return "its answer is not understood";
	case -ENOMEM:
		return "no memory";
	default:
		return client_last_error();
	}
}

static void one_batch(struct lookup *l, size_t n)
{
	json_t *answer = NULL;
	int r = ask(l, n, &answer);

	if (r == 0) {
		settle(l, n, answer);
		json_decref(answer);
		if (n > 0)
			devices_batch_done(l->devices);
		dependency_up(l->auth);
	} else {
		dependency_down(l->auth, reason(r));
		settle_all_unavailable(l, n);
	}
	l->probe_ms = clock_mono_ms() + (r == 0 ? PROBE_MS : PROBE_AWAY_MS);
	l->settled(l->owner, devices_settled(l->devices));
	if (r != 0)
		clock_rest(PAUSE_MS, &l->stop);
}

/* ---- strangers ---- */

static json_t *make_report(const struct lookup *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->told_n; i++) {
		const struct stranger *s = &l->told[i];
		char address[ADDRESS_TEXT_SIZE];
		address_format(address, &s->from);
		json_t *contact = json_pack("{ss ss ss? sI}", "identifier", s->identifier, "protocol", s->protocol,
			"address", *address ? address : NULL, "count", (json_int_t)s->contacts);
		if (json_array_append_new(list, contact) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return json_pack("{so}", "contacts", list);
}

static int tell(struct lookup *l)
{
	json_t *body = make_report(l);
	if (!body)
		return -ENOMEM;
	int r = client_call(l->client, "POST", "/internal/v1/devices/unknown", body, NULL, NULL, NULL);
	json_decref(body);
	return r;
}

/* What auth does not take now is kept and told again; what it never will is not. */
static void report_strangers(struct lookup *l)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms < l->report_ms)
		return;
	if (l->told_n == 0)
		l->told_n = strangers_take(l->strangers, l->told, STRANGERS_MAX);
	if (l->told_n == 0)
		return;
	int r = tell(l);
	l->report_ms = now_ms + REPORT_MS;
	if (r == CLIENT_E_RETRY || r == CLIENT_E_DENIED || r == -ENOMEM)
		return;
	if (r != 0)
		strangers_forget(l->strangers, l->told, l->told_n);
	l->told_n = 0;
}

/* ---- the thread ---- */

static void show_counts(const struct lookup *l)
{
	struct devices_counts n = devices_count(l->devices);

	series_set(l->known_now, (double)n.known);
	series_set(l->others_now, (double)n.others);
	series_set(l->wanted_now, (double)n.wanted);
}

static void *work(void *arg)
{
	struct lookup *l = arg;

	while (!atomic_load(&l->stop)) {
		heartbeat_beat(l->heartbeat);
		show_counts(l);
		int64_t left_ms = l->probe_ms - clock_mono_ms();
		int wait_ms = left_ms <= 0 ? 0 : left_ms < WAIT_MS ? (int)left_ms : WAIT_MS;
		size_t n = devices_take(l->devices, l->batch, (size_t)l->batch_max, wait_ms);
		if (n > 0 || clock_mono_ms() >= l->probe_ms) /* an empty request shows whether auth is there */
			one_batch(l, n);
		heartbeat_beat(l->heartbeat);
		report_strangers(l);
	}
	return NULL;
}

/* ---- life ---- */

static void register_health(struct lookup *l, const char *auth_url)
{
	static const double bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 0 };
	static const char *const by_result[] = { "result", NULL }, *const by_state[] = { "state", NULL };
	struct metric *lookups = metric_counter(
		"pettrack_gateway_lookups_total", "Identifiers looked up at auth, by what it said.", by_result);

	struct metric *cached = metric_gauge("pettrack_gateway_devices",
		"Devices cached: known, unknown or being looked up, waiting to be looked up.", by_state);

	l->known_now = metric_series(cached, (const char *const[]){ "known" });
	l->others_now = metric_series(cached, (const char *const[]){ "unknown" });
	l->wanted_now = metric_series(cached, (const char *const[]){ "wanted" });
	l->found = metric_series(lookups, (const char *const[]){ "known" });
	l->unknown = metric_series(lookups, (const char *const[]){ "unknown" });
	l->unavailable = metric_series(lookups, (const char *const[]){ "unavailable" });
	l->seconds = metric_series(
		metric_histogram("pettrack_gateway_lookup_seconds", "Time of a look-up request to auth.", NULL, bounds),
		NULL);
	l->heartbeat = heartbeat_new("lookup", BEAT_MS);
	l->auth = dependency_new("auth", auth_url, DEPENDENCY_AT_START);
}

int lookup_open(struct lookup **ret, const struct lookup_options *o)
{
	struct lookup *l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;
	l->devices = o->devices;
	l->batch_max = o->batch_max < LOOKUP_BATCH_MAX ? o->batch_max : LOOKUP_BATCH_MAX;
	l->settled = o->settled;
	l->owner = o->owner;
	l->strangers = o->strangers;
	int r = client_open(&l->client, o->auth);
	if (r == 0) {
		register_health(l, o->auth->base_url);
		r = -pthread_create(&l->thread, NULL, work, l);
	}
	if (r < 0) {
		client_close(l->client);
		free(l);
		return r;
	}
	*ret = l;
	return 0;
}

void lookup_close(struct lookup *l)
{
	if (!l)
		return;
	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	client_close(l->client);
	free(l);
}
