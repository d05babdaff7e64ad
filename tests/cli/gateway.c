/* gateway - one thread that polls its connections. */
#include "tests/cli/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, BUFFER_SIZE = 32 * 1024, SEEN_SIZE = 1 << 16 };

struct connection {
	int fd;
	bool welcome;
	uint64_t who; /* hash of the login */
	size_t n;
	uint8_t buf[BUFFER_SIZE];
};

struct gateway {
	struct gateway_options options;
	struct gateway_counts counts;
	pthread_t thread;
	atomic_bool ending;
	int listener;
	uint16_t port;
	size_t n;
	struct connection connections[CONNECTIONS_MAX];
	uint64_t seen[SEEN_SIZE]; /* hashes of frames */
};

static uint64_t hash(const uint8_t *bytes, size_t n, uint64_t h)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h ? h : 1;
}

static void remember(struct gateway *g, uint64_t h)
{
	size_t at = h % SEEN_SIZE;

	while (g->seen[at] && g->seen[at] != h)
		at = (at + 1) % SEEN_SIZE;
	g->counts.distinct += g->seen[at] == 0;
	g->seen[at] = h;
}

static bool turn(const struct gateway *g, unsigned every)
{
	return every && g->counts.frames % every == every - 1;
}

static bool say(struct connection *c, const void *bytes, size_t n)
{
	return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool answer_osmand(const struct gateway *g, struct connection *c, bool denied)
{
	const char *status = "200 OK", *more = "";
	char text[256];

	if (denied)
		status = "401 Unauthorized";
	else if (g->options.refuse_frames)
		status = "404 Not Found";
	else if (turn(g, g->options.busy))
		status = "503 Service Unavailable";
	else if (turn(g, g->options.close))
		more = "Connection: close\r\n";
	if (turn(g, g->options.garbage))
		status = "garbage";
	int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: 3\r\n\r\nyes", status, more);
	return say(c, text, (size_t)n) && *more == '\0';
}

static bool answer_teltonika(const struct gateway *g, struct connection *c, unsigned taken)
{
	uint32_t n = htonl(turn(g, g->options.garbage) ? taken + 1 : taken);

	return say(c, &n, 4);
}

static bool has_secret(const struct gateway *g, const struct connection *c, size_t n)
{
	char wanted[160];

	if (!g->options.secret)
		return true;
	int len = snprintf(wanted, sizeof wanted, "Bearer %s\r\n", g->options.secret);
	return memmem(c->buf, n, wanted, (size_t)len) != NULL;
}

/* A whole frame of @n bytes with @records positions. Returns false when the connection ends. */
static bool frame(struct gateway *g, struct connection *c, size_t n, unsigned records)
{
	const struct gateway_options *o = &g->options;
	bool lives = false;

	if (turn(g, o->cut_before)) {
		g->counts.frames++;
		return false;
	}
	bool denied = !o->teltonika && !has_secret(g, c, n);
	bool busy = turn(g, o->busy), refused = o->refuse_frames || busy || denied;
	if (o->teltonika && records > 1 && turn(g, o->partly))
		records--;
	if (!refused) {
		g->counts.taken += records;
		remember(g, hash(c->buf, n, c->who));
	}
	if (turn(g, o->mute))
		lives = true;
	else if (!turn(g, o->cut_after))
		lives = o->teltonika ? answer_teltonika(g, c, refused ? 0 : records) : answer_osmand(g, c, denied);
	g->counts.frames++;
	return lives;
}

/* Consumes what is whole. How many bytes, or -1 to end the connection. */
static ssize_t consume(struct gateway *g, struct connection *c)
{
	if (!g->options.teltonika) {
		const uint8_t *end = memmem(c->buf, c->n, "\r\n\r\n", 4);
		size_t n = end ? (size_t)(end - c->buf) + 4 : 0;
		return end && !frame(g, c, n, 1) ? -1 : (ssize_t)n;
	}
	if (!c->welcome) {
		if (c->n < 17)
			return 0;
		g->counts.logins++;
		c->welcome = !g->options.refuse_login;
		c->who = hash(c->buf, 17, 14695981039346656037u);
		return say(c, c->welcome ? "\1" : "\0", 1) ? 17 : -1;
	}
	if (c->n < 10)
		return 0;
	size_t n = 12 + ((size_t)c->buf[6] << 8 | c->buf[7]);
	return c->n < n ? 0 : frame(g, c, n, c->buf[9]) ? (ssize_t)n : -1;
}

/* Returns false when the connection ends. */
static bool serve(struct gateway *g, struct connection *c)
{
	ssize_t n = recv(c->fd, c->buf + c->n, sizeof c->buf - c->n, 0);

	if (n <= 0)
		return false;
	c->n += (size_t)n;
	while ((n = consume(g, c)) > 0) {
		c->n -= (size_t)n;
		memmove(c->buf, c->buf + n, c->n);
	}
	return n == 0;
}

static void welcome(struct gateway *g)
{
	int fd = accept(g->listener, NULL, NULL);

	if (fd < 0)
		return;
	if (g->n == CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	struct connection *c = &g->connections[g->n++];
	c->fd = fd;
	c->n = 0;
	c->who = 0;
	c->welcome = false;
	g->counts.connections++;
}

static void *run(void *arg)
{
	struct gateway *g = arg;
	struct pollfd fds[CONNECTIONS_MAX + 1];

	while (!atomic_load(&g->ending)) {
		for (size_t i = 0; i < g->n; i++)
			fds[i] = (struct pollfd){ .fd = g->connections[i].fd, .events = POLLIN };
		size_t n = g->n;
		fds[n] = (struct pollfd){ .fd = g->listener, .events = POLLIN };
		if (poll(fds, n + 1, 20) <= 0)
			continue;
		for (size_t i = n; i-- > 0;)
			if (fds[i].revents && !serve(g, &g->connections[i])) {
				close(g->connections[i].fd);
				g->connections[i] = g->connections[--g->n];
			}
		if (fds[n].revents)
			welcome(g);
	}
	return NULL;
}

int gateway_open(struct gateway **ret, const struct gateway_options *o)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	struct gateway *g = calloc(1, sizeof *g);

	if (!g)
		return -ENOMEM;
	g->options = *o;
	g->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (g->listener < 0 || bind(g->listener, (struct sockaddr *)&address, len) || listen(g->listener, 128) ||
		getsockname(g->listener, (struct sockaddr *)&address, &len)) {
		int r = -errno;
		free(g);
		return r;
	}
	g->port = ntohs(address.sin_port);
	int r = -pthread_create(&g->thread, NULL, run, g);
	if (r)
		free(g);
	else
		*ret = g;
	return r;
}

uint16_t gateway_port(const struct gateway *g)
{
	return g->port;
}

struct gateway_counts gateway_close(struct gateway *g)
{
	atomic_store(&g->ending, true);
	pthread_join(g->thread, NULL);
	for (size_t i = 0; i < g->n; i++)
		close(g->connections[i].fd);
	close(g->listener);
	struct gateway_counts counts = g->counts;
	free(g);
	return counts;
}
