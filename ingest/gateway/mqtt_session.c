/* mqtt_session - read on_packet() first. */
#include "ingest/gateway/mqtt_session.h"

#include <errno.h>
#include <stdlib.h>

enum {
	SUBSCRIPTION = 1, /* the packet id of our one SUBSCRIBE; ids of the broker's messages are another space */
	QOS = 1,
	FIRST_WORDS_MAX = MQTT_TEXT_MAX, /* bytes of CONNECT, of SUBSCRIBE */
};

enum state {
	CONNECTING, /* CONNECT is sent */
	SUBSCRIBING, /* SUBSCRIBE is; messages come already [MQTT-3.8.4-3] */
	SUBSCRIBED,
	OVER,
};

/* A message in the window. */
struct slot {
	uint16_t id; /* 0: QoS 0, not to be acknowledged */
	bool done;
};

struct mqtt_session {
	struct mqtt_session_options o;
	enum state state;
	bool kept; /* the broker has kept our session */
	const char *fault;
	int64_t asked_ms; /* since when we wait for an answer of the broker, or for anything it sends; 0: for none */
	int64_t pinged_ms;
	size_t skip; /* bytes of an oversize message that are still to come */
	size_t first, n; /* of the window, a ring */
	struct slot window[];
};

static int over(struct mqtt_session *s, const char *why)
{
	if (s->state != OVER)
		s->fault = why;
	s->state = OVER;
	return MQTT_SESSION_E_OVER;
}

static int say(struct mqtt_session *s, const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return over(s, "the client id, the user name, the password or the topic is too long");
	return s->o.send(s->o.owner, bytes, n) == 0 ? 0 : over(s, "the broker closed the connection");
}

/* ---- acknowledging ---- */

/* Acknowledges what is done and has nothing before it that is not. */
static int acknowledge(struct mqtt_session *s)
{
	uint8_t out[MQTT_SMALL];
	int r = 0;

	while (r == 0 && s->n > 0 && s->window[s->first].done) {
		uint16_t id = s->window[s->first].id;
		s->first = (s->first + 1) % s->o.window;
		s->n--;
		r = id != 0 ? say(s, out, mqtt_write_puback(out, id)) : 0;
	}
	return r;
}

int mqtt_session_done(struct mqtt_session *s, size_t slot)
{
	s->window[slot].done = true;
	return s->state == OVER ? MQTT_SESSION_E_OVER : acknowledge(s);
}

/* ---- what the broker says ---- */

static int subscribe(struct mqtt_session *s)
{
	uint8_t out[FIRST_WORDS_MAX];

	s->state = SUBSCRIBING;
	return say(s, out, mqtt_write_subscribe(out, sizeof out, SUBSCRIPTION, s->o.filter, QOS));
}

static int on_connack(struct mqtt_session *s, const struct mqtt_packet *p, int64_t now_ms)
{
	if (s->state != CONNECTING)
		return over(s, "the broker accepts the connection twice");
	if (p->connack.code != 0)
		return over(s, mqtt_refusal(p->connack.code));
	s->kept = p->connack.session_present;
	s->asked_ms = s->pinged_ms = now_ms;
	return subscribe(s);
}

static int on_suback(struct mqtt_session *s, const struct mqtt_packet *p)
{
	if (s->state != SUBSCRIBING || p->suback.id != SUBSCRIPTION)
		return over(s, "the broker answers what was not asked");
	if (p->suback.grant == MQTT_GRANT_REFUSED)
		return over(s, "the broker refuses the subscription: this user may not read the topic");
	s->asked_ms = 0;
	s->state = SUBSCRIBED;
	s->o.subscribed(s->o.owner, p->suback.grant, s->kept);
	return 0;
}

static int on_publish(struct mqtt_session *s, const struct mqtt_publish *m)
{
	size_t slot = (s->first + s->n) % s->o.window;

	if (m->qos > QOS)
		return over(s, "the broker sends a message by another QoS than was asked for");
	if (s->n == s->o.window)
		return MQTT_SESSION_E_WAIT;
	enum mqtt_take take = s->o.message(s->o.owner, m, slot);
	if (take == MQTT_LATER)
		return MQTT_SESSION_E_WAIT;
	if (take == MQTT_GIVE_UP)
		return over(s, "a message cannot be stored now");
	s->window[slot] = (struct slot){ m->id, take == MQTT_DONE };
	s->n++;
	return acknowledge(s);
}

static int on_packet(struct mqtt_session *s, const struct mqtt_packet *p, int64_t now_ms)
{
	if (p->type == MQTT_CONNACK)
		return on_connack(s, p, now_ms);
	if (p->type == MQTT_PUBLISH)
		return on_publish(s, &p->publish);
	if (p->type == MQTT_SUBACK)
		return on_suback(s, p);
	if (s->state == SUBSCRIBED) /* a PINGRESP; while we subscribe, it is the SUBACK that we wait for */
		s->asked_ms = 0;
	return 0;
}

/* One packet of @bytes. 0 and *ret_size (0: it is not whole), or enum mqtt_session_result. */
static int receive_one(struct mqtt_session *s, const uint8_t *bytes, size_t n, int64_t now_ms, size_t *ret_size)
{
	struct mqtt_packet p;
	int r = mqtt_read(bytes, n, s->o.packet_max, &p);

	*ret_size = 0;
	if (s->state == CONNECTING && *bytes >> 4 != MQTT_CONNACK)
		return over(
			s, "what answers is not an MQTT broker, or does not expect this connection (plain, or TLS)");
	if (r == MQTT_E_MORE)
		return 0;
	if (r != 0)
		return over(s, "what the broker sends is not MQTT");
	r = on_packet(s, &p, now_ms);
	if (r == 0)
		*ret_size = p.size;
	return r;
}

int mqtt_session_receive(struct mqtt_session *s, const uint8_t *bytes, size_t n, int64_t now_ms, size_t *ret_used)
{
	int r = s->state == OVER ? MQTT_SESSION_E_OVER : 0;
	size_t size = n < s->skip ? n : s->skip;

	if (s->state == SUBSCRIBED && s->asked_ms != 0)
		s->asked_ms = now_ms; /* a large message may stand before the answer */
	*ret_used = size;
	s->skip -= size;
	while (r == 0 && *ret_used < n) {
		r = receive_one(s, bytes + *ret_used, n - *ret_used, now_ms, &size);
		if (size == 0)
			break;
		s->skip = size > n - *ret_used ? size - (n - *ret_used) : 0;
		*ret_used += size - s->skip;
	}
	return r;
}

/* ---- life ---- */

int mqtt_session_begin(struct mqtt_session *s, int64_t now_ms)
{
	uint8_t out[FIRST_WORDS_MAX];

	s->asked_ms = s->pinged_ms = now_ms;
	return say(s, out, mqtt_write_connect(out, sizeof out, &s->o.connect));
}

/* Half of the keep alive leaves time for the way, and for a tick that comes late. */
static bool ping_due(const struct mqtt_session *s, int64_t now_ms)
{
	return s->state == SUBSCRIBED && s->o.connect.keep_alive_s > 0 &&
	       now_ms - s->pinged_ms >= s->o.connect.keep_alive_s * INT64_C(500);
}

int mqtt_session_tick(struct mqtt_session *s, int64_t now_ms, bool listening)
{
	uint8_t out[MQTT_SMALL];

	if (s->state == OVER)
		return MQTT_SESSION_E_OVER;
	if (!listening && s->asked_ms != 0)
		s->asked_ms = now_ms;
	if (s->asked_ms != 0 && now_ms - s->asked_ms > s->o.patience_ms)
		return over(s, "the broker does not answer");
	if (!ping_due(s, now_ms))
		return 0;
	s->pinged_ms = now_ms;
	if (s->asked_ms == 0)
		s->asked_ms = now_ms;
	return say(s, out, mqtt_write_pingreq(out));
}

void mqtt_session_end(struct mqtt_session *s)
{
	uint8_t out[MQTT_SMALL];

	if (s->state == SUBSCRIBING || s->state == SUBSCRIBED)
		(void)say(s, out, mqtt_write_disconnect(out));
	(void)over(s, "the gateway ends");
}

size_t mqtt_session_under_way(const struct mqtt_session *s)
{
	return s->n;
}

const char *mqtt_session_fault(const struct mqtt_session *s)
{
	return s->fault;
}

int mqtt_session_open(struct mqtt_session **ret, const struct mqtt_session_options *o)
{
	struct mqtt_session *s = calloc(1, sizeof *s + o->window * sizeof *s->window);
	if (!s)
		return -ENOMEM;
	s->o = *o;
	s->fault = "";
	*ret = s;
	return 0;
}

void mqtt_session_close(struct mqtt_session *s)
{
	free(s);
}
