/*
 * access - who may see what: a user's devices, as auth says
 *
 * Asked from auth (GET /internal/v1/users/{id}/devices) and remembered. The Kafka topic `access` tells when that changed
 * and which sessions were ended. Who is known is answered from memory, and asked about behind the answers; so too while auth is
 * away, unless the topic has said since that theirs changed.
 *
 * Thread: any. access_devices() may ask auth and so block: not for event loops.
 */
#pragma once

#include "bus/topics.h"
#include "client/client.h"
#include "query/access/device_set.h"
#include "query/access/keys.h"
#include "service/dependency.h"

#include <jansson.h>

struct access;

enum access_result {
	ACCESS_E_RETRY = 1, /* not known, and auth does not say now */
};

struct access_options {
	struct client_options auth; /* base_url, client_id, client_secret with scope access.read */
	const struct bus_config *kafka; /* borrowed until access_close() */
	const struct bus_topics *topics; /* borrowed too; the topic "access" is made when it is not there */
	struct dependency *kafka_there; /* told whether the topic is read */
	struct keys *keys; /* told which sessions were ended, and that keys changed; may be NULL, else outlives this */
	int64_t ttl_ms; /* from half of this age on asked for again, past it not good while auth answers */
	int64_t stale_ms; /* while auth is away, answers up to this age are good */
	int64_t users_max, devices_max, ended_max; /* remembered at most; the last: sessions */
};

/* Starts the thread that reads the topic; it connects by itself. 0, -ENOMEM, or -EINVAL for a wrong URL. */
MUST_CHECK int access_open(struct access **ret, const struct access_options *o);
/* Nobody may be in a call. Accepts NULL. */
void access_close(struct access *a);

/* The devices that @user may see; the caller's to device_set_unref(). 0, ACCESS_E_RETRY or -errno. */
MUST_CHECK int access_devices(struct access *a, const struct uuid *user, struct device_set **ret);

/* The same for somebody who looks for @device: he may have it since a moment that the topic has not told yet, so that auth is
 * asked anew where @device is not among those remembered: four times a second for a user, twenty at once. */
MUST_CHECK int access_devices_with(
	struct access *a, const struct uuid *user, const struct uuid *device, struct device_set **ret);

/* The same devices, and what their owner calls them: an object whose keys are their ids (in small letters), with {"name",
 * "pet_name"} each, either of which may be absent; the caller's to json_decref(). Always asked from auth, for names are not
 * remembered. The same results. */
MUST_CHECK int access_names(struct access *a, const struct uuid *user, json_t **ret);

/* Whether the topic said that @session was ended. It is remembered for longer than an access token is good. */
bool access_session_ended(struct access *a, const struct uuid *session);

/* What the topic says, at once. Called on its thread, one at a time; what is asked from auth afterwards is as new. */
struct access_watch {
	void (*changed)(void *owner, const struct uuid *user); /* NULL: any user's may have */
	void (*ended)(void *owner, const struct uuid *user, const struct uuid *session);
	void *owner;
};
/* Only one; NULL: nobody. After it returns the one before is not called any more. */
void access_set_watch(struct access *a, const struct access_watch *w);
