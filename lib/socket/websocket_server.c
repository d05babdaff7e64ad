/*
 * websocket_server - accepts WebSockets
 *
 * A connection is a stream until its opening request is read and found good; then its socket goes to libwebsockets
 * with a short request in the same words. Both stages count against the bounds.
 */
#include "socket/websocket_internal.h"
#include "socket/websocket_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	HEAD_MAX = 8192, /* bytes of an opening request */
	ANSWER_MAX = 512,
	OPENING_MS = 10000,
};

/* A connection whose request has not come whole. */
struct opening {
	struct ws_server *server;
	struct stream *stream;
	TAILQ_ENTRY(opening) link;
	struct address_key address; /* all zero: a proxy's, which is not counted */
	struct address peer;
	char remote[ADDRESS_TEXT_SIZE];
};

struct ws_server {
	struct ws_host host;
	struct ws_options o; /* its strings are the four below */
	char *path, *subprotocol, *origins;
	struct listener *listener;
	struct address_counts *addresses; /* NULL: not bounded */
	TAILQ_HEAD(, opening) openings;
	size_t openings_n;
	bool closed;
	bool host_gone;
};

size_t ws_server_connections(const struct ws_server *s)
{
	return s->host.connections;
}

uint16_t ws_server_port(const struct ws_server *s)
{
	return listener_port(s->listener);
}

static void refused(struct ws_server *s, const char *why)
{
	if (s->o.refused)
		s->o.refused(s->o.owner, why);
}

/* ---- life ---- */

static void free_server(struct ws_server *s)
{
	address_counts_free(s->addresses);
	free(s->path);
	free(s->subprotocol);
	free(s->origins);
	free(s);
}

static void free_when_done(struct ws_server *s)
{
	if (s->host_gone && s->openings_n == 0)
		free_server(s);
}

static void on_host_gone(void *owner)
{
	struct ws_server *s = owner;

	s->host_gone = true;
	free_when_done(s);
}

static void leave_address(struct ws_server *s, const struct address_key *key)
{
	if (s->addresses)
		address_counts_remove(s->addresses, key);
}

/* ---- once it is a WebSocket ---- */

static bool on_opened(struct ws *w)
{
	struct ws_server *s = w->host->owner;
	const char *offered = w->opening, *remote = offered + strlen(offered) + 1;

	w->user = s->o.opened(s->o.owner, w, offered, remote);
	if (!w->user)
		refused(s, "owner");
	return w->user;
}

static void on_message(struct ws *w, const char *text, size_t n)
{
	struct ws_server *s = w->host->owner;

	s->o.message(w, w->user, text, n);
}

static void on_writable(struct ws *w)
{
	struct ws_server *s = w->host->owner;

	s->o.writable(w, w->user);
}

static void on_closed(struct ws *w)
{
	struct ws_server *s = w->host->owner;

	leave_address(s, &w->address);
	if (w->user)
		s->o.closed(w, w->user);
}

static const struct ws_events events = {
	.opened = on_opened,
	.message = on_message,
	.writable = on_writable,
	.closed = on_closed,
};

/* ---- from a stream to a WebSocket ---- */

static void leave_openings(struct opening *p)
{
	struct ws_server *s = p->server;

	TAILQ_REMOVE(&s->openings, p, link);
	s->openings_n--;
	free(p);
	free_when_done(s);
}

/* A copy of the stream's socket; the stream is to be forgotten. -errno. */
static int copy_socket(struct stream *stream)
{
	uv_os_fd_t fd;
	int r = uv_fileno((uv_handle_t *)stream_uv(stream), &fd);

	if (r < 0)
		return r;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return copy < 0 ? -errno : copy;
}

/* Whom a trusted proxy speaks for. */
static void find_remote(struct opening *p, const struct ws_request *q)
{
	struct address client =
		forwarded_client(&p->server->o.trusted_proxies, &p->peer, &q->x_forwarded_for, &q->forwarded);

	address_format(p->remote, &client);
}

/* What opened() is to be told: "offered\0remote". */
static char *opening_words(const struct ws_request *q, const char *remote)
{
	char *words;
	int n = asprintf(&words, "%.*s%c%s", (int)q->protocols.n, q->protocols.at ? q->protocols.at : "", '\0', remote);

	return n < 0 ? NULL : words;
}

static struct ws *make_ws(struct opening *p, const struct ws_request *q)
{
	struct ws *w = ws_new(&p->server->host);

	if (!w)
		return NULL;
	find_remote(p, q);
	w->opening = opening_words(q, p->remote);
	if (w->opening) {
		w->address = p->address; /* from now on @w gives it back */
		return w;
	}
	ws_free(w);
	return NULL;
}

/* What libwebsockets needs to see, with what came behind the head. Its length, or -1 when it does not fit. */
static int short_request(const struct ws_server *s, char out[static 2 * HEAD_MAX], const struct ws_request *q,
	const uint8_t *rest, size_t rest_n)
{
	int n = snprintf(out, HEAD_MAX,
		"GET %s HTTP/1.1\r\nHost: pettrack\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %.*s\r\n%s%s%s\r\n",
		s->path, (int)q->key.n, q->key.at, q->protocols.n > 0 ? "Sec-WebSocket-Protocol: " : "",
		q->protocols.n > 0 ? s->subprotocol : "", q->protocols.n > 0 ? "\r\n" : "");

	if (n < 0 || n >= HEAD_MAX || rest_n > HEAD_MAX)
		return -1;
	memcpy(out + n, rest, rest_n);
	return n + (int)rest_n;
}

static void adopt(struct ws_server *s, struct ws *w, int fd, const char *request, size_t n)
{
	s->host.adopting = w;
	(void)lws_adopt_socket_vhost_readbuf(s->host.vhost, fd, request, n); /* the callbacks tell how it went */
	if (s->host.adopting) { /* it has closed the socket before it began */
		s->host.adopting = NULL;
		refused(s, "system");
		ws_free(w);
	}
}

/* Hands the connection over; @p is gone after it. False, and nothing has happened, when the system says no. */
static bool upgrade(struct opening *p, const struct ws_request *q, const uint8_t *rest, size_t rest_n)
{
	struct ws_server *s = p->server;
	char request[2 * HEAD_MAX];
	int n = short_request(s, request, q, rest, rest_n);

	if (n < 0)
		return false;
	int fd = copy_socket(p->stream);
	if (fd < 0)
		return false;
	struct ws *w = make_ws(p, q);
	if (!w) {
		close(fd);
		return false;
	}
	stream_forget(p->stream);
	leave_openings(p);
	adopt(s, w, fd, request, (size_t)n);
	return true;
}

/* ---- the opening request ---- */

static const char *status_text(int status)
{
	switch (status) {
	case 400:
		return "400 Bad Request";
	case 403:
		return "403 Forbidden";
	case 404:
		return "404 Not Found";
	case 405:
		return "405 Method Not Allowed";
	case 426:
		return "426 Upgrade Required";
	default:
		return "503 Service Unavailable";
	}
}

static void answer(struct opening *p, int status, const char *why)
{
	char text[ANSWER_MAX];
	const char *extra =
		status == WS_REQUEST_UPGRADE
			? "Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
		: status == WS_REQUEST_METHOD ? "Allow: GET\r\nConnection: close\r\n"
					      : "Connection: close\r\n";
	const char *title = status_text(status);
	int n = snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n\r\n%s\n", title,
		extra, strlen(title) + 1, title);

	refused(p->server, why);
	if (stream_write(p->stream, text, (size_t)n) == 0)
		stream_close(p->stream);
}

static bool path_is(struct slice path, const char *wanted)
{
	return path.n == strlen(wanted) && memcmp(path.at, wanted, path.n) == 0;
}

static bool origin_allowed(const struct ws_server *s, struct slice origin)
{
	char text[256];

	if (!s->origins || !origin.at)
		return true;
	if (origin.n == 0 || origin.n >= sizeof(text) || memchr(origin.at, ',', origin.n))
		return false;
	memcpy(text, origin.at, origin.n);
	text[origin.n] = '\0';
	return slice_lists((struct slice){ .at = s->origins, .n = strlen(s->origins) }, text, true);
}

static void judge(struct opening *p, const struct ws_request *q, const uint8_t *rest, size_t rest_n)
{
	const struct ws_server *s = p->server;

	if (!path_is(q->path, s->path))
		answer(p, 404, "path");
	else if (!origin_allowed(s, q->origin))
		answer(p, 403, "origin");
	else if (q->protocols.n > 0 && !slice_lists(q->protocols, s->subprotocol, false))
		answer(p, 400, "subprotocol");
	else if (!upgrade(p, q, rest, rest_n))
		answer(p, 503, "system");
}

static size_t on_data(struct stream *stream, void *user, const uint8_t *bytes, size_t n)
{
	struct opening *p = user;
	struct ws_request q;
	size_t used;
	int r = ws_request_read((const char *)bytes, n, &used, &q);

	(void)stream;
	if (r == WS_REQUEST_MORE)
		return 0;
	if (r)
		answer(p, r, "request");
	else
		judge(p, &q, bytes + used, n - used);
	return n;
}

static void on_stream_closed(struct stream *stream, void *user, enum stream_end end)
{
	struct opening *p = user;

	(void)stream;
	if (end == STREAM_END_IDLE)
		refused(p->server, "timeout");
	else if (end == STREAM_END_FRAME)
		refused(p->server, "request");
	leave_address(p->server, &p->address);
	leave_openings(p);
}

static const struct stream_events stream_events = { .data = on_data, .closed = on_stream_closed };

/* ---- accepting ---- */

/* NULL, or why not. Counts the connection under its address. */
static const char *admit(struct ws_server *s, const struct address *peer, struct address_key *ret)
{
	if ((int64_t)(s->host.connections + s->openings_n) >= s->o.connections_max)
		return "connections";
	if (!s->addresses || networks_have(&s->o.trusted_proxies, peer))
		return NULL;
	*ret = address_key_of(peer);
	int r = address_counts_add(s->addresses, ret, s->o.connections_per_address);
	return r == 0 ? NULL : r == -EUSERS ? "address" : "system";
}

static void *on_accepted(void *owner, struct stream *stream, const char *remote)
{
	struct ws_server *s = owner;
	struct opening *p = calloc(1, sizeof(*p));
	const char *why = p && address_parse(&p->peer, remote) == 0 ? admit(s, &p->peer, &p->address) : "system";

	if (why) {
		refused(s, why);
		free(p);
		return NULL;
	}
	p->server = s;
	p->stream = stream;
	TAILQ_INSERT_TAIL(&s->openings, p, link);
	s->openings_n++;
	return p;
}

static void on_refused(void *owner, const char *why)
{
	if (strcmp(why, "system") == 0) /* what on_accepted() has refused, it has said itself */
		refused(owner, why);
}

/* ---- opening and closing ---- */

static int listen_on(struct ws_server *s, struct loop *l, const struct ws_options *o)
{
	struct listener_options lo = {
		.address = o->address,
		.port = o->port,
		.backlog = BACKLOG,
		.connections_max = INT32_MAX, /* those that are WebSockets already count too: see admit() */
		.idle_ms = o->opening_ms > 0 ? o->opening_ms : OPENING_MS,
		.read_max = HEAD_MAX,
		.write_max = ANSWER_MAX,
		.accepted = on_accepted,
		.refused = on_refused,
		.owner = s,
		.events = &stream_events,
	};

	return listener_open(&s->listener, l, &lo);
}

static int copy_options(struct ws_server *s, const struct ws_options *o)
{
	s->o = *o;
	s->o.address = s->o.path = s->o.subprotocol = s->o.origins = NULL;
	s->path = strdup(o->path);
	s->subprotocol = strdup(o->subprotocol);
	s->origins = o->origins ? strdup(o->origins) : NULL;
	s->addresses = o->connections_per_address > 0 ? address_counts_new() : NULL;
	bool complete = s->path && s->subprotocol && (s->origins || !o->origins) &&
			(s->addresses || o->connections_per_address <= 0);
	return complete ? 0 : -ENOMEM;
}

int ws_server_open(struct ws_server **ret, struct loop *l, const struct ws_options *o)
{
	struct ws_server *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	TAILQ_INIT(&s->openings);
	int r = copy_options(s, o);
	if (r == 0)
		r = ws_host_open(&s->host, l, s->subprotocol, &events, s, false);
	if (r) {
		free_server(s);
		return r;
	}
	s->host.ping_ms = o->ping_ms;
	s->host.message_max = o->message_max;
	r = listen_on(s, l, o);
	if (r) {
		ws_server_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void ws_server_close(struct ws_server *s)
{
	if (!s || s->closed)
		return;
	s->closed = true;
	listener_close(s->listener);
	for (struct opening *p = TAILQ_FIRST(&s->openings), *next; p; p = next) {
		next = TAILQ_NEXT(p, link);
		stream_close(p->stream);
	}
	ws_host_end(&s->host, on_host_gone);
}
