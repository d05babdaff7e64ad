/* lane - what a loop is made of, how it begins and ends. */
#include "ingest/gateway/lane.h"

#include "ingest/gateway/connection.h"
#include "ingest/gateway/datagram.h"
#include "ingest/gateway/mqtt.h"
#include "service/health.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TICK_MS = 1000,
	DRAIN_TICK_MS = 50,
	GOODBYE_MS = 500, /* for peers to say FIN, once everything is answered */
	BEAT_MS = 10000,
	BROKER_BEAT_MS = 60000, /* looking up its name blocks the loop */
	FLUSH_MS = 5000,
	NAME_SIZE = 16,
};

/* A port as one lane listens on it. */
struct door {
	struct lane *lane;
	struct port *port;
	struct listener *listener; /* NULL: UDP, see datagram.h */
};

struct lane {
	struct lane_options *o;
	struct loop *loop;
	struct loop_timer *tick, *drain_tick;
	struct door *doors;
	size_t doors_n;
	struct mqtt *mqtt; /* NULL: not a broker's lane */
	struct intake intake;
	struct connections connections;
	struct parcels parcels;
	pthread_t thread;
	atomic_ullong looked_up; /* the ticket up to which look-ups are settled */
	int64_t drain_until_ms, goodbye_until_ms;
	struct heartbeat *heartbeat;
	struct series *queued;
	char name[NAME_SIZE]; /* of the heartbeat, which borrows it */
};

/* ---- connections come ---- */

static void *on_accepted(void *owner, struct stream *s, const char *remote)
{
	struct door *door = owner;
	struct lane_options *o = door->lane->o;

	if (atomic_fetch_add(&o->connections, 1) >= o->connections_max) {
		atomic_fetch_sub(&o->connections, 1);
		return NULL;
	}
	struct connection *c = connection_new(&door->lane->connections, door->port, s, remote);
	if (!c)
		atomic_fetch_sub(&o->connections, 1);
	return c;
}

static void on_refused(void *owner, const char *why)
{
	struct door *door = owner;

	series_add(stats_refused(&door->port->stats, why), 1);
}

static int listen_tcp(struct door *door)
{
	const struct lane_options *o = door->lane->o;
	struct port *port = door->port;
	struct listener_options listen = {
		.address = o->address,
		.port = port->number,
		.backlog = (int)o->backlog,
		.connections_max = o->connections_max,
		.connections_per_address = o->connections_per_address,
		.idle_ms = port->idle_ms,
		.read_max = port->limits.frame_max,
		.write_max = (size_t)o->write_max,
		.accepted = on_accepted,
		.refused = on_refused,
		.owner = door,
		.events = &connection_events,
	};
	int r = listener_open(&door->listener, door->lane->loop, &listen);

	if (r == 0)
		port->number = listener_port(door->listener);
	return r;
}

static int open_door(struct lane *l, struct door *door, struct port *port)
{
	*door = (struct door){ .lane = l, .port = port };
	int r = port->protocol->transport == PROTOCOL_UDP ? parcels_receive(&l->parcels, l->loop, port)
							  : listen_tcp(door);
	if (r < 0)
		log_error("cannot listen", LOG_S("name", port->protocol->name), LOG_S("address", l->o->address),
			LOG_I("port", port->number));
	return r;
}

static void close_doors(struct lane *l)
{
	for (size_t i = 0; i < l->doors_n; i++) {
		listener_close(l->doors[i].listener);
		l->doors[i].listener = NULL;
	}
}

/* ---- reports, look-ups, time ---- */

static void take_reports(void *arg)
{
	struct lane *l = arg;

	intake_reports(&l->intake);
	if (l->intake.fatal)
		service_stop(-ENOTRECOVERABLE);
}

static void flush(void *arg)
{
	struct lane *l = arg;

	intake_flush(&l->intake);
}

static void on_looked_up(void *arg)
{
	struct lane *l = arg;

	intake_looked_up(&l->intake, atomic_load(&l->looked_up));
}

static void on_tick(void *arg)
{
	struct lane *l = arg;

	heartbeat_beat(l->heartbeat);
	take_reports(l); /* the library's errors and statistics come with them */
	on_looked_up(l); /* also when a post was lost for want of memory */
	parcels_count_missed(&l->parcels);
	series_set(l->queued, (double)bus_producer_pending(l->intake.producer));
}

void lane_looked_up(struct lane *l, uint64_t ticket)
{
	atomic_store(&l->looked_up, ticket);
	int r = loop_post(l->loop, on_looked_up, l);
	if (r < 0)
		log_debug("look-up told late", LOG_I("error", r)); /* by the tick */
}

bool lane_up(const struct lane *l)
{
	return bus_producer_up(l->intake.producer);
}

/* ---- the end ---- */

static void on_drain_tick(void *arg)
{
	struct lane *l = arg;
	int64_t now_ms = loop_now_ms(l->loop);

	if (l->intake.aloft > 0)
		l->goodbye_until_ms = now_ms + GOODBYE_MS;
	bool done =
		TAILQ_EMPTY(&l->connections.all) && TAILQ_EMPTY(&l->parcels.all) && (!l->mqtt || mqtt_drained(l->mqtt));
	if (done || now_ms >= l->drain_until_ms || now_ms >= l->goodbye_until_ms)
		loop_stop(l->loop);
}

static void begin_drain(void *arg)
{
	struct lane *l = arg;

	close_doors(l);
	connections_drain(&l->connections);
	parcels_drain(&l->parcels);
	if (l->mqtt)
		mqtt_drain(l->mqtt);
	l->drain_until_ms = loop_now_ms(l->loop) + l->o->drain_ms;
	l->goodbye_until_ms = loop_now_ms(l->loop) + GOODBYE_MS;
	if (loop_every(l->loop, DRAIN_TICK_MS, on_drain_tick, l, &l->drain_tick) < 0)
		loop_stop(l->loop);
}

void lane_drain(struct lane *l)
{
	if (loop_post(l->loop, begin_drain, l) < 0)
		loop_stop(l->loop);
}

static void *run(void *arg)
{
	struct lane *l = arg;
	int r = loop_run(l->loop);

	if (r < 0)
		service_stop(r);
	return NULL;
}

/* ---- life ---- */

static int open_producer(struct lane *l)
{
	const struct bus_producer_options options = {
		.linger_ms = l->o->linger_ms,
		.queue_max = l->o->queue_max,
		.delivery_timeout_ms = l->o->delivery_timeout_ms,
		.delivered = intake_delivered,
		.owner = &l->intake,
	};
	int r = loop_alarm(l->loop, take_reports, l, &l->intake.reports);

	if (r == 0)
		r = loop_alarm(l->loop, flush, l, &l->intake.flush);
	return r < 0 ? r : bus_producer_open(&l->intake.producer, l->o->kafka, &options);
}

static int open_doors(struct lane *l)
{
	int r = 0;

	l->doors = calloc(l->o->ports_n, sizeof *l->doors);
	if (!l->doors)
		return -ENOMEM;
	for (; r == 0 && l->doors_n < l->o->ports_n; l->doors_n++)
		r = open_door(l, &l->doors[l->doors_n], &l->o->ports[l->doors_n]);
	return r;
}

/* The loop first: its connections refer to all the rest. */
static size_t free_all(struct lane *l)
{
	size_t lost = intake_end(&l->intake) + bus_producer_close(l->intake.producer, FLUSH_MS);

	loop_close(l->loop);
	mqtt_close(l->mqtt);
	parcels_close(&l->parcels);
	intake_close(&l->intake);
	free(l->doors);
	free(l);
	return lost;
}

static int start(struct lane *l, int64_t beat_ms)
{
	int r = loop_every(l->loop, TICK_MS, on_tick, l, &l->tick);
	if (r < 0)
		return r;
	l->heartbeat = heartbeat_new(l->name, beat_ms);
	l->queued = stats_queued(l->name);
	return -pthread_create(&l->thread, NULL, run, l);
}

/* @broker: NULL: with doors. */
static int open_lane(struct lane *l, const struct mqtt_options *broker)
{
	connections_open(&l->connections, &l->intake);
	int r = parcels_open(&l->parcels, &l->intake);
	if (r == 0)
		r = loop_open(&l->loop);
	if (r == 0)
		r = open_producer(l);
	if (r == 0)
		r = broker ? mqtt_open(&l->mqtt, l->loop, &l->intake, broker) : open_doors(l);
	return r == 0 ? start(l, broker ? BROKER_BEAT_MS : BEAT_MS) : r;
}

static int make_lane(struct lane **ret, struct lane_options *o, const char *name, const struct mqtt_options *broker)
{
	struct lane *l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;
	l->o = o;
	snprintf(l->name, sizeof l->name, "%s", name);
	int r = intake_open(&l->intake, o);
	if (r < 0) {
		free(l);
		return r;
	}
	r = open_lane(l, broker);
	if (r < 0) {
		free_all(l);
		return r;
	}
	*ret = l;
	return 0;
}

int lane_open(struct lane **ret, struct lane_options *o, int number)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof name, "loop%d", number);
	return make_lane(ret, o, name, NULL);
}

int lane_open_broker(struct lane **ret, struct lane_options *o, const struct mqtt_options *broker)
{
	return make_lane(ret, o, "mqtt", broker);
}

size_t lane_close(struct lane *l)
{
	if (!l)
		return 0;
	pthread_join(l->thread, NULL);
	return free_all(l);
}
