/*
 * stream - TCP connections on a loop
 *
 * An idle stream owns this struct and nothing else. All streams of a loop read into one buffer; bytes that are not a
 * whole frame yet are kept aside for as long as that lasts.
 *
 * Pausing is lazy: the socket stays watched, and only when bytes do arrive while paused is it taken out of epoll. A
 * tracker that waits for its answer, which is the usual one, so costs no system call per pause.
 */
#include "socket/loop_internal.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER_MIN = 64 * 1024,
	LINGER_MS = 3000, /* to flush, say FIN and see the peer's */
	LINGER_TURN_MS = 500,
	DRAIN_MAX = 256 * 1024, /* bytes read and dropped from a peer that was told to go */
};

struct stream {
	uv_tcp_t tcp;
	struct loop *loop;
	struct listener *listener; /* NULL: a client */
	const struct stream_events *events; /* NULL: closed() is not to be called */
	void *user;
	TAILQ_ENTRY(stream) link;
	TAILQ_ENTRY(stream) ready_link;
	int64_t active_ms; /* when data() consumed last; of a lingering one, when it began to */
	size_t waiting; /* bytes queued in libuv */
	uint8_t *kept; /* NULL: nothing */
	uint32_t kept_at, kept_end, kept_size;
	uint32_t read_max;
	uint32_t drained;
	struct address_key address;
	uint8_t end; /* enum stream_end, once closing or ended */
	bool reading; /* libuv reads; stays true through a pause until bytes arrive */
	bool paused;
	bool delivering; /* data() is running */
	bool ready; /* in the loop's ready list */
	bool closing; /* flushes, then says FIN */
	bool peer_done; /* EOF was read */
	bool ended; /* uv_close() was called */
};

/* What the socket did not take at once. */
struct write {
	uv_write_t uv;
	struct stream *stream;
	size_t n;
	uint8_t bytes[];
};

struct connect {
	uv_connect_t uv;
	struct stream *stream;
	void (*connected)(struct stream *s, void *user, int r);
};

/* ---- making and ending ---- */

static struct stream_list *list_of(struct stream *s)
{
	if (s->closing)
		return &s->loop->streams.lingering;
	return s->listener ? listener_streams(s->listener) : &s->loop->streams.clients;
}

struct stream *stream_new(
	struct loop *l, struct listener *listener, const struct stream_events *events, size_t read_max)
{
	struct stream *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->loop = l;
	s->listener = listener;
	s->events = events;
	s->read_max = (uint32_t)read_max;
	s->active_ms = loop_now_ms(l);
	uv_tcp_init(&l->uv, &s->tcp);
	s->tcp.data = s;
	l->handles++;
	TAILQ_INSERT_TAIL(list_of(s), s, link);
	return s;
}

uv_stream_t *stream_uv(struct stream *s)
{
	return (uv_stream_t *)&s->tcp;
}

struct address_key *stream_address(struct stream *s)
{
	return &s->address;
}

static void drop_kept(struct stream *s)
{
	free(s->kept);
	s->kept = NULL;
	s->kept_at = s->kept_end = s->kept_size = 0;
}

static size_t kept_left(const struct stream *s)
{
	return s->kept_end - s->kept_at;
}

static void leave_ready(struct stream *s)
{
	struct loop_streams *all = &s->loop->streams;

	if (!s->ready)
		return;
	TAILQ_REMOVE(&all->ready, s, ready_link);
	all->ready_n--;
	s->ready = false;
}

static void on_closed(uv_handle_t *h)
{
	struct stream *s = h->data;

	s->loop->handles--;
	if (s->events)
		s->events->closed(s, s->user, (enum stream_end)s->end);
	drop_kept(s);
	free(s);
}

void stream_abort(struct stream *s, enum stream_end end)
{
	if (s->ended)
		return;
	TAILQ_REMOVE(list_of(s), s, link);
	leave_ready(s);
	if (!s->closing)
		s->end = (uint8_t)end;
	s->ended = true;
	if (s->listener)
		listener_stream_ended(s->listener, s);
	uv_close((uv_handle_t *)&s->tcp, on_closed);
}

void stream_forget(struct stream *s)
{
	s->events = NULL;
	stream_abort(s, STREAM_END_US);
}

/* ---- reading ---- */

static void touch(struct stream *s)
{
	s->active_ms = loop_now_ms(s->loop);
	TAILQ_REMOVE(list_of(s), s, link);
	TAILQ_INSERT_TAIL(list_of(s), s, link);
}

static size_t deliver(struct stream *s, const uint8_t *bytes, size_t n)
{
	s->delivering = true;
	size_t used = s->events->data(s, s->user, bytes, n);
	s->delivering = false;
	if (used > 0 && !s->closing && !s->ended)
		touch(s);
	return used;
}

/* Whether @s goes on; one that has kept all it may, and still has no frame, does not. */
static bool goes_on(struct stream *s)
{
	if (s->ended)
		return false;
	if (s->closing) {
		drop_kept(s);
		return false;
	}
	if (!s->paused && kept_left(s) >= s->read_max) {
		stream_abort(s, STREAM_END_FRAME);
		return false;
	}
	return true;
}

static void keep(struct stream *s, const uint8_t *bytes, size_t n)
{
	if (n == 0) {
		drop_kept(s);
		return;
	}
	if (n > s->kept_size) {
		uint8_t *grown = malloc(n);
		if (!grown) {
			stream_abort(s, STREAM_END_ERROR);
			return;
		}
		free(s->kept);
		s->kept = grown;
		s->kept_size = (uint32_t)n;
	}
	memcpy(s->kept, bytes, n);
	s->kept_at = 0;
	s->kept_end = (uint32_t)n;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct stream *s = h->data;
	struct loop_streams *all = &s->loop->streams;
	size_t left = s->closing ? 0 : kept_left(s);

	(void)suggested;
	if (s->closing) {
		*buf = uv_buf_init((char *)all->buffer, (unsigned)all->buffer_size);
	} else if (s->paused || s->ready) { /* kept bytes come first, and before an EOF */
		*buf = uv_buf_init(NULL, 0); /* on_read() gets UV_ENOBUFS, and nothing is read */
	} else {
		if (left > 0)
			memcpy(all->buffer, s->kept + s->kept_at, left);
		*buf = uv_buf_init((char *)all->buffer + left, (unsigned)(s->read_max - left));
	}
}

static void stop_reading(struct stream *s)
{
	uv_read_stop(stream_uv(s));
	s->reading = false;
}

static void on_bytes(struct stream *s, size_t n)
{
	const uint8_t *bytes = s->loop->streams.buffer;

	if (s->closing) {
		s->drained += (uint32_t)n;
		if (s->drained > DRAIN_MAX)
			stream_abort(s, STREAM_END_US);
		return;
	}
	size_t all = kept_left(s) + n;
	size_t used = deliver(s, bytes, all);
	if (!s->ended && !s->closing)
		keep(s, bytes + used, all - used);
	goes_on(s);
}

static void on_eof(struct stream *s)
{
	s->peer_done = true;
	if (s->closing) { /* goes when flushed */
		if (s->waiting == 0)
			stream_abort(s, STREAM_END_US);
		return;
	}
	stream_close(s);
	s->end = STREAM_END_PEER;
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
	struct stream *s = uv->data;

	(void)buf;
	if (n > 0)
		on_bytes(s, (size_t)n);
	else if (n == UV_ENOBUFS)
		stop_reading(s);
	else if (n == UV_EOF)
		on_eof(s);
	else if (n < 0)
		stream_abort(s, n == UV_ECONNRESET || n == UV_ETIMEDOUT ? STREAM_END_PEER : STREAM_END_ERROR);
}

static int start_reading(struct stream *s)
{
	int r = uv_read_start(stream_uv(s), on_alloc, on_read);

	s->reading = r == 0;
	return r;
}

int stream_begin(struct stream *s, void *user)
{
	s->user = user;
	return start_reading(s);
}

void stream_pause(struct stream *s)
{
	s->paused = true;
}

bool stream_paused(const struct stream *s)
{
	return s->paused;
}

static void deliver_kept(struct stream *s)
{
	if (kept_left(s) > 0) {
		size_t used = deliver(s, s->kept + s->kept_at, kept_left(s));
		s->kept_at += (uint32_t)used;
		if (kept_left(s) == 0)
			drop_kept(s);
	}
	if (goes_on(s) && !s->paused && !s->reading && start_reading(s) < 0)
		stream_abort(s, STREAM_END_ERROR);
}

static void on_ready_turn(uv_idle_t *idle)
{
	struct loop_streams *all = idle->data;

	for (size_t n = all->ready_n; n > 0 && all->ready_n > 0; n--) { /* those that are added now wait a turn */
		struct stream *s = TAILQ_FIRST(&all->ready);
		leave_ready(s);
		if (!s->paused)
			deliver_kept(s);
	}
	if (all->ready_n == 0)
		uv_idle_stop(idle);
}

void stream_resume(struct stream *s)
{
	struct loop_streams *all = &s->loop->streams;

	if (!s->paused || s->closing || s->ended)
		return;
	s->paused = false;
	touch(s);
	if (s->delivering || kept_left(s) > 0) {
		if (s->ready)
			return;
		TAILQ_INSERT_TAIL(&all->ready, s, ready_link);
		all->ready_n++;
		s->ready = true;
		uv_idle_start(&all->ready_turn, on_ready_turn);
	} else if (!s->reading && start_reading(s) < 0) {
		stream_abort(s, STREAM_END_ERROR);
	}
}

/* ---- writing and closing ---- */

/* All that waited is sent: goodbye to a closing one. Its last bytes would be lost to a reset if it were closed while the
 * peer still sends, so it reads on until the peer's FIN. */
static void flushed(struct stream *s)
{
	uv_os_fd_t fd;

	if (!s->closing || s->ended)
		return;
	if (s->peer_done || uv_fileno((uv_handle_t *)&s->tcp, &fd) < 0 || shutdown(fd, SHUT_WR) < 0)
		stream_abort(s, STREAM_END_US);
}

static void on_written(uv_write_t *uv, int status)
{
	struct write *w = (struct write *)uv;
	struct stream *s = w->stream;

	s->waiting -= w->n;
	free(w);
	if (s->ended)
		return;
	if (status < 0)
		stream_abort(s, STREAM_END_PEER);
	else if (s->waiting == 0)
		flushed(s);
}

static size_t write_max(const struct stream *s)
{
	return s->listener ? listener_write_max(s->listener) : SIZE_MAX;
}

static int queue_write(struct stream *s, const uint8_t *bytes, size_t n)
{
	if (n > write_max(s) - s->waiting) {
		stream_abort(s, STREAM_END_SLOW);
		return -EPIPE;
	}
	struct write *w = malloc(sizeof *w + n);
	if (!w) {
		stream_abort(s, STREAM_END_ERROR);
		return -EPIPE;
	}
	w->stream = s;
	w->n = n;
	memcpy(w->bytes, bytes, n);
	uv_buf_t buf = uv_buf_init((char *)w->bytes, (unsigned)n);
	if (uv_write(&w->uv, stream_uv(s), &buf, 1, on_written) < 0) {
		free(w);
		stream_abort(s, STREAM_END_ERROR);
		return -EPIPE;
	}
	s->waiting += n;
	return 0;
}

int stream_write(struct stream *s, const void *bytes, size_t n)
{
	size_t sent = 0;

	if (s->closing || s->ended)
		return -EPIPE;
	if (s->waiting == 0 && n > 0) {
		uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)n);
		int r = uv_try_write(stream_uv(s), &buf, 1);
		if (r < 0 && r != UV_EAGAIN) {
			stream_abort(s, STREAM_END_PEER);
			return -EPIPE;
		}
		sent = r > 0 ? (size_t)r : 0;
	}
	return sent == n ? 0 : queue_write(s, (const uint8_t *)bytes + sent, n - sent);
}

static void on_linger_turn(uv_timer_t *timer)
{
	struct loop_streams *all = timer->data;

	streams_sweep(&all->lingering, (int64_t)uv_now(timer->loop), LINGER_MS);
	if (TAILQ_EMPTY(&all->lingering))
		uv_timer_stop(timer);
}

void stream_close(struct stream *s)
{
	struct loop_streams *all = &s->loop->streams;

	if (s->closing || s->ended)
		return;
	TAILQ_REMOVE(list_of(s), s, link);
	leave_ready(s);
	s->closing = true;
	s->end = STREAM_END_US;
	s->active_ms = loop_now_ms(s->loop);
	TAILQ_INSERT_TAIL(list_of(s), s, link);
	if (!uv_is_active((uv_handle_t *)&all->linger_turn))
		uv_timer_start(&all->linger_turn, on_linger_turn, LINGER_TURN_MS, LINGER_TURN_MS);
	if (!s->delivering)
		drop_kept(s);
	if (!s->peer_done && !s->reading && start_reading(s) < 0)
		stream_abort(s, STREAM_END_US);
	else if (s->waiting == 0)
		flushed(s);
}

void streams_sweep(struct stream_list *list, int64_t now_ms, int64_t idle_ms)
{
	for (struct stream *s; (s = TAILQ_FIRST(list)) && now_ms - s->active_ms >= idle_ms;) {
		if (s->paused && !s->closing) { /* it is we who do not read */
			s->active_ms = now_ms;
			TAILQ_REMOVE(list, s, link);
			TAILQ_INSERT_TAIL(list, s, link);
		} else {
			stream_abort(s, STREAM_END_IDLE);
		}
	}
}

/* ---- clients ---- */

static void on_connected(uv_connect_t *uv, int status)
{
	struct connect *c = (struct connect *)uv;
	struct stream *s = c->stream;
	void (*connected)(struct stream *, void *, int) = c->connected;

	free(c);
	if (s->ended)
		return;
	if (status == 0)
		status = start_reading(s);
	if (status < 0)
		stream_forget(s);
	connected(s, s->user, status);
}

static int begin_connect(
	struct stream *s, const char *host, uint16_t port, void (*connected)(struct stream *s, void *user, int r))
{
	struct addrinfo *found;
	int r = endpoint_find(&found, SOCK_STREAM, host, port);

	if (r < 0)
		return r;
	struct connect *c = malloc(sizeof *c);
	r = -ENOMEM;
	if (c) {
		c->stream = s;
		c->connected = connected;
		r = uv_tcp_connect(&c->uv, &s->tcp, found->ai_addr, on_connected);
	}
	if (r < 0)
		free(c);
	else
		uv_tcp_nodelay(&s->tcp, 1);
	freeaddrinfo(found);
	return r;
}

int stream_connect(struct stream **ret, struct loop *l, const char *host, uint16_t port,
	const struct stream_events *events, size_t read_max, void (*connected)(struct stream *s, void *user, int r),
	void *user)
{
	if (read_max == 0 || read_max > UINT32_MAX)
		return -EINVAL;
	int r = streams_reserve(l, read_max);
	if (r < 0)
		return r;
	struct stream *s = stream_new(l, NULL, events, read_max);
	if (!s)
		return -ENOMEM;
	s->user = user;
	r = begin_connect(s, host, port, connected);
	if (r < 0) {
		stream_forget(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* ---- all of a loop ---- */

void streams_open(struct loop *l)
{
	struct loop_streams *all = &l->streams;

	TAILQ_INIT(&all->ready);
	TAILQ_INIT(&all->clients);
	TAILQ_INIT(&all->lingering);
	TAILQ_INIT(&all->listeners);
	uv_idle_init(&l->uv, &all->ready_turn);
	uv_timer_init(&l->uv, &all->linger_turn);
	all->ready_turn.data = all->linger_turn.data = all;
	l->handles += 2;
}

int streams_reserve(struct loop *l, size_t read_max)
{
	struct loop_streams *all = &l->streams;
	size_t size = read_max > BUFFER_MIN ? read_max : BUFFER_MIN;

	if (size <= all->buffer_size)
		return 0;
	uint8_t *grown = realloc(all->buffer, size);
	if (!grown)
		return -ENOMEM;
	all->buffer = grown;
	all->buffer_size = size;
	return 0;
}

static void abort_all(struct stream_list *list)
{
	for (struct stream *s; (s = TAILQ_FIRST(list));)
		stream_abort(s, STREAM_END_US);
}

static void on_own_closed(uv_handle_t *h)
{
	struct loop_streams *all = h->data;
	struct loop *l = (struct loop *)((char *)all - offsetof(struct loop, streams));

	l->handles--;
}

void streams_close(struct loop *l)
{
	struct loop_streams *all = &l->streams;

	abort_all(&all->lingering); /* first: they count as connections of their listeners */
	for (struct listener *ls; (ls = TAILQ_FIRST(&all->listeners));)
		listener_abort(ls);
	abort_all(&all->clients);
	uv_close((uv_handle_t *)&all->ready_turn, on_own_closed);
	uv_close((uv_handle_t *)&all->linger_turn, on_own_closed);
}
