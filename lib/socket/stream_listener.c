/* stream_listener - accepts connections within bounds; its streams in the order of their last activity */
#include "socket/loop_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct listener {
	uv_tcp_t tcp;
	uv_timer_t idle_turn;
	struct loop *loop;
	struct listener_options o; /* address and port are not kept */
	struct stream_list streams; /* least recently active first */
	struct address_counts *addresses; /* NULL: not bounded */
	size_t connections; /* streams that have not ended */
	int handles; /* of the two above, not closed yet */
	bool stalled; /* an accepted socket waits for memory */
	bool closed;
	TAILQ_ENTRY(listener) link;
};

enum { IDLE_TURN_MIN_MS = 10, IDLE_TURN_MAX_MS = 1000 };

struct stream_list *listener_streams(struct listener *ls)
{
	return &ls->streams;
}

size_t listener_write_max(const struct listener *ls)
{
	return ls->o.write_max;
}

uint16_t listener_port(const struct listener *ls)
{
	return ls->o.port;
}

size_t listener_connections(const struct listener *ls)
{
	return ls->connections;
}

static void on_handle_closed(uv_handle_t *h)
{
	struct listener *ls = h->data;

	ls->loop->handles--;
	if (--ls->handles > 0)
		return;
	address_counts_free(ls->addresses);
	free(ls);
}

/* Idle times count until the last stream has ended, also after listener_close(). */
static void finish_when_done(struct listener *ls)
{
	if (!ls->closed || ls->connections > 0)
		return;
	TAILQ_REMOVE(&ls->loop->streams.listeners, ls, link);
	uv_close((uv_handle_t *)&ls->idle_turn, on_handle_closed);
}

void listener_stream_ended(struct listener *ls, struct stream *s)
{
	ls->connections--;
	if (ls->addresses)
		address_counts_remove(ls->addresses, stream_address(s));
	finish_when_done(ls);
}

/* ---- accepting ---- */

static void refuse(struct listener *ls, const char *why)
{
	if (ls->o.refused)
		ls->o.refused(ls->o.owner, why);
}

/* NULL, or why @s is refused. */
static const char *admit(struct listener *ls, struct stream *s)
{
	struct sockaddr_storage peer;
	char remote[INET6_ADDRSTRLEN];

	if (uv_accept((uv_stream_t *)&ls->tcp, stream_uv(s)) < 0)
		return "system";
	if ((int64_t)ls->connections > ls->o.connections_max)
		return "connections";
	if (uv_tcp_getpeername((uv_tcp_t *)stream_uv(s), (struct sockaddr *)&peer, &(int){ sizeof peer }) < 0 ||
		uv_ip_name((struct sockaddr *)&peer, remote, sizeof remote) < 0)
		return "system";
	if (ls->addresses) {
		struct address_key key = address_key((struct sockaddr *)&peer);
		int r = address_counts_add(ls->addresses, &key, ls->o.connections_per_address);
		if (r < 0)
			return r == -EUSERS ? "address" : "system";
		*stream_address(s) = key;
	}
	uv_tcp_nodelay((uv_tcp_t *)stream_uv(s), 1);
	void *user = ls->o.accepted(ls->o.owner, s, remote);
	if (!user)
		return "owner";
	if (stream_begin(s, user) < 0)
		stream_abort(s, STREAM_END_ERROR);
	return NULL;
}

/* libuv holds an accepted socket until it is given a handle, and accepts no other meanwhile. */
static void accept_one(struct listener *ls)
{
	struct stream *s = stream_new(ls->loop, ls, ls->o.events, ls->o.read_max);

	ls->stalled = !s;
	if (!s)
		return;
	ls->connections++;
	const char *why = admit(ls, s);
	if (why) {
		stream_forget(s);
		refuse(ls, why);
	}
}

static void on_connection(uv_stream_t *uv, int status)
{
	struct listener *ls = uv->data;

	if (status < 0)
		refuse(ls, "system");
	else
		accept_one(ls);
}

static void on_idle_turn(uv_timer_t *timer)
{
	struct listener *ls = timer->data;

	if (ls->stalled && !ls->closed)
		accept_one(ls);
	if (ls->o.idle_ms > 0)
		streams_sweep(&ls->streams, loop_now_ms(ls->loop), ls->o.idle_ms);
}

static uint64_t idle_turn_ms(int64_t idle_ms)
{
	int64_t turn = idle_ms > 0 ? idle_ms / 8 : IDLE_TURN_MAX_MS;

	return (uint64_t)(turn < IDLE_TURN_MIN_MS   ? IDLE_TURN_MIN_MS
			  : turn > IDLE_TURN_MAX_MS ? IDLE_TURN_MAX_MS
						    : turn);
}

/* ---- opening ---- */

static int learn_port(struct listener *ls)
{
	struct sockaddr_storage at;
	int len = sizeof at;
	int r = uv_tcp_getsockname(&ls->tcp, (struct sockaddr *)&at, &len);

	if (r == 0)
		ls->o.port = endpoint_port((struct sockaddr *)&at);
	return r;
}

/* From here on only listener_close() frees it. */
static void init_handles(struct listener *ls)
{
	struct loop *l = ls->loop;

	uv_tcp_init(&l->uv, &ls->tcp);
	uv_timer_init(&l->uv, &ls->idle_turn);
	ls->tcp.data = ls->idle_turn.data = ls;
	ls->handles = 2;
	l->handles += 2;
	TAILQ_INSERT_TAIL(&l->streams.listeners, ls, link);
}

static int listen_on(struct listener *ls, int fd)
{
	uint64_t turn = idle_turn_ms(ls->o.idle_ms);
	int r = uv_tcp_open(&ls->tcp, fd);

	if (r < 0) {
		close(fd);
		return r;
	}
	r = uv_listen((uv_stream_t *)&ls->tcp, ls->o.backlog, on_connection);
	if (r < 0)
		return r;
	uv_timer_start(&ls->idle_turn, on_idle_turn, turn, turn);
	return learn_port(ls);
}

int listener_open(struct listener **ret, struct loop *l, const struct listener_options *o)
{
	if (o->read_max == 0 || o->read_max > INT32_MAX || !o->address)
		return -EINVAL;
	int r = streams_reserve(l, o->read_max);
	if (r < 0)
		return r;
	struct listener *ls = calloc(1, sizeof *ls);
	if (!ls)
		return -ENOMEM;
	ls->loop = l;
	ls->o = *o;
	ls->o.address = NULL;
	TAILQ_INIT(&ls->streams);
	if (o->connections_per_address > 0 && !(ls->addresses = address_counts_new())) {
		free(ls);
		return -ENOMEM;
	}
	int fd = endpoint_bind(SOCK_STREAM, o->address, o->port);
	if (fd < 0) {
		address_counts_free(ls->addresses);
		free(ls);
		return fd;
	}
	init_handles(ls);
	r = listen_on(ls, fd);
	if (r < 0) {
		listener_close(ls);
		return r;
	}
	*ret = ls;
	return 0;
}

void listener_close(struct listener *ls)
{
	if (!ls || ls->closed)
		return;
	ls->closed = true;
	uv_close((uv_handle_t *)&ls->tcp, on_handle_closed);
	finish_when_done(ls);
}

void listener_abort(struct listener *ls)
{
	listener_close(ls);
	for (struct stream *s; (s = TAILQ_FIRST(&ls->streams));)
		stream_abort(s, STREAM_END_US);
}
