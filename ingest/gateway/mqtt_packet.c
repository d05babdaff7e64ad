/* mqtt_packet - a head, then what the type says. */
#include "ingest/gateway/mqtt_packet.h"

#include "base/wire.h"

#include <string.h>

enum {
	LEVEL_3_1_1 = 4, /* the protocol level */
	LENGTH_BYTES_MAX = 4,
	FLAG_USERNAME = 0x80,
	FLAG_PASSWORD = 0x40,
	SUBSCRIBE_FLAGS = 0x02, /* as the standard has it */
};

/* ---- reading ---- */

/* 0, MQTT_E_MORE or MQTT_E_MALFORMED. */
static int read_length(struct wire *w, size_t *ret)
{
	size_t length = 0;

	for (int i = 0; i < LENGTH_BYTES_MAX; i++) {
		uint8_t b = wire_u8(w);
		if (!wire_ok(w))
			return MQTT_E_MORE;
		length |= (size_t)(b & 0x7F) << 7 * i;
		if (b < 0x80) {
			*ret = length;
			return 0;
		}
	}
	return MQTT_E_MALFORMED;
}

static int read_connack(struct wire *w, struct mqtt_packet *p)
{
	uint8_t flags = wire_u8(w);

	p->connack.code = wire_u8(w);
	p->connack.session_present = flags & 1;
	return flags <= 1 ? 0 : MQTT_E_MALFORMED;
}

static int read_suback(struct wire *w, struct mqtt_packet *p)
{
	p->suback.id = wire_u16(w);
	p->suback.grant = wire_u8(w);
	return p->suback.grant <= 2 || p->suback.grant == MQTT_GRANT_REFUSED ? 0 : MQTT_E_MALFORMED;
}

/* Everything before the payload. */
static int read_publish(struct wire *w, uint8_t flags, struct mqtt_publish *m)
{
	m->qos = flags >> 1 & 3;
	m->retained = flags & 1;
	m->duplicate = flags & 8;
	m->topic_len = wire_u16(w);
	m->topic = (const char *)wire_bytes(w, m->topic_len);
	m->id = m->qos > 0 ? wire_u16(w) : 0;
	if (!wire_ok(w))
		return 0;
	return m->qos <= 2 && (m->qos == 0) == (m->id == 0) ? 0 : MQTT_E_MALFORMED;
}

/* @w: what is there of the packet's body, @missing bytes less than all of it, which is more than any head has. */
static int read_large(struct wire *w, uint8_t flags, size_t missing, struct mqtt_packet *p)
{
	int r = read_publish(w, flags, &p->publish);

	if (r == 0 && !wire_ok(w))
		r = MQTT_E_MORE;
	p->publish.oversize = true;
	p->publish.payload_len = w->left + missing;
	return r;
}

static int read_body(struct wire *w, uint8_t flags, struct mqtt_packet *p)
{
	int r = MQTT_E_MALFORMED;

	if (flags != 0 && p->type != MQTT_PUBLISH)
		return MQTT_E_MALFORMED;
	switch (p->type) {
	case MQTT_CONNACK:
		r = read_connack(w, p);
		break;
	case MQTT_SUBACK:
		r = read_suback(w, p);
		break;
	case MQTT_PINGRESP:
		r = 0;
		break;
	case MQTT_PUBLISH:
		r = read_publish(w, flags, &p->publish);
		p->publish.payload_len = w->left;
		p->publish.payload = wire_bytes(w, w->left);
		break;
	default:
		break;
	}
	return r == 0 && wire_ok(w) && w->left == 0 ? 0 : MQTT_E_MALFORMED;
}

int mqtt_read(const uint8_t *bytes, size_t n, size_t max, struct mqtt_packet *ret)
{
	struct wire w = wire_over(bytes, n);
	struct mqtt_packet p = { 0 };
	uint8_t first = wire_u8(&w), flags = first & 0x0F;
	size_t length = 0;
	int r = read_length(&w, &length);

	if (r != 0)
		return r;
	p.type = (enum mqtt_type)(first >> 4);
	p.size = n - w.left + length;
	size_t here = length < w.left ? length : w.left;
	w.left = here;
	if (p.size > max)
		r = p.type == MQTT_PUBLISH ? read_large(&w, flags, length - here, &p) : MQTT_E_MALFORMED;
	else
		r = here < length ? MQTT_E_MORE : read_body(&w, flags, &p);
	if (r == 0)
		*ret = p;
	return r;
}

const char *mqtt_refusal(uint8_t code)
{
	static const char *const words[] = {
		"accepted",
		"the broker does not speak MQTT 3.1.1",
		"the broker refuses the client id",
		"the broker is not available",
		"wrong user name or password",
		"not authorized: the broker wants a user name and password, or does not let this user in",
	};

	return code < sizeof words / sizeof *words ? words[code] : "the broker refuses the connection";
}

/* ---- writing ---- */

/* Bytes into the caller's memory; what does not fit is remembered. */
struct pen {
	uint8_t *out;
	size_t n, size;
	bool bad;
};

static void put(struct pen *p, const void *bytes, size_t n)
{
	if (p->bad || n > p->size - p->n) {
		p->bad = true;
		return;
	}
	memcpy(p->out + p->n, bytes, n);
	p->n += n;
}

static void put_u8(struct pen *p, uint8_t v)
{
	put(p, &v, 1);
}

static void put_u16(struct pen *p, uint16_t v)
{
	put_u8(p, (uint8_t)(v >> 8));
	put_u8(p, (uint8_t)v);
}

static size_t text_size(const char *text)
{
	return text ? 2 + strlen(text) : 0;
}

static void put_text(struct pen *p, const char *text)
{
	size_t n = strlen(text);

	p->bad = p->bad || n > MQTT_TEXT_MAX;
	put_u16(p, (uint16_t)n);
	put(p, text, n);
}

static void put_head(struct pen *p, enum mqtt_type type, uint8_t flags, size_t length)
{
	put_u8(p, (uint8_t)(type << 4 | flags));
	for (; length > 0x7F; length >>= 7)
		put_u8(p, (uint8_t)(length | 0x80));
	put_u8(p, (uint8_t)length);
}

static size_t done(const struct pen *p)
{
	return p->bad ? 0 : p->n;
}

size_t mqtt_write_connect(uint8_t *out, size_t size, const struct mqtt_connect *c)
{
	struct pen p = { .out = out, .size = size };
	uint8_t flags = (uint8_t)((c->username ? FLAG_USERNAME : 0) | (c->password ? FLAG_PASSWORD : 0));
	static const char name[] = "MQTT";

	put_head(&p, MQTT_CONNECT, 0,
		text_size(name) + 1 + 1 + 2 + text_size(c->client_id) + text_size(c->username) +
			text_size(c->password));
	put_text(&p, name);
	put_u8(&p, LEVEL_3_1_1);
	put_u8(&p, flags);
	put_u16(&p, c->keep_alive_s);
	put_text(&p, c->client_id);
	if (c->username)
		put_text(&p, c->username);
	if (c->password)
		put_text(&p, c->password);
	return done(&p);
}

size_t mqtt_write_subscribe(uint8_t *out, size_t size, uint16_t id, const char *filter, uint8_t qos)
{
	struct pen p = { .out = out, .size = size };

	put_head(&p, MQTT_SUBSCRIBE, SUBSCRIBE_FLAGS, 2 + text_size(filter) + 1);
	put_u16(&p, id);
	put_text(&p, filter);
	put_u8(&p, qos);
	return done(&p);
}

size_t mqtt_write_puback(uint8_t *out, uint16_t id)
{
	struct pen p = { .out = out, .size = MQTT_SMALL };

	put_head(&p, MQTT_PUBACK, 0, 2);
	put_u16(&p, id);
	return done(&p);
}

static size_t write_bare(uint8_t *out, enum mqtt_type type)
{
	struct pen p = { .out = out, .size = MQTT_SMALL };

	put_head(&p, type, 0, 0);
	return done(&p);
}

size_t mqtt_write_pingreq(uint8_t *out)
{
	return write_bare(out, MQTT_PINGREQ);
}

size_t mqtt_write_disconnect(uint8_t *out)
{
	return write_bare(out, MQTT_DISCONNECT);
}
