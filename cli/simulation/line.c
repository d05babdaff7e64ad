/* line - streams and datagrams under one name. */
#include "cli/simulation/line.h"
#include "socket/datagram.h"
#include "socket/loop.h"

#include <errno.h>

enum { ANSWER_MAX = 32 * 1024, WAITING_MAX = 64 * 1024 };

/* ---- TCP ---- */

/* What a stream says that was dropped is no longer of interest: hence the comparisons. */
static void on_connected(struct stream *s, void *user, int r)
{
	struct line *l = user;

	if (s != l->stream)
		return;
	if (r)
		l->stream = NULL; /* the loop frees it */
	l->events->opened(l->owner, r);
}

static size_t on_data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	struct line *l = user;

	return s == l->stream ? l->events->data(l->owner, bytes, n) : n;
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	struct line *l = user;

	(void)end;
	if (s != l->stream)
		return;
	l->stream = NULL;
	l->events->closed(l->owner);
}

static int connect_stream(struct line *l, struct loop *loop, const char *host, uint16_t port)
{
	static const struct stream_events events = { .data = on_data, .closed = on_closed };

	return stream_connect(&l->stream, loop, host, port, &events, ANSWER_MAX, on_connected, l);
}

/* ---- UDP ---- */

static void on_datagram(void *owner, const struct datagram *d)
{
	struct line *l = owner;

	if (!d->cut)
		l->events->data(l->owner, d->bytes, d->n);
}

static void on_failed(void *owner, int error)
{
	struct line *l = owner;

	(void)error; /* nobody is there */
	line_drop(l);
	l->events->closed(l->owner);
}

static int connect_socket(struct line *l, struct loop *loop, const char *host, uint16_t port)
{
	const struct datagram_options o = {
		.receive_max = ANSWER_MAX,
		.send_max = WAITING_MAX,
		.received = on_datagram,
		.failed = on_failed,
		.owner = l,
	};

	return datagram_connect(&l->socket, loop, host, port, &o);
}

/* ---- either ---- */

int line_open(struct line *l, struct loop *loop, const char *host, uint16_t port, bool udp)
{
	return udp ? connect_socket(l, loop, host, port) : connect_stream(l, loop, host, port);
}

bool line_is_open(const struct line *l)
{
	return l->stream || l->socket;
}

int line_write(struct line *l, const void *bytes, size_t n)
{
	if (l->socket) {
		(void)datagram_send(l->socket, NULL, bytes, n); /* if it is lost no answer comes */
		return 0;
	}
	return stream_write(l->stream, bytes, n);
}

void line_drop(struct line *l)
{
	if (l->stream)
		stream_close(l->stream);
	datagram_close(l->socket);
	l->stream = NULL;
	l->socket = NULL;
}

void line_part(struct line *l)
{
	if (l->stream) {
		stream_close(l->stream);
		return;
	}
	line_drop(l);
	l->events->closed(l->owner);
}
