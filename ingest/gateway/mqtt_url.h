/* mqtt_url - where a broker is: mqtt://HOST[:PORT], or mqtts://HOST[:PORT] for TLS */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { MQTT_HOST_SIZE = 256, MQTT_PORT = 1883, MQTT_TLS_PORT = 8883 };

struct mqtt_url {
	char host[MQTT_HOST_SIZE]; /* "": none; an IPv6 address without its brackets */
	uint16_t port;
	bool tls;
};

/* 0 or -EINVAL. No path, no user: those are settings of their own, so that no secret is in a URL. */
MUST_CHECK int mqtt_url_parse(struct mqtt_url *ret, const char *text);
