/*
 * mqtt - messages of an MQTT broker into Kafka: the broker is acknowledged when Kafka has them
 *
 * One connection, made again as often as it ends, after a while that grows. A message that is refused for good (unknown
 * device, not JSON...) is counted and acknowledged: it would come again for ever. When it cannot be stored now, for Kafka or
 * auth is away, nothing is acknowledged and the connection ends: the broker keeps the message and sends it again.
 *
 * Thread: the lane's, apart from mqtt_open() and mqtt_close().
 */
#pragma once

#include "ingest/gateway/intake.h"
#include "ingest/gateway/mqtt_url.h"

struct mqtt;

struct mqtt_options {
	struct mqtt_url broker; /* no host: none */
	const char *client_id; /* NULL: by the host's name */
	const char *username, *password; /* NULL: none */
	const char *topic; /* a filter */
	const char *ca_file; /* NULL: the system's */
	int64_t keep_alive_ms;
	int64_t window; /* messages not yet acknowledged */
};

/* Connects as soon as @loop turns. @o and what it has are borrowed. 0, -ENOMEM, or -EINVAL or -ENOENT for the CA file or a password
 * without a user (said in the log). */
MUST_CHECK int mqtt_open(struct mqtt **ret, struct loop *loop, struct intake *intake, const struct mqtt_options *o);

/* Takes no message any more; acknowledges what is under way and says goodbye. */
void mqtt_drain(struct mqtt *m);

/* Whether it has. */
bool mqtt_drained(const struct mqtt *m);

/* After the loop was closed. Accepts NULL. */
void mqtt_close(struct mqtt *m);
