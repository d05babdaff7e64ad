/* settings - the rows, and those that each protocol adds. */
#include "ingest/gateway/settings.h"

#include "bus/setting.h"
#include "ingest/gateway/lookup.h"
#include "service/service.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	FIXED_MAX = 64,
	MQTT_MAX = 8,
	NAME_SIZE = 48,
	MINUTE_MS = 60000,
	DAY_MS = 86400000,
};

static const char *protocols_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static char why[256];
	char name[32];

	for (const char *at = text; *at;) {
		size_t n = strcspn(at, ",");
		snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), at);
		if (!protocol_find(name)) {
			int used = snprintf(why, sizeof why, "must be a comma-separated list of:");
			for (const struct protocol *const *p = protocols; *p && used < (int)sizeof why; p++)
				used += snprintf(why + used, sizeof why - (size_t)used, " %s", (*p)->name);
			return why;
		}
		at += n + (at[n] == ',');
	}
	return setting_text(text, target, min, max);
}

struct filters settings_filters(const struct filter_settings *s)
{
	return (struct filters){ .limit = {
					 [FILTER_INVALID] = s->invalid,
					 [FILTER_ZERO_ISLAND] = s->zero_island,
					 [FILTER_ACCURACY] = (float)s->accuracy_m,
					 [FILTER_SPEED] = (float)s->speed_mps,
					 [FILTER_DISTANCE] = (float)s->distance_m,
					 [FILTER_PERIOD] = (float)s->period_ms / 1000,
				 } };
}

static const char *mqtt_url_setting(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	return mqtt_url_parse(target, text) == 0 ? NULL : "must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]";
}

static size_t put_mqtt(struct setting *out, struct mqtt_options *m)
{
	const struct setting rows[] = {
		{ "GATEWAY_MQTT_URL", NULL, mqtt_url_setting, &m->broker,
			"MQTT broker of OwnTracks apps, mqtt:// or with TLS mqtts://; none when not set. It says who "
			"may "
			"publish for which device" },
		{ "GATEWAY_MQTT_CLIENT_ID", NULL, setting_text, &m->client_id,
			"this gateway at the broker, which keeps messages for it; by the host's name when not set" },
		{ "GATEWAY_MQTT_USERNAME", NULL, setting_text, &m->username, "user at the broker" },
		{ "GATEWAY_MQTT_PASSWORD", NULL, setting_text, &m->password, "the user's password",
			.flags = SETTING_SECRET },
		{ "GATEWAY_MQTT_TOPIC", "owntracks/#", setting_text, &m->topic, "topics to subscribe to" },
		{ "GATEWAY_MQTT_KEEP_ALIVE", "60s", setting_duration, &m->keep_alive_ms,
			"after which the broker misses a gateway that is silent", 5000, 18LL * 60 * MINUTE_MS },
		{ "GATEWAY_MQTT_INFLIGHT", "1000", setting_int, &m->window, "messages not yet acknowledged", 1, 65535 },
		{ "GATEWAY_MQTT_CA_FILE", NULL, setting_text, &m->ca_file,
			"CA certificates for mqtts, PEM; the system's when not set" },
	};

	static_assert(sizeof rows / sizeof *rows <= MQTT_MAX, "room for all");
	memcpy(out, rows, sizeof rows);
	return sizeof rows / sizeof *rows;
}

static size_t put_fixed(struct setting *out, struct settings *s)
{
	struct lane_options *l = &s->lanes;
	struct filter_settings *f = &s->filters;
	const struct setting rows[] = {
		{ "GATEWAY_ADDRESS", "0.0.0.0", setting_text, &l->address, "address to listen on for trackers" },
		{ "GATEWAY_PROTOCOLS", NULL, protocols_setting, &s->protocols,
			"protocols to speak, comma-separated; all when not set" },
		{ "GATEWAY_THREADS", "0", setting_int, &s->threads, "event loops; 0: one for two processors, at most 4",
			0, 256 },
		{ "GATEWAY_BACKLOG", "1024", setting_int, &l->backlog, "connections waiting to be accepted", 1, 65535 },
		{ "GATEWAY_CONNECTIONS_MAX", "50000", setting_int, &l->connections_max, "connections at once", 1,
			10000000 },
		{ "GATEWAY_CONNECTIONS_PER_ADDRESS", "2000", setting_int, &l->connections_per_address,
			"connections of one address (IPv6: of one /64) to one port of one loop; 0: no bound; "
			"trackers of one network operator share addresses",
			0, 10000000 },
		{ "GATEWAY_FRAME_MAX", "8k", setting_size, &s->frame_max, "bytes of a frame", 256, 1 << 20 },
		{ "GATEWAY_HTTP_HEADER_MAX", "8k", setting_size, &s->header_max,
			"bytes of a request's line and headers", 256, 1 << 20 },
		{ "GATEWAY_HTTP_BODY_MAX", "64k", setting_size, &s->body_max, "bytes of a request's body", 256,
			1 << 24 },
		{ "GATEWAY_WRITE_MAX", "64k", setting_size, &l->write_max,
			"bytes waiting for a tracker that does not read; more: closed", 1024, 1 << 24 },
		{ "GATEWAY_DATAGRAMS_MAX", "10000", setting_int, &s->datagrams_max,
			"datagrams (UDP) on their way to Kafka; more: dropped, their trackers send again", 10,
			10000000 },
		{ "GATEWAY_DATAGRAMS_PER_ADDRESS", "1000", setting_int, &l->datagrams_per_address,
			"of those, how many of one address (IPv6: of one /64) on one loop; 0: no bound", 0, 10000000 },
		{ "GATEWAY_DATAGRAM_BUFFER", "1M", setting_size, &l->datagram_buffer,
			"bytes of unread datagrams that the kernel keeps for a loop, within its net.core.rmem_max", 0,
			1 << 30 },
		{ "GATEWAY_QUEUE_MAX", "100000", setting_int, &s->queue_max,
			"positions not yet in Kafka; more: sockets are not read", 100, 10000000 },
		{ "GATEWAY_LINGER", "2ms", setting_duration, &l->linger_ms,
			"how long a position waits for company on its way to Kafka", 0, 10000 },
		{ "GATEWAY_DELIVERY_TIMEOUT", "30s", setting_duration, &l->delivery_timeout_ms,
			"after which a position that Kafka did not take is refused", 1000, 10LL * MINUTE_MS },
		{ "GATEWAY_DRAIN_TIMEOUT", "10s", setting_duration, &l->drain_ms,
			"how long frames in flight may take at the end", 0, 10LL * MINUTE_MS },
		{ "GATEWAY_FUTURE_MAX", "1d", setting_duration, &l->future_max_ms,
			"how far a device's clock may be ahead; beyond, the gateway's time counts", 1000,
			3650LL * DAY_MS },
		{ "GATEWAY_ROLLOVER_WINDOW", "90d", setting_duration, &l->rollover_ms,
			"a fix from 1024 weeks before is moved on by them when that makes it no older than this; 0: "
			"none is",
			0, 1000LL * DAY_MS },
		{ "GATEWAY_FILTER_INVALID", "false", setting_bool, &f->invalid,
			"refuse fixes that the device marks as not valid; this and the other filters: unless its rules "
			"say else" },
		{ "GATEWAY_FILTER_ZERO_ISLAND", "false", setting_bool, &f->zero_island,
			"refuse fixes within 0.01 degrees of 0, 0" },
		{ "GATEWAY_FILTER_ACCURACY_MAX", "0", setting_int, &f->accuracy_m,
			"refuse fixes of a worse accuracy, m; 0: off", 0, 1000000 },
		{ "GATEWAY_FILTER_SPEED_MAX", "0", setting_int, &f->speed_mps,
			"refuse fixes that are reached from the last one only by a higher speed, m/s; 0: off", 0,
			1000000 },
		{ "GATEWAY_FILTER_DISTANCE_MIN", "0", setting_int, &f->distance_m,
			"refuse fixes nearer to the last one, m; 0: off", 0, 1000000 },
		{ "GATEWAY_FILTER_PERIOD_MIN", "0", setting_duration, &f->period_ms,
			"refuse fixes sooner after the last one; 0: off", 0, 365LL * DAY_MS },
		{ "GATEWAY_DEVICES_MAX", "200000", setting_int, &s->devices.known_max, "known devices cached", 100,
			100000000 },
		{ "GATEWAY_UNKNOWN_MAX", "20000", setting_int, &s->devices.others_max,
			"unknown devices cached, those being looked up included", 100, 100000000 },
		{ "GATEWAY_DEVICE_TTL", "5m", setting_duration, &s->devices.known_ms,
			"after which a known device is looked up again", 100, DAY_MS },
		{ "GATEWAY_UNKNOWN_TTL", "10s", setting_duration, &s->devices.unknown_ms,
			"after which an unknown device may be looked up again", 100, DAY_MS },
		{ "GATEWAY_UNAVAILABLE_TTL", "1s", setting_duration, &s->devices.unavailable_ms,
			"after which auth is asked again when it did not answer", 100, DAY_MS },
		{ "GATEWAY_LOOKUP_BATCH", "500", setting_int, &s->lookup_batch, "devices looked up in one request", 1,
			LOOKUP_BATCH_MAX },
		{ "GATEWAY_LOOKUP_TIMEOUT", "5s", setting_duration, &s->auth.timeout_ms, "time of a look-up", 100,
			MINUTE_MS },
		{ "GATEWAY_STRANGERS_MAX", "1000", setting_int, &s->strangers_max,
			"identifiers of unknown devices between two reports to auth; more: counted only", 1, 100000 },
		{ "QUERY_URL", NULL, setting_text, &s->query_url,
			"base URL of pettrack-query, so that trackers which show an owner's other pets are told "
			"of them; unset: they are not" },
		{ "GATEWAY_FRIENDS_MAX", "50000", setting_int, &s->friends.max,
			"owners and their pets cached for such trackers", 100, 100000000 },
		{ "GATEWAY_FRIENDS_TTL", "30s", setting_duration, &s->friends.fresh_ms,
			"after which an owner's pets are asked for again, while the cached ones are told", 100,
			DAY_MS },
		{ "GATEWAY_FRIENDS_STALE", "1d", setting_duration, &s->friends.stale_ms,
			"after which cached ones are not told any more", 100, 30LL * DAY_MS },
		{ "AUTH_URL", "http://127.0.0.1:8081", setting_text, &s->auth.base_url, "base URL of pettrack-auth" },
		{ "CLIENT_ID", "gateway", setting_text, &s->auth.client_id, "this service at auth" },
		{ "CLIENT_SECRET", NULL, setting_text, &s->auth.client_secret,
			"its secret, as auth has it in AUTH_CLIENTS", .flags = SETTING_SECRET },
		{ "OPS_ADDRESS", "127.0.0.1", setting_text, &s->ops_address,
			"address of /metrics, /healthz and /readyz" },
		{ "OPS_PORT", "9082", setting_port, &s->ops_port, "port of /metrics, /healthz and /readyz" },
		PREPARE_SETTINGS(s->prepare),
		BUS_TOPIC_SETTINGS(s->topics),
		BUS_SETTINGS(s->kafka),
	};

	static_assert(sizeof rows / sizeof *rows <= FIXED_MAX, "room for all");
	memcpy(out, rows, sizeof rows);
	return sizeof rows / sizeof *rows;
}

static const char *name_for(char *out, const char *protocol, const char *what)
{
	snprintf(out, NAME_SIZE, "GATEWAY_%s_%s", protocol, what);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return out;
}

const struct setting *settings_table(struct settings *s)
{
	static struct setting table[FIXED_MAX + MQTT_MAX + 2 * SETTINGS_PROTOCOLS_MAX + 1];
	static char names[SETTINGS_PROTOCOLS_MAX][2][NAME_SIZE], defaults[SETTINGS_PROTOCOLS_MAX][2][16];
	size_t n = put_fixed(table, s);

	n += put_mqtt(table + n, &s->mqtt);
	for (size_t i = 0; protocols[i] && i < SETTINGS_PROTOCOLS_MAX; i++) {
		snprintf(defaults[i][0], sizeof defaults[i][0], "%u", protocols[i]->port);
		snprintf(defaults[i][1], sizeof defaults[i][1], "%us", protocols[i]->idle_s);
		table[n++] = (struct setting){ name_for(names[i][0], protocols[i]->name, "PORT"), defaults[i][0],
			setting_port, &s->ports[i], "port of this protocol; 0: any free one" };
		if (protocols[i]->transport == PROTOCOL_UDP)
			continue; /* without a connection, nobody is silent */
		table[n++] = (struct setting){ name_for(names[i][1], protocols[i]->name, "IDLE"), defaults[i][1],
			setting_duration, &s->idle_ms[i], "how long a connection may say nothing", 1000, DAY_MS };
	}
	return table;
}
