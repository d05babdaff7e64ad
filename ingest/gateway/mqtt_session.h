/*
 * mqtt_session - one subscriber's connection to a broker: CONNECT, SUBSCRIBE, messages, acknowledgements in their order, pings
 *
 * The subscriber says when a message is acknowledged. No library that Debian has leaves that to it: libmosquitto 2.0.11 writes the
 * PUBACK and then calls on_message (lib/handle_publish.c, case 1), and Paho C 1.3.12 has no call for it and sends one even when
 * messageArrived() returns 0 (seen in mosquitto's log: the callback refuses, the broker gets the PUBACK).
 *
 * A message takes a slot of the window until it is done. Acknowledgements go out in the order in which the messages came, as the
 * standard asks [MQTT-4.6.0-2]: what is done waits for what came before it. What was not acknowledged when the connection ends comes
 * again on the next one.
 *
 * Thread: one. No I/O: bytes come by mqtt_session_receive() and go by send().
 */
#pragma once

#include "ingest/gateway/mqtt_packet.h"

struct mqtt_session;

/* What becomes of a message. */
enum mqtt_take {
	MQTT_DONE, /* acknowledge it */
	MQTT_UNDER_WAY, /* mqtt_session_done() comes */
	MQTT_LATER, /* not now: the caller gives the same bytes again */
	MQTT_GIVE_UP, /* the connection is to end, and the message not to be acknowledged */
};

struct mqtt_session_options {
	struct mqtt_connect connect; /* texts are borrowed */
	const char *filter; /* of topics; borrowed */
	size_t window; /* messages under way at once, at least 1 */
	size_t packet_max; /* bytes of a packet whose payload is read, at least MQTT_HEAD_MAX */
	int64_t patience_ms; /* for the broker's answers */
	/* Bytes for the broker. 0, or not: the connection is over. */
	int (*send)(void *owner, const void *bytes, size_t n);
	/* The broker has the subscription, and gives this QoS. @kept: and what came meanwhile. */
	void (*subscribed)(void *owner, uint8_t qos, bool kept);
	/* A message, in the free slot @slot (0 to window - 1); its texts and bytes are valid during the call. */
	enum mqtt_take (*message)(void *owner, const struct mqtt_publish *m, size_t slot);
	void *owner;
};

/* -ENOMEM or 0. */
MUST_CHECK int mqtt_session_open(struct mqtt_session **ret, const struct mqtt_session_options *o);
void mqtt_session_close(struct mqtt_session *s);

/* The connection is there. 0 or enum mqtt_session_result. */
MUST_CHECK int mqtt_session_begin(struct mqtt_session *s, int64_t now_ms);

enum mqtt_session_result {
	MQTT_SESSION_E_OVER = 1, /* why is in mqtt_session_fault(); close the connection */
	MQTT_SESSION_E_WAIT, /* the window is full, or message() said MQTT_LATER: receive again when that has changed */
};

/* Bytes came: all not yet consumed, from the first on. *ret_used is set in every case. 0 or enum mqtt_session_result. */
MUST_CHECK int mqtt_session_receive(
	struct mqtt_session *s, const uint8_t *bytes, size_t n, int64_t now_ms, size_t *ret_used);

/* A message is durable, or refused for good: acknowledges it as soon as its turn comes. 0 or MQTT_SESSION_E_OVER. */
MUST_CHECK int mqtt_session_done(struct mqtt_session *s, size_t slot);

/* Every second or so: pings, and notices a broker that is silent, unless @listening is false: then it is we who do not read.
 * 0 or MQTT_SESSION_E_OVER. */
MUST_CHECK int mqtt_session_tick(struct mqtt_session *s, int64_t now_ms, bool listening);

/* Says goodbye; the broker keeps the subscription and what is not acknowledged. */
void mqtt_session_end(struct mqtt_session *s);

/* How many messages are under way. */
size_t mqtt_session_under_way(const struct mqtt_session *s);

/* Why it is over, in words. */
const char *mqtt_session_fault(const struct mqtt_session *s);
