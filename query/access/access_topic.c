/*
 * access_topic - the thread that reads the topic `access`
 *
 * It starts some records back, for the sessions that were ended before this program began: their access tokens may still
 * be good. What is remembered of users starts empty, so for them the present is enough.
 */
#include "query/access/access_internal.h"
#include "base/clock.h"
#include "service/health.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <string.h>

enum {
	BACK = 100000, /* records of each partition */
	OPEN_MS = 2000,
	POLL_MS = 100,
	PAUSE_MS = 1000, /* before the cluster is tried again */
	LOOK_MS = 1000,
	ENDED_FOR_MS = 2 * 3600 * 1000, /* longer than any access token is good */
};

/* ---- events ---- */

/* Asked about at once, rather than when it is needed: auth may be away by then. */
static void tell_changed(struct access *a, const struct uuid *user)
{
	pthread_mutex_lock(&a->lock);
	struct cache_entry *e = access_cache_changed(&a->cache, user);
	if (e && e->set)
		access_want(a, e);
	pthread_mutex_unlock(&a->lock);

	pthread_mutex_lock(&a->watch_lock);
	if (a->watch.changed)
		a->watch.changed(a->watch.owner, user);
	pthread_mutex_unlock(&a->watch_lock);
}

static void tell_ended(struct access *a, const struct uuid *user, const struct uuid *session, int64_t written_ms)
{
	int64_t now_ms = clock_real_ms(), since_ms = written_ms > 0 ? written_ms : now_ms;

	if (since_ms + ENDED_FOR_MS <= now_ms)
		return;
	pthread_mutex_lock(&a->lock);
	ended_add(&a->ended, session, now_ms, since_ms + ENDED_FOR_MS);
	pthread_mutex_unlock(&a->lock);
	if (a->o.keys)
		keys_forget(a->o.keys, session);

	pthread_mutex_lock(&a->watch_lock);
	if (a->watch.ended)
		a->watch.ended(a->watch.owner, user, session);
	pthread_mutex_unlock(&a->watch_lock);
}

static void tell_keys(struct access *a)
{
	if (a->o.keys)
		keys_changed(a->o.keys);
}

static bool read_uuid(const json_t *event, const char *name, struct uuid *ret)
{
	const json_t *text = json_object_get(event, name);

	return json_is_string(text) && uuid_parse(ret, json_string_value(text), json_string_length(text)) == 0;
}

bool access_topic_event(struct access *a, const void *value, size_t len, int64_t written_ms)
{
	json_t *event = json_loadb(value, len, 0, NULL);
	const char *what = json_string_value(json_object_get(event, "event"));
	struct uuid user, session;
	bool good = what != NULL, of_user = good && read_uuid(event, "user", &user);

	if (good && strcmp(what, "keys_changed") == 0)
		tell_keys(a);
	else if (of_user && strcmp(what, "devices_changed") == 0)
		tell_changed(a, &user);
	else if (of_user && strcmp(what, "session_revoked") == 0 && read_uuid(event, "session", &session))
		tell_ended(a, &user, &session, written_ms);
	else
		good = false; /* a later version's: this one can only pass over it */
	json_decref(event);
	return good;
}

/* Nobody knows what. */
static void tell_missed(struct access *a)
{
	tell_changed(a, NULL);
	if (a->o.keys)
		keys_forget(a->o.keys, NULL);
	tell_keys(a);
}

/* ---- reading ---- */

static bool closing(struct access *a)
{
	return atomic_load(&a->closing);
}

static void pause_ms(struct access *a, int64_t ms)
{
	for (int64_t end_ms = clock_mono_ms() + ms; !closing(a) && clock_mono_ms() < end_ms;)
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
}

static int open_reader(struct access *a, struct bus_reader **ret)
{
	static const char *const topics[] = { BUS_TOPIC_ACCESS, NULL };
	int r = bus_topics_ensure(a->o.kafka, a->o.topics, topics, OPEN_MS);

	if (r == 0)
		r = bus_reader_open(ret, a->o.kafka, a->topic, BACK, OPEN_MS);
	if (r)
		dependency_down(a->o.kafka_there, bus_last_error());
	return r;
}

/* Once a second. */
static void look(struct access *a, struct bus_reader *reader, int64_t *looked_ms)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - *looked_ms < LOOK_MS)
		return;
	*looked_ms = now_ms;
	heartbeat_beat(a->heartbeat);
	dependency_set(a->o.kafka_there, bus_reader_up(reader), bus_last_error());
}

/* Until @a is closing or the topic is not what it was. Negative: fatal. */
static int read_all(struct access *a, struct bus_reader *reader)
{
	struct bus_record record;
	int64_t looked_ms = 0;
	int r = 0;

	while (!closing(a) && r >= 0 && r != BUS_E_GONE) {
		look(a, reader, &looked_ms);
		r = bus_reader_poll(reader, POLL_MS, &record);
		if (r)
			continue;
		if (record.value && !access_topic_event(a, record.value, record.value_len, record.time_ms))
			log_debug("access event passed over", LOG_I("offset", record.offset));
		bus_record_free(&record);
	}
	return r < 0 ? r : 0;
}

void *access_topic_read(void *arg)
{
	struct access *a = arg;
	bool first = true;

	while (!closing(a)) {
		struct bus_reader *reader;
		heartbeat_beat(a->heartbeat);
		int r = open_reader(a, &reader);
		if (r == 0) {
			if (!first)
				tell_missed(a);
			first = false;
			r = read_all(a, reader);
			bus_reader_close(reader);
		}
		if (r < 0) {
			log_error("cannot read the topic of access", LOG_S("topic", a->topic),
				LOG_S("error", strerror(-r)), LOG_S("why", bus_last_error()));
			service_stop(r);
			break;
		}
		pause_ms(a, PAUSE_MS);
	}
	return NULL;
}
