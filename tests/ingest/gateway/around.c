/* around - what a lane needs to run. */
#include "tests/ingest/gateway/around.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "record/record.h"
#include "tests/lib/unit.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { WANTS_MAX = 16, AUTH_TURN_MS = 20 };

struct around around;
struct rules around_rules;
struct uuid around_owner = { { 'o', 'w', 'n', 'e', 'r' } };
static atomic_bool auth_stop;
static pthread_t auth_thread;

/* ---- auth ---- */

static void answer_want(const char *identifier)
{
	struct device device = { .owner = around_owner, .rules = around_rules };
	bool imei = strlen(identifier) == 15 && strncmp(identifier, "99", 2) != 0;
	bool known = !strcmp(identifier, "cat") || !strcmp(identifier, "dog") || imei;

	memcpy(device.id.b, identifier, strlen(identifier) < 16 ? strlen(identifier) : 16);
	secret_sha256(device.secret, SECRET, strlen(SECRET));
	if (around.auth_away)
		devices_settle_unavailable(around.options.devices, identifier, clock_mono_ms());
	else
		devices_settle(around.options.devices, identifier, known ? &device : NULL, clock_mono_ms());
}

static void take_time(void)
{
	while (around.auth_slow && !auth_stop)
		nanosleep(&(struct timespec){ .tv_nsec = AUTH_TURN_MS * 1000000L }, NULL);
}

static void *auth(void *arg)
{
	devices_identifier wants[WANTS_MAX];
	struct devices *devices = around.options.devices;

	(void)arg;
	while (!auth_stop) {
		size_t n = devices_take(devices, wants, WANTS_MAX, AUTH_TURN_MS);
		if (n == 0)
			continue;
		take_time();
		for (size_t i = 0; i < n; i++)
			answer_want(wants[i]);
		devices_batch_done(devices);
		lane_looked_up(around.lane, devices_settled(devices));
	}
	return NULL;
}

/* ---- life ---- */

static const struct lane_options defaults = {
	.address = "127.0.0.1",
	.ports = around.ports,
	.backlog = 64,
	.connections_max = 50,
	.write_max = 65536,
	.datagrams_max = 50,
	.queue_max = 100000,
	.linger_ms = 1,
	.delivery_timeout_ms = DELIVERY_MS,
	.drain_ms = 5000,
	.future_max_ms = FUTURE_MS,
	.positions_topic = "t",
	.topics_there = true,
};

void around_open(const struct protocol *const *spoken)
{
	const struct devices_options devices = { 100, 100, 60000, 60000, 50 };
	struct lane_options *o = &around.options;

	around.cluster = cluster_open(12);
	*o = defaults;
	o->kafka = &around.cluster->config;
	for (size_t i = 0; spoken[i]; i++) {
		ck_assert_uint_lt(i, AROUND_PORTS_MAX);
		around.ports[i] = (struct port){ spoken[i], 0, 60000, { 8192, 2048 }, stats_of(spoken[i]) };
		o->ports_n++;
	}
	ck_assert_int_eq(devices_open(&o->devices, &devices), 0);
}

void around_close(void)
{
	devices_close(around.options.devices);
	cluster_close(around.cluster);
}

void around_start(void)
{
	int r = around.broker ? lane_open_broker(&around.lane, &around.options, around.broker)
			      : lane_open(&around.lane, &around.options, 0);

	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(pthread_create(&auth_thread, NULL, auth, NULL), 0);
}

static void stop_auth(void)
{
	auth_stop = true;
	pthread_join(auth_thread, NULL);
}

static size_t close_lane(void)
{
	size_t lost = lane_close(around.lane);

	ck_assert_int_eq(around.options.connections, 0);
	return lost;
}

size_t around_end(void)
{
	stop_auth();
	return close_lane();
}

size_t around_stop(void)
{
	stop_auth();
	lane_drain(around.lane);
	return close_lane();
}

/* ---- what came of it ---- */

double around_refused(int port, enum protocol_reason why)
{
	return series_value(around.ports[port].stats.refused[why]);
}

static void note_record(struct stored *s, const struct bus_record *record)
{
	static uint8_t memory[65536];
	struct arena arena = arena_over(memory, sizeof memory);
	struct text names = text_in(s->attributes, sizeof s->attributes), texts = text_in(s->texts, sizeof s->texts);
	int64_t before_ms = s->last.time_ms;

	ck_assert_int_eq(record_decode(&s->last, &arena, record->value, record->value_len), 0);
	ck_assert_uint_eq(record->key_len, sizeof s->last.device.b);
	ck_assert_mem_eq(record->key, s->last.device.b, sizeof s->last.device.b);
	for (size_t i = 0; i < s->last.attributes_n; i++) {
		text_printf(&names, "%s ", s->last.attributes[i].name);
		if (s->last.attributes[i].type == ATTRIBUTE_TEXT)
			text_printf(&texts, "%s ", s->last.attributes[i].text);
	}
	if (s->n > 0)
		s->not_later += s->last.time_ms <= before_ms;
	else
		s->first_ms = s->last.time_ms;
	s->n++;
}

/* Everything in the topic. */
struct stored around_stored(void)
{
	struct bus_reader *reader;
	struct bus_record record;
	struct stored s = { 0 };
	int64_t expected = 0;

	ck_assert_int_eq(bus_reader_open(&reader, &around.cluster->config, "t", BUS_START_OLDEST, 10000), 0);
	for (int32_t i = 0; i < bus_reader_partitions(reader); i++)
		expected += bus_reader_end_at_start(reader, i) - bus_reader_first(reader, i);
	while (s.n < (size_t)expected) {
		if (bus_reader_poll(reader, 1000, &record) != 0)
			continue;
		note_record(&s, &record);
		bus_record_free(&record);
	}
	bus_reader_close(reader);
	return s;
}
