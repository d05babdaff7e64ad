/* friends_fetch - the thread: take a want, ask, settle it. */
#include "ingest/gateway/friends_fetch.h"

#include "base/clock.h"
#include "base/time.h"
#include "client/origins.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/metrics.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	WAIT_MS = 500,
	PAUSE_MS = 1000, /* after a request that failed */
	BEAT_MS = 120000, /* a request may use up its time twice: for a token, and for itself */
	MEMBERS_MAX = FRIENDS_PER_OWNER + 1, /* who is told is one of them */
	ANSWER_MAX = 256 * 1024,
};

#define TOKEN_PATH "/v1/oauth/token"

struct friends_fetch {
	struct friends *friends;
	struct client *client;
	pthread_t thread;
	atomic_bool stop;
	struct heartbeat *heartbeat;
	struct dependency *query;
	struct series *answered, *failed, *seconds;
	struct series *owners_now, *pets_now, *wanted_now;
};

/* ---- what query says ---- */

static bool read_degrees(const json_t *o, const char *name, int32_t *ret)
{
	const json_t *v = json_object_get(o, name);
	double degrees = json_number_value(v);

	if (!json_is_number(v) || fabs(degrees) > 180)
		return false;
	*ret = (int32_t)lround(degrees * 1e7);
	return true;
}

static void read_field(struct position *p, const json_t *o, const char *name, uint32_t field, float *ret)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_number(v))
		return;
	*ret = (float)json_number_value(v);
	p->has |= field;
}

static bool read_position(const json_t *o, struct position *ret)
{
	const json_t *id = json_object_get(o, "device"), *time = json_object_get(o, "time");
	struct position p = { .has = POSITION_LOCATION };

	if (!json_is_string(id) || uuid_parse(&p.device, json_string_value(id), json_string_length(id)) != 0 ||
		!json_is_string(time) ||
		time_parse(&p.time_ms, json_string_value(time), json_string_length(time)) != 0 ||
		!read_degrees(o, "lat", &p.lat_e7) || !read_degrees(o, "lon", &p.lon_e7))
		return false;
	read_field(&p, o, "speed", POSITION_SPEED, &p.speed_mps);
	read_field(&p, o, "course", POSITION_COURSE, &p.course_deg);
	read_field(&p, o, "altitude", POSITION_ALTITUDE, &p.altitude_m);
	read_field(&p, o, "accuracy", POSITION_ACCURACY, &p.accuracy_m);
	read_field(&p, o, "battery", POSITION_BATTERY, &p.battery_pct);
	if (position_fault(&p))
		return false;
	*ret = p;
	return true;
}

/* The pet's name, or else the device's. */
static const char *read_name(const json_t *o)
{
	const char *pet = json_string_value(json_object_get(o, "pet_name"));
	const char *name = pet && *pet ? pet : json_string_value(json_object_get(o, "name"));

	return name ? name : "";
}

/* 0 and *ret, CLIENT_E_MALFORMED or -ENOMEM. A device that cannot be read is passed over. */
static int read_answer(const json_t *answer, struct friend_set **ret)
{
	const json_t *list = json_object_get(answer, "devices"), *o;
	struct protocol_member members[MEMBERS_MAX];
	size_t n = 0, i;

	if (!json_is_array(list))
		return CLIENT_E_MALFORMED;
	json_array_foreach(list, i, o)
	{
		if (n < MEMBERS_MAX && read_position(json_object_get(o, "latest"), &members[n].position))
			members[n++].name = read_name(o);
	}
	*ret = friend_set_new(members, n);
	return *ret ? 0 : -ENOMEM;
}

static int ask(struct friends_fetch *f, const struct uuid *owner, struct friend_set **ret)
{
	char id[UUID_TEXT_SIZE], path[128];
	json_t *answer = NULL;
	int64_t began_ns = clock_mono_ns();

	uuid_format(id, owner);
	snprintf(path, sizeof path, "/internal/v1/users/%s/latest?limit=%d", id, MEMBERS_MAX);
	int r = client_call(f->client, "GET", path, NULL, NULL, &answer, NULL);
	if (r == 0)
		r = read_answer(answer, ret);
	json_decref(answer);
	series_observe(f->seconds, (double)(clock_mono_ns() - began_ns) / 1e9);
	return r;
}

/* ---- the thread ---- */

static const char *reason(int r)
{
	if (r == CLIENT_E_MALFORMED)
		return "its answer is not understood";
	return r == -ENOMEM ? "no memory" : client_last_error();
}

static void serve(struct friends_fetch *f, const struct uuid *owner)
{
	struct friend_set *set = NULL;
	int r = ask(f, owner, &set);

	series_add(r == 0 ? f->answered : f->failed, 1);
	if (r == 0) {
		friends_settle(f->friends, owner, set, clock_mono_ms());
		dependency_up(f->query);
	} else {
		dependency_down(f->query, reason(r));
		friends_put_off(f->friends, owner, clock_mono_ms());
		clock_rest(PAUSE_MS, &f->stop);
	}
}

static void show_counts(const struct friends_fetch *f)
{
	struct friends_counts n = friends_count(f->friends);

	series_set(f->owners_now, (double)n.owners);
	series_set(f->pets_now, (double)n.pets);
	series_set(f->wanted_now, (double)n.wanted);
}

static void *work(void *arg)
{
	struct friends_fetch *f = arg;
	struct uuid owner;

	while (!atomic_load(&f->stop)) {
		heartbeat_beat(f->heartbeat);
		show_counts(f);
		if (friends_take(f->friends, &owner, WAIT_MS))
			serve(f, &owner);
	}
	return NULL;
}

/* ---- life ---- */

static void register_health(struct friends_fetch *f, const char *query_url)
{
	static const double bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 0 };
	static const char *const by_result[] = { "result", NULL }, *const by_kind[] = { "kind", NULL };
	struct metric *fetches = metric_counter("pettrack_gateway_friends_fetches_total",
		"Questions to query where an owner's pets are, by what became of them.", by_result);
	struct metric *cached = metric_gauge("pettrack_gateway_friends_cached",
		"Owners and their pets that are cached for trackers that show them, and owners to ask about.", by_kind);

	f->answered = metric_series(fetches, (const char *const[]){ "answered" });
	f->failed = metric_series(fetches, (const char *const[]){ "failed" });
	f->seconds = metric_series(metric_histogram("pettrack_gateway_friends_fetch_seconds",
					   "Time of a question to query where an owner's pets are.", NULL, bounds),
		NULL);
	f->owners_now = metric_series(cached, (const char *const[]){ "owners" });
	f->pets_now = metric_series(cached, (const char *const[]){ "pets" });
	f->wanted_now = metric_series(cached, (const char *const[]){ "wanted" });
	f->heartbeat = heartbeat_new("friends", BEAT_MS);
	f->query = dependency_new("query", query_url, DEPENDENCY_NEVER);
	dependency_up(f->query);
}

/* Query for everything, but auth for a token. */
static int open_client(struct friends_fetch *f, const struct friends_fetch_options *o)
{
	struct client_options client = *o->auth;
	struct origins *auth = NULL;
	char *url = NULL;
	int r = origins_new(&auth, o->auth->base_url);

	if (r == 0 && asprintf(&url, "%s," TOKEN_PATH "=%s", o->query_url, origins_find(auth, TOKEN_PATH)) < 0) {
		url = NULL;
		r = -ENOMEM;
	}
	client.base_url = url;
	client.answer_max = ANSWER_MAX;
	if (r == 0)
		r = client_open(&f->client, &client);
	origins_free(auth);
	free(url);
	return r;
}

int friends_fetch_open(struct friends_fetch **ret, const struct friends_fetch_options *o)
{
	struct friends_fetch *f = calloc(1, sizeof *f);

	if (!f)
		return -ENOMEM;
	f->friends = o->friends;
	int r = open_client(f, o);
	if (r == 0) {
		register_health(f, o->query_url);
		r = -pthread_create(&f->thread, NULL, work, f);
	}
	if (r < 0) {
		client_close(f->client);
		free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void friends_fetch_close(struct friends_fetch *f)
{
	if (!f)
		return;
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	client_close(f->client);
	free(f);
}
