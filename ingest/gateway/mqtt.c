/* mqtt - read on_message() and landed() first. */
#include "ingest/gateway/mqtt.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "ingest/gateway/mqtt_line.h"
#include "ingest/gateway/mqtt_session.h"
#include "ingest/protocols/owntracks_mqtt.h"
#include "service/dependency.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	PATIENCE_MS = 10000, /* for the connection, and for the broker's answers */
	STEADY_MS = 10000, /* a connection that has lasted this long was a good one */
	CLIENT_ID_SIZE = 96,
	ADDRESS_SIZE = MQTT_HOST_SIZE + 16,
};

/* A message on its way, in its slot of the session's window. */
struct message {
	struct flight flight; /* first: its events get it */
	struct visit *visit;
	int64_t began_ns; /* when it came first; 0: the slot is free */
	size_t slot;
};

/* One connection to the broker. It goes when its line is down and Kafka has reported on all of its messages. */
struct visit {
	struct mqtt *mqtt;
	struct mqtt_line *line; /* NULL: down */
	struct mqtt_session *session;
	int64_t began_ms;
	int64_t stood_in_ms; /* of all its flights */
	size_t aloft;
	bool subscribed;
	bool waiting; /* the line is paused */
	bool unstored; /* a message could not be stored now */
	bool left; /* the next one comes */
	struct message messages[]; /* one for each slot */
};

struct mqtt {
	const struct mqtt_options *o;
	struct loop *loop;
	struct intake *intake;
	struct port port; /* none that listens: protocol and metrics of the flights */
	struct tls_trust *trust; /* NULL: plain */
	struct dependency *dependency;
	struct loop_timer *tick, *retry, *resume;
	struct backoff backoff;
	struct visit *visit; /* the one that goes on; NULL: none */
	size_t visits;
	bool draining;
	const char *client_id;
	char hosts_id[CLIENT_ID_SIZE]; /* the client id unless set */
};

/* ---- leaving ---- */

static void release(struct visit *v)
{
	if (v->line || v->aloft > 0)
		return;
	v->mqtt->visits--;
	mqtt_session_close(v->session);
	free(v);
}

static void come_again(struct mqtt *m)
{
	if (!m->draining)
		loop_timer_set(m->retry, backoff_next(&m->backoff));
}

/* What is not acknowledged comes again on the next visit. */
static void leave(struct visit *v)
{
	struct mqtt *m = v->mqtt;

	if (v->left)
		return;
	v->left = true;
	m->visit = NULL;
	for (size_t i = 0; i < (size_t)m->o->window; i++)
		intake_give_up(m->intake, &v->messages[i].flight);
	if (v->line)
		mqtt_line_close(v->line);
	come_again(m);
}

/* The broker is to blame. */
static void part(struct visit *v, const char *why)
{
	if (!v->left)
		dependency_down(v->mqtt->dependency, why);
	leave(v);
}

/* Kafka or auth is, which others say. */
static void part_for_now(struct visit *v)
{
	log_debug("left the MQTT broker, which keeps what cannot be stored now");
	leave(v);
}

static void farewell_if_done(struct visit *v)
{
	if (!v->mqtt->draining || mqtt_session_under_way(v->session) > 0)
		return;
	mqtt_session_end(v->session);
	leave(v);
}

/* ---- messages ---- */

static void resume(struct visit *v)
{
	if (v->waiting && !v->left && !v->mqtt->draining)
		loop_timer_set(v->mqtt->resume, 0);
}

/* The message is durable, or refused. */
static enum mqtt_take settle(struct message *message, enum protocol_reason refused)
{
	struct stats *stats = &message->visit->mqtt->port.stats;

	if (refused) {
		series_add(stats->refused[refused], 1);
	} else {
		series_add(stats->frames, 1);
		series_observe(stats->ack_seconds, (double)(clock_mono_ns() - message->began_ns) / 1e9);
	}
	message->began_ns = 0;
	message->flight.refused = 0;
	if (refused != REASON_UNAVAILABLE)
		return MQTT_DONE;
	message->visit->unstored = true;
	return MQTT_GIVE_UP;
}

/* Whether @frame is a report that would get the gateway's time. */
static bool is_undated(const struct protocol_result *frame)
{
	return frame->positions_n > 0 && frame->positions[0].time_ms <= 0;
}

/* Carries a message as far as it goes. What was retained comes on every visit, and without a time would be news on each. 0 or
 * enum protocol_reason, or INTAKE_LATER. */
static int carry(struct message *message, const struct mqtt_publish *m)
{
	struct visit *v = message->visit;
	struct intake *in = v->mqtt->intake;
	struct protocol_result frame = { 0 };

	if (m->oversize)
		return REASON_TOO_LARGE;
	int r = owntracks_mqtt_decode(slice_of(m->topic, m->topic_len),
		slice_of((const char *)m->payload, m->payload_len), &in->scratch, &frame);
	if (r != 0 || (m->retained && is_undated(&frame)))
		return r;
	message->flight.stood_in_ms = v->stood_in_ms;
	r = intake_take(in, &message->flight, &frame);
	v->stood_in_ms = message->flight.stood_in_ms;
	return r;
}

static enum mqtt_take on_message(void *owner, const struct mqtt_publish *m, size_t slot)
{
	struct visit *v = owner;
	struct message *message = &v->messages[slot];

	if (message->began_ns == 0)
		message->began_ns = clock_mono_ns();
	int r = carry(message, m);
	if (r == INTAKE_LATER)
		return MQTT_LATER;
	series_add(v->mqtt->port.stats.bytes_in, (double)(m->topic_len + m->payload_len));
	if (message->flight.pending == 0)
		return settle(message, (enum protocol_reason)r);
	v->aloft++;
	return MQTT_UNDER_WAY;
}

static void landed(struct flight *f)
{
	struct message *message = (struct message *)f;
	struct visit *v = message->visit;
	enum mqtt_take take = settle(message, (enum protocol_reason)f->refused);

	v->aloft--;
	if (v->left) {
		release(v);
		return;
	}
	if (take == MQTT_GIVE_UP) {
		part_for_now(v);
	} else if (mqtt_session_done(v->session, message->slot) != 0) {
		part(v, mqtt_session_fault(v->session));
	} else {
		resume(v);
		farewell_if_done(v);
	}
}

static void go_on(struct flight *f)
{
	resume(((struct message *)f)->visit);
}

static const struct flight_events flight_events = { .again = go_on, .landed = landed };

/* ---- the session ---- */

static int on_send(void *owner, const void *bytes, size_t n)
{
	struct visit *v = owner;

	series_add(v->mqtt->port.stats.bytes_out, (double)n);
	return v->line ? mqtt_line_write(v->line, bytes, n) : -EPIPE;
}

static void on_subscribed(void *owner, uint8_t qos, bool kept)
{
	struct visit *v = owner;

	v->subscribed = true;
	dependency_up(v->mqtt->dependency);
	log_info("subscribed at the MQTT broker", LOG_S("topic", v->mqtt->o->topic), LOG_I("qos", qos),
		LOG_S("session", kept ? "kept" : "new"));
	if (qos == 0)
		log_warn("the MQTT broker gives QoS 0 only: what it sends while Kafka is away is lost",
			LOG_S("topic", v->mqtt->o->topic));
}

/* ---- the line ---- */

static void on_up(void *owner)
{
	struct visit *v = owner;

	series_add(v->mqtt->port.stats.accepted, 1);
	if (mqtt_session_begin(v->session, loop_now_ms(v->mqtt->loop)) != 0)
		part(v, mqtt_session_fault(v->session));
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t n)
{
	struct visit *v = owner;
	size_t used = 0;

	if (v->left || v->mqtt->draining)
		return n;
	int r = mqtt_session_receive(v->session, bytes, n, loop_now_ms(v->mqtt->loop), &used);
	v->waiting = r == MQTT_SESSION_E_WAIT;
	if (v->waiting)
		mqtt_line_pause(v->line);
	if (r != MQTT_SESSION_E_OVER)
		return used;
	if (v->unstored)
		part_for_now(v);
	else
		part(v, mqtt_session_fault(v->session));
	return n;
}

static void on_down(void *owner, enum stream_end end, const char *why)
{
	struct visit *v = owner;
	struct mqtt *m = v->mqtt;

	v->line = NULL;
	series_add(m->port.stats.ended[end], 1);
	part(v, why);
	release(v);
}

static void on_resume(void *arg)
{
	struct mqtt *m = arg;

	if (m->visit && m->visit->line)
		mqtt_line_resume(m->visit->line);
}

/* ---- visiting ---- */

static int open_session(struct visit *v)
{
	const struct mqtt *m = v->mqtt;
	const struct mqtt_session_options o = {
		.connect = {
			.client_id = m->client_id,
			.username = m->o->username,
			.password = m->o->password,
			.keep_alive_s = (uint16_t)(m->o->keep_alive_ms / 1000),
		},
		.filter = m->o->topic,
		.window = (size_t)m->o->window,
		.packet_max = m->port.limits.frame_max,
		.patience_ms = PATIENCE_MS,
		.send = on_send,
		.subscribed = on_subscribed,
		.message = on_message,
		.owner = v,
	};

	return mqtt_session_open(&v->session, &o);
}

static int open_line(struct visit *v)
{
	const struct mqtt *m = v->mqtt;
	const struct mqtt_line_options o = {
		.host = m->o->broker.host,
		.port = m->o->broker.port,
		.trust = m->trust,
		.read_max = m->port.limits.frame_max,
		.up = on_up,
		.bytes = on_bytes,
		.down = on_down,
		.owner = v,
	};

	return mqtt_line_open(&v->line, m->loop, &o);
}

static struct visit *new_visit(struct mqtt *m)
{
	size_t window = (size_t)m->o->window;
	struct visit *v = calloc(1, sizeof *v + window * sizeof *v->messages);
	if (!v)
		return NULL;
	v->mqtt = m;
	v->began_ms = loop_now_ms(m->loop);
	for (size_t i = 0; i < window; i++)
		v->messages[i] = (struct message){
			.flight = { .events = &flight_events, .port = &m->port },
			.visit = v,
			.slot = i,
		};
	if (open_session(v) < 0) {
		free(v);
		return NULL;
	}
	m->visits++;
	return v;
}

static void begin_visit(void *arg)
{
	struct mqtt *m = arg;

	if (m->draining)
		return;
	m->visit = new_visit(m);
	int r = m->visit ? open_line(m->visit) : -ENOMEM;
	if (r == 0)
		return;
	dependency_down(m->dependency, r == -EHOSTUNREACH ? "no address for the broker's name" : strerror(-r));
	if (m->visit)
		release(m->visit);
	m->visit = NULL;
	come_again(m);
}

static void on_tick(void *arg)
{
	struct mqtt *m = arg;
	struct visit *v = m->visit;
	int64_t now_ms = loop_now_ms(m->loop);

	series_set(m->port.stats.connections, v && v->subscribed);
	if (!v)
		return;
	if (!v->subscribed && !v->waiting && now_ms - v->began_ms > PATIENCE_MS)
		part(v, "the broker does not answer");
	else if (mqtt_session_tick(v->session, now_ms, !v->waiting) != 0)
		part(v, mqtt_session_fault(v->session));
	else if (v->subscribed && now_ms - v->began_ms > STEADY_MS)
		backoff_reset(&m->backoff);
}

/* ---- life ---- */

static void choose_client_id(struct mqtt *m)
{
	char host[65] = "";

	gethostname(host, sizeof host - 1);
	snprintf(m->hosts_id, sizeof m->hosts_id, "pettrack-gateway-%s", host);
	m->client_id = m->o->client_id ? m->o->client_id : m->hosts_id;
}

static int check_password(const struct mqtt *m)
{
	if (!m->o->password || m->o->username)
		return 0;
	log_error("GATEWAY_MQTT_PASSWORD is set, and GATEWAY_MQTT_USERNAME is not");
	return -EINVAL;
}

static int open_trust(struct mqtt *m)
{
	if (!m->o->broker.tls)
		return 0;
	int r = tls_trust_open(&m->trust, m->o->ca_file);
	if (r < 0)
		log_error(
			r == -ENOENT ? "GATEWAY_MQTT_CA_FILE cannot be read" : "no certificate in GATEWAY_MQTT_CA_FILE",
			LOG_S("file", m->o->ca_file ? m->o->ca_file : ""));
	return r;
}

static int open_timers(struct mqtt *m)
{
	int r = loop_every(m->loop, TICK_MS, on_tick, m, &m->tick);

	if (r == 0)
		r = loop_alarm(m->loop, begin_visit, m, &m->retry);
	return r == 0 ? loop_alarm(m->loop, on_resume, m, &m->resume) : r;
}

int mqtt_open(struct mqtt **ret, struct loop *loop, struct intake *intake, const struct mqtt_options *o)
{
	const struct protocol *protocol = &protocol_owntracks_mqtt;
	char address[ADDRESS_SIZE];
	struct mqtt *m = calloc(1, sizeof *m);
	if (!m)
		return -ENOMEM;
	m->o = o;
	m->loop = loop;
	m->intake = intake;
	m->port = (struct port){ .protocol = protocol, .limits = { .frame_max = protocol->frame_need } };
	m->port.stats = stats_of(protocol);
	backoff_seed(&m->backoff);
	choose_client_id(m);
	int r = check_password(m);
	if (r == 0)
		r = open_trust(m);
	if (r == 0)
		r = open_timers(m);
	if (r < 0) {
		mqtt_close(m);
		return r;
	}
	snprintf(address, sizeof address, "%s:%u", o->broker.host, o->broker.port);
	m->dependency = dependency_new("mqtt", address, DEPENDENCY_NEVER);
	loop_timer_set(m->retry, 0);
	*ret = m;
	return 0;
}

void mqtt_drain(struct mqtt *m)
{
	struct visit *v = m->visit;

	m->draining = true;
	if (!v)
		return;
	for (size_t i = 0; i < (size_t)m->o->window; i++)
		intake_give_up(m->intake, &v->messages[i].flight);
	farewell_if_done(v);
}

bool mqtt_drained(const struct mqtt *m)
{
	return m->visits == 0;
}

void mqtt_close(struct mqtt *m)
{
	if (!m)
		return;
	tls_trust_close(m->trust);
	free(m);
}
