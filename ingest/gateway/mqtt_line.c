/* mqtt_line - a stream and, for TLS, what stands between it and the plain bytes. */
#include "ingest/gateway/mqtt_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORD_MAX = 16384, /* plain bytes of a TLS record */
	WHY_SIZE = 192,
};

struct mqtt_line {
	struct mqtt_line_options o;
	struct stream *stream;
	struct tls *tls; /* NULL: plain */
	uint8_t *inbox; /* TLS: plain bytes not yet consumed */
	size_t inbox_n, inbox_size;
	bool closing;
	char why[WHY_SIZE];
};

/* ---- the end ---- */

static void release(struct mqtt_line *l)
{
	tls_close(l->tls);
	free(l->inbox);
	free(l);
}

static void note_why(struct mqtt_line *l, const char *why)
{
	if (!*l->why)
		snprintf(l->why, sizeof l->why, "%s", why);
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	struct mqtt_line *l = user;

	(void)s;
	note_why(l, end == STREAM_END_ERROR ? "the connection broke" : "the broker closed the connection");
	l->o.down(l->o.owner, end, l->why);
	release(l);
}

void mqtt_line_close(struct mqtt_line *l)
{
	if (l->closing)
		return;
	l->closing = true;
	if (l->tls)
		tls_end(l->tls);
	stream_close(l->stream);
}

/* ---- TLS ---- */

static int to_wire(void *owner, const void *bytes, size_t n)
{
	struct mqtt_line *l = owner;

	return stream_write(l->stream, bytes, n);
}

/* Hands over what the inbox has. */
static void hand_over(struct mqtt_line *l)
{
	size_t used = l->o.bytes(l->o.owner, l->inbox, l->inbox_n);

	l->inbox_n -= used;
	memmove(l->inbox, l->inbox + used, l->inbox_n);
}

/* Until there is no more, or the owner wants no more. 0 or TLS_E_OVER. */
static int read_plain(struct mqtt_line *l)
{
	size_t n = 1;
	int r = 0;

	if (l->inbox_n > 0)
		hand_over(l);
	while (r == 0 && n > 0 && !l->closing && !stream_paused(l->stream)) {
		r = tls_read(l->tls, l->inbox + l->inbox_n, l->inbox_size - l->inbox_n, &n);
		l->inbox_n += n;
		if (n > 0)
			hand_over(l);
	}
	return r;
}

static int feed(struct mqtt_line *l, const uint8_t *bytes, size_t n)
{
	bool was_established = tls_established(l->tls);
	int r = tls_feed(l->tls, bytes, n);

	if (r == 0 && !was_established && tls_established(l->tls))
		l->o.up(l->o.owner);
	return r == 0 && !l->closing ? read_plain(l) : r;
}

static void give_up(struct mqtt_line *l)
{
	note_why(l, tls_fault(l->tls));
	mqtt_line_close(l);
}

static int begin_tls(struct mqtt_line *l)
{
	if (!l->o.trust)
		return 0;
	l->inbox_size = l->o.read_max + RECORD_MAX;
	l->inbox = malloc(l->inbox_size);
	return l->inbox ? tls_open(&l->tls, l->o.trust, l->o.host, to_wire, l) : -ENOMEM;
}

/* ---- the stream ---- */

static size_t on_data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	struct mqtt_line *l = user;

	(void)s;
	if (!l->tls)
		return l->o.bytes(l->o.owner, bytes, n);
	if (feed(l, bytes, n) != 0)
		give_up(l);
	return n;
}

static void on_connected(struct stream *s, void *user, int r)
{
	struct mqtt_line *l = user;

	(void)s;
	if (r < 0) {
		l->o.down(l->o.owner, STREAM_END_ERROR, strerror(-r));
		release(l);
	} else if (!l->tls) {
		l->o.up(l->o.owner);
	} else if (tls_begin(l->tls) != 0) {
		give_up(l);
	}
}

int mqtt_line_open(struct mqtt_line **ret, struct loop *loop, const struct mqtt_line_options *o)
{
	static const struct stream_events events = { .data = on_data, .closed = on_closed };
	struct mqtt_line *l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;
	l->o = *o;
	int r = begin_tls(l);
	if (r == 0)
		r = stream_connect(&l->stream, loop, o->host, o->port, &events, o->read_max, on_connected, l);
	l->o.host = NULL;
	if (r < 0) {
		release(l);
		return r;
	}
	*ret = l;
	return 0;
}

int mqtt_line_write(struct mqtt_line *l, const void *bytes, size_t n)
{
	if (l->closing)
		return -EPIPE;
	return l->tls ? tls_write(l->tls, bytes, n) : stream_write(l->stream, bytes, n);
}

void mqtt_line_pause(struct mqtt_line *l)
{
	stream_pause(l->stream);
}

void mqtt_line_resume(struct mqtt_line *l)
{
	if (l->closing)
		return;
	stream_resume(l->stream);
	if (l->tls && read_plain(l) != 0)
		give_up(l);
}
