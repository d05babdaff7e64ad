/* pettrack-gateway - trackers' bytes into Kafka. */
#include "ingest/gateway/changes.h"
#include "ingest/gateway/friends_fetch.h"
#include "ingest/gateway/lookup.h"
#include "ingest/gateway/settings.h"
#include "service/log.h"
#include "service/service.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	LANES_MAX = 256,
	LANES_DEFAULT_MAX = 4,
	FILES_BESIDE = 200, /* beside connections: Kafka, auth, ops, loops */
};

static struct settings settings = { .kafka = { .client = "pettrack-gateway" }, .topics = { .made = prepare_made } };

struct gateway {
	struct port ports[SETTINGS_PROTOCOLS_MAX];
	struct devices *devices;
	struct strangers *strangers;
	struct friends *friends;
	struct lane *lanes[LANES_MAX + 1]; /* the last one may be a broker's */
	size_t lanes_n;
	struct lookup *lookup;
	struct friends_fetch *friends_fetch;
	struct changes *changes;
	struct web *ops;
	char positions_topic[BUS_TOPIC_SIZE];
};

/* ---- what follows from the settings ---- */

static bool speaks(const char *name)
{
	const char *list = settings.protocols;
	size_t n = strlen(name);

	for (; list && *list; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ','))
		if (strcspn(list, ",") == n && !strncmp(list, name, n))
			return true;
	return !settings.protocols;
}

static void prepare_ports(struct gateway *g)
{
	const struct protocol_sizes sizes = { (size_t)settings.frame_max, (size_t)settings.header_max,
		(size_t)settings.body_max };

	settings.lanes.ports = g->ports;
	for (size_t i = 0; protocols[i] && i < SETTINGS_PROTOCOLS_MAX; i++) {
		if (!speaks(protocols[i]->name))
			continue;
		g->ports[settings.lanes.ports_n++] = (struct port){
			.protocol = protocols[i],
			.number = settings.ports[i],
			.idle_ms = settings.idle_ms[i],
			.limits = protocol_limits_of(protocols[i], &sizes),
			.stats = stats_of(protocols[i]),
		};
	}
}

/* A loop keeps a thread of its producer half as busy as itself, and two producers on one busy processor send twice as many
 * requests that are half as full. */
static size_t lanes_wanted(void)
{
	long wanted = settings.threads > 0 ? (long)settings.threads : (sysconf(_SC_NPROCESSORS_ONLN) + 1) / 2;

	if (settings.threads == 0 && wanted > LANES_DEFAULT_MAX)
		wanted = LANES_DEFAULT_MAX;
	return wanted < 1 ? 1 : (size_t)wanted;
}

static int check_secret(void)
{
	if (settings.auth.client_secret)
		return 0;
	fputs("pettrack-gateway: CLIENT_SECRET is not set: set it in the environment, or name a file that holds it by "
	      "CLIENT_SECRET_FILE; auth has it in AUTH_CLIENTS\n",
		stderr);
	return SERVICE_E_USAGE;
}

static void complete_settings(struct gateway *g)
{
	bus_topic_name(g->positions_topic, &settings.topics, BUS_TOPIC_POSITIONS);
	g->lanes_n = lanes_wanted();
	settings.lanes.queue_max = settings.queue_max / (int64_t)g->lanes_n + 1;
	settings.lanes.datagrams_max = settings.datagrams_max / (int64_t)g->lanes_n + 1;
	settings.lanes.filters = settings_filters(&settings.filters);
	settings.lanes.kafka = &settings.kafka;
	settings.lanes.positions_topic = g->positions_topic;
	prepare_ports(g);
}

/* A connection is a file; as many as allowed are taken from the system, and what cannot be had is said once, here. */
static void raise_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		limit.rlim_max < (rlim_t)settings.lanes.connections_max + FILES_BESIDE)
		log_warn("fewer open files are allowed than GATEWAY_CONNECTIONS_MAX needs",
			LOG_I("files", limit.rlim_max), LOG_I("connections", settings.lanes.connections_max));
}

/* ---- between the parts ---- */

static void on_settled(void *owner, uint64_t ticket)
{
	struct gateway *g = owner;

	for (size_t i = 0; i < g->lanes_n; i++)
		lane_looked_up(g->lanes[i], ticket);
}

static bool producers_up(void *owner)
{
	struct gateway *g = owner;

	for (size_t i = 0; i < g->lanes_n; i++)
		if (!lane_up(g->lanes[i]))
			return false;
	return true;
}

/* ---- life ---- */

static int open_lanes(struct gateway *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->lanes_n; i++)
		r = lane_open(&g->lanes[i], &settings.lanes, (int)i);
	if (r == 0 && *settings.mqtt.broker.host)
		r = lane_open_broker(&g->lanes[g->lanes_n++], &settings.lanes, &settings.mqtt);
	for (size_t i = 0; r == 0 && i < settings.lanes.ports_n; i++)
		log_info("listening", LOG_S("name", g->ports[i].protocol->name),
			LOG_S("address", settings.lanes.address), LOG_I("port", g->ports[i].number));
	return r;
}

static int open_workers(struct gateway *g)
{
	const struct lookup_options lookup = { g->devices, &settings.auth, settings.lookup_batch, on_settled, g,
		g->strangers };
	const struct changes_options changes = { g->devices, &settings.kafka, &settings.topics,
		&settings.lanes.topics_there, producers_up, g };
	const struct friends_fetch_options friends = { g->friends, settings.query_url, &settings.auth };
	int r = lookup_open(&g->lookup, &lookup);

	if (r == 0 && g->friends)
		r = friends_fetch_open(&g->friends_fetch, &friends);
	return r == 0 ? changes_open(&g->changes, &changes) : r;
}

static int open_ops(struct gateway *g)
{
	int r = web_ops_open(&g->ops, settings.ops_address, settings.ops_port);

	if (r == 0)
		log_info("listening", LOG_S("name", "ops"), LOG_S("address", settings.ops_address),
			LOG_I("port", web_port(g->ops)));
	else
		log_error("cannot listen", LOG_S("name", "ops"), LOG_S("address", settings.ops_address),
			LOG_I("port", settings.ops_port));
	return r;
}

static void close_all(struct gateway *g)
{
	size_t lost = 0;

	for (size_t i = 0; i < g->lanes_n && g->lanes[i]; i++)
		lane_drain(g->lanes[i]);
	lookup_close(g->lookup); /* these two speak to the lanes */
	changes_close(g->changes);
	friends_fetch_close(g->friends_fetch);
	for (size_t i = 0; i < g->lanes_n; i++)
		lost += lane_close(g->lanes[i]);
	if (lost > 0)
		log_warn("positions not delivered; their trackers were told", LOG_I("positions", lost));
	friends_close(g->friends);
	strangers_close(g->strangers);
	devices_close(g->devices);
	web_close(g->ops);
}

static int serve(void)
{
	static struct gateway g;

	complete_settings(&g);
	raise_files_limit();
	int r = devices_open(&g.devices, &settings.devices);
	if (r == 0)
		r = strangers_open(&g.strangers, settings.strangers_max);
	if (r == 0 && settings.query_url && *settings.query_url)
		r = friends_open(&g.friends, &settings.friends);
	settings.lanes.devices = g.devices;
	settings.lanes.strangers = g.strangers;
	settings.lanes.friends = g.friends;
	if (r == 0)
		r = open_lanes(&g);
	if (r == 0)
		r = open_workers(&g);
	if (r == 0)
		r = open_ops(&g);
	if (r == 0)
		r = service_wait();
	close_all(&g);
	return r;
}

static int run(void)
{
	struct bus_needs needs = { &settings.kafka, &settings.topics, changes_topics };

	if (settings.prepare.wanted)
		return prepare_run(
			&settings.prepare, (const struct prepare_step[]){ { "topics", bus_prepare, &needs }, { 0 } });
	int r = check_secret();
	return r ? r : serve();
}

int main(int argc, char **argv)
{
	int r = service_start(
		&(struct service){ .name = "pettrack-gateway",
			.summary = "Trackers' bytes into Kafka: acknowledges a position when Kafka has it",
			.settings = settings_table(&settings),
			.prefix = "GATEWAY_" },
		argc, argv);

	return service_exit(r ? r : run());
}
