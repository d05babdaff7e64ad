/*
 * settings - the gateway's settings table: the fixed part, and for each protocol its port and its idle time
 */
#pragma once

#include "bus/topics.h"
#include "client/client.h"
#include "ingest/gateway/devices.h"
#include "ingest/gateway/friends.h"
#include "ingest/gateway/lane.h"
#include "ingest/gateway/mqtt.h"
#include "service/prepare.h"

enum { SETTINGS_PROTOCOLS_MAX = 32 };

/* The filters that count for a device whose rules say nothing else; 0 or false: off. */
struct filter_settings {
	bool invalid, zero_island;
	int64_t accuracy_m, speed_mps, distance_m, period_ms;
};

struct settings {
	struct lane_options lanes; /* ports, devices, kafka and positions_topic are set later */
	struct mqtt_options mqtt;
	struct bus_config kafka;
	struct client_options auth;
	struct devices_options devices;
	const char *query_url; /* NULL: friends are off */
	struct friends_options friends;
	struct filter_settings filters;
	int64_t threads; /* 0: by the number of processors */
	int64_t queue_max, datagrams_max; /* of all lanes */
	int64_t header_max, body_max, frame_max;
	int64_t lookup_batch, strangers_max;
	struct bus_topics topics;
	struct prepare prepare;
	const char *protocols; /* NULL: all */
	const char *ops_address;
	uint16_t ops_port;
	uint16_t ports[SETTINGS_PROTOCOLS_MAX]; /* in the order of the protocol table */
	int64_t idle_ms[SETTINGS_PROTOCOLS_MAX];
};

struct filters settings_filters(const struct filter_settings *s);

/* The table, which writes to @s. Both live as long as the process. */
const struct setting *settings_table(struct settings *s);
