/* datagram - UDP sockets, many datagrams read with one system call (recvmmsg). */
#include "socket/datagram.h"

#include "socket/loop_internal.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CHUNK = 64 * 1024, /* what libuv gives each datagram of a recvmmsg() */
	/* As many as it asks for at most: measured, a tenth less CPU time in bursts. Memory is touched only as far as datagrams
	 * reach. */
	CHUNKS = 20,
};

struct datagram_socket {
	uv_udp_t uv;
	struct loop *loop;
	struct datagram_options o;
	uint8_t *buffer;
	uint16_t port;
	TAILQ_ENTRY(datagram_socket) link;
};

/* What the kernel did not take at once. */
struct waiting {
	uv_udp_send_t uv;
	uint8_t bytes[];
};

struct address datagram_peer_address(const struct datagram_peer *peer)
{
	struct address a = { .b = { [10] = 0xFF, [11] = 0xFF } };

	if (peer->sa.sa_family == AF_INET6)
		memcpy(a.b, &peer->v6.sin6_addr, sizeof a.b);
	else
		memcpy(a.b + 12, &peer->v4.sin_addr, 4);
	return a;
}

/* ---- receiving ---- */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct datagram_socket *s = h->data;

	(void)suggested;
	*buf = uv_buf_init((char *)s->buffer, CHUNKS * CHUNK);
}

static void receive(struct datagram_socket *s, const uint8_t *bytes, size_t n, const struct sockaddr *from)
{
	struct datagram_peer peer;
	bool cut = n > s->o.receive_max;

	if (from->sa_family == AF_INET6)
		memcpy(&peer.v6, from, sizeof peer.v6);
	else
		memcpy(&peer.v4, from, sizeof peer.v4);
	s->o.received(s->o.owner, &(struct datagram){ bytes, cut ? s->o.receive_max : n, cut, &peer });
}

/* Also told, without @from, that all there was is read or that the buffer is free again. */
static void on_datagram(uv_udp_t *uv, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	struct datagram_socket *s = uv->data;

	(void)flags;
	if (n < 0 && s->o.failed)
		s->o.failed(s->o.owner, (int)n);
	else if (n >= 0 && from)
		receive(s, (const uint8_t *)buf->base, (size_t)n, from);
}

uint32_t datagram_missed(const struct datagram_socket *s)
{
	uint32_t told[SK_MEMINFO_VARS] = { 0 };
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&s->uv, &fd) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_MEMINFO, told, &(socklen_t){ sizeof told }) < 0)
		return 0;
	return told[SK_MEMINFO_DROPS];
}

void datagram_deafen(struct datagram_socket *s)
{
	uv_udp_recv_stop(&s->uv);
}

/* ---- sending ---- */

static void on_sent(uv_udp_send_t *uv, int status)
{
	(void)status; /* UDP may lose */
	free(uv); /* the first member of a struct waiting */
}

static bool queue(struct datagram_socket *s, const struct sockaddr *to, const void *bytes, size_t n)
{
	size_t queued = uv_udp_get_send_queue_size(&s->uv);

	if (queued > s->o.send_max || n > s->o.send_max - queued)
		return false;
	struct waiting *w = malloc(sizeof *w + n);
	if (!w)
		return false;
	memcpy(w->bytes, bytes, n);
	uv_buf_t buf = uv_buf_init((char *)w->bytes, (unsigned)n);
	if (uv_udp_send(&w->uv, &s->uv, &buf, 1, to, on_sent) == 0)
		return true;
	free(w);
	return false;
}

bool datagram_send(struct datagram_socket *s, const struct datagram_peer *peer, const void *bytes, size_t n)
{
	const struct sockaddr *to = peer ? &peer->sa : NULL;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)n);
	int r = uv_udp_try_send(&s->uv, &buf, 1, to);

	return r == UV_EAGAIN ? queue(s, to, bytes, n) : r >= 0;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *h)
{
	struct datagram_socket *s = h->data;

	s->loop->handles--;
	free(s->buffer);
	free(s);
}

void datagram_close(struct datagram_socket *s)
{
	if (!s)
		return;
	TAILQ_REMOVE(&s->loop->datagrams, s, link);
	datagram_deafen(s); /* else libuv still delivers what it has read in this turn */
	uv_close((uv_handle_t *)&s->uv, on_closed);
}

void datagrams_close(struct loop *l)
{
	for (struct datagram_socket *s; (s = TAILQ_FIRST(&l->datagrams));)
		datagram_close(s);
}

/* Not bound yet. From here on only datagram_close() frees it. NULL when memory is out. */
static struct datagram_socket *new_socket(struct loop *l, const struct datagram_options *o)
{
	struct datagram_socket *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->buffer = malloc((size_t)CHUNKS * CHUNK);
	if (!s->buffer || uv_udp_init_ex(&l->uv, &s->uv, AF_UNSPEC | UV_UDP_RECVMMSG) < 0) {
		free(s->buffer);
		free(s);
		return NULL;
	}
	s->loop = l;
	s->o = *o;
	s->uv.data = s;
	l->handles++;
	TAILQ_INSERT_TAIL(&l->datagrams, s, link);
	return s;
}

static int begin(struct datagram_socket *s)
{
	struct sockaddr_storage at;
	int len = sizeof at, size = (int)s->o.receive_buffer;
	int r = uv_udp_getsockname(&s->uv, (struct sockaddr *)&at, &len);

	if (r < 0)
		return r;
	s->port = endpoint_port((struct sockaddr *)&at);
	if (size > 0 && (r = uv_recv_buffer_size((uv_handle_t *)&s->uv, &size)) < 0)
		return r;
	return uv_udp_recv_start(&s->uv, on_alloc, on_datagram);
}

static bool sensible(const struct datagram_options *o)
{
	return o->receive_max > 0 && o->receive_buffer <= INT32_MAX && o->received;
}

/* Hands a new socket over, or closes it when @r says that it is no good. */
static int finish(struct datagram_socket **ret, struct datagram_socket *s, int r)
{
	if (r == 0)
		r = begin(s);
	if (r < 0)
		datagram_close(s);
	else
		*ret = s;
	return r;
}

/* libuv lets others share the address of what it opens (SO_REUSEADDR): with UDP that is to let them take the port away. */
static int adopt(struct datagram_socket *s, int fd)
{
	int r = uv_udp_open(&s->uv, fd);

	if (r < 0) {
		close(fd);
		return r;
	}
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 0 }, sizeof(int)) < 0 ? -errno : 0;
}

int datagram_bind(struct datagram_socket **ret, struct loop *l, const char *address, uint16_t port,
	const struct datagram_options *o)
{
	if (!sensible(o) || !address)
		return -EINVAL;
	int fd = endpoint_bind(SOCK_DGRAM, address, port);
	if (fd < 0)
		return fd;
	struct datagram_socket *s = new_socket(l, o);
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	return finish(ret, s, adopt(s, fd));
}

int datagram_connect(
	struct datagram_socket **ret, struct loop *l, const char *host, uint16_t port, const struct datagram_options *o)
{
	struct addrinfo *found;

	if (!sensible(o))
		return -EINVAL;
	int r = endpoint_find(&found, SOCK_DGRAM, host, port);
	if (r < 0)
		return r;
	struct datagram_socket *s = new_socket(l, o);
	r = s ? uv_udp_connect(&s->uv, found->ai_addr) : -ENOMEM;
	freeaddrinfo(found);
	return s ? finish(ret, s, r) : r;
}

uint16_t datagram_port(const struct datagram_socket *s)
{
	return s->port;
}
