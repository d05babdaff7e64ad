/*
 * mqtt_packet - the packets of MQTT 3.1.1 that a subscriber sends and gets, to and from bytes
 *
 * Source: OASIS Standard "MQTT Version 3.1.1", 29 October 2014. A packet is a byte of type and flags, the length of what
 * follows (one to four bytes, seven bits each, the least significant first), and that. Numbers are big endian; a text has
 * its length, two bytes, before it.
 *
 * Thread: any. Pure: no I/O, no allocation.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK = 2,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_SUBSCRIBE = 8,
	MQTT_SUBACK = 9,
	MQTT_PINGREQ = 12,
	MQTT_PINGRESP = 13,
	MQTT_DISCONNECT = 14,
};

enum {
	MQTT_TEXT_MAX = 65535, /* bytes of a text */
	MQTT_HEAD_MAX = 5 + 2 + MQTT_TEXT_MAX + 2, /* bytes of a PUBLISH before its payload */
	MQTT_GRANT_REFUSED = 0x80, /* in mqtt_packet.grant */
	MQTT_SMALL = 4, /* bytes of a PUBACK; PINGREQ and DISCONNECT are shorter */
};

/* ---- what a broker sends ---- */

struct mqtt_publish {
	const char *topic; /* borrowed, not NUL-terminated; whatever bytes the broker sent */
	size_t topic_len;
	const uint8_t *payload; /* borrowed; NULL when oversize */
	size_t payload_len;
	uint16_t id; /* 0 for QoS 0 */
	uint8_t qos;
	bool retained;
	bool duplicate; /* the broker sent it before */
	bool oversize; /* the packet is larger than was asked for; the payload is not read */
};

struct mqtt_packet {
	enum mqtt_type type;
	size_t size; /* bytes of all of it */
	union {
		struct {
			uint8_t code; /* 0: accepted; mqtt_refusal() */
			bool session_present;
		} connack;
		struct {
			uint16_t id;
			uint8_t grant; /* the QoS granted, or MQTT_GRANT_REFUSED */
		} suback;
		struct mqtt_publish publish;
	};
};

enum mqtt_result {
	MQTT_E_MORE = 1, /* the first packet is not whole yet */
	MQTT_E_MALFORMED, /* it is none, or none that a subscriber gets */
};

/* Reads the first packet of @bytes: CONNACK, PUBLISH, SUBACK (of one filter) or PINGRESP. A PUBLISH of more than @max bytes (at least
 * MQTT_HEAD_MAX) is read as soon as its head is there, as oversize; no other may be so large. 0 and *ret, or enum
 * mqtt_result. */
MUST_CHECK int mqtt_read(const uint8_t *bytes, size_t n, size_t max, struct mqtt_packet *ret);

/* What a CONNACK's code other than 0 says, in words. */
const char *mqtt_refusal(uint8_t code);

/* ---- what a subscriber sends ---- */

struct mqtt_connect {
	const char *client_id;
	const char *username, *password; /* NULL: none; no password without a user name */
	uint16_t keep_alive_s; /* 0: none */
};

/* These write to @out of @size bytes and return how many; 0 when it does not fit, or a text is too long. CONNECT asks for
 * the session that the broker has kept (clean session 0). */
size_t mqtt_write_connect(uint8_t *out, size_t size, const struct mqtt_connect *c);
size_t mqtt_write_subscribe(uint8_t *out, size_t size, uint16_t id, const char *filter, uint8_t qos);

/* These write to @out of MQTT_SMALL bytes. */
size_t mqtt_write_puback(uint8_t *out, uint16_t id);
size_t mqtt_write_pingreq(uint8_t *out);
size_t mqtt_write_disconnect(uint8_t *out);
