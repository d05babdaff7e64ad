#include "tests/bench/live_subscribers.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	OPENING_MAX = 100, /* at a time */
	EVENTS = 256,
	READ_SIZE = 256 * 1024,
	OPEN_MS = 60000,
	/* Latencies in a histogram of 32 steps an octave: within 3 %. */
	STEPS = 32,
	BUCKETS = 64 * STEPS,
	PORTS_PER_ADDRESS = 20000,
};

enum state { CONNECTING, UPGRADING, SUBSCRIBING, WATCHING };

struct subscriber {
	int fd;
	enum state state;
	uint8_t *rest; /* an incomplete frame; malloc'd */
	size_t rest_n;
};

struct subscribers {
	struct subscribers_options o;
	struct subscriber *all;
	int epoll, opened, watching;
	uint8_t *buffer;
	uint64_t positions, frames, skipped, measured;
	uint64_t buckets[BUCKETS];
	int64_t max_ns;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench live: subscriber: %s (%s)\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- latency ---- */

static size_t bucket_of(int64_t ns)
{
	if (ns < STEPS)
		return ns < 0 ? 0 : (size_t)ns;
	int octave = 63 - __builtin_clzll((unsigned long long)ns) - 5;
	return (size_t)(octave + 1) * STEPS + (size_t)((ns >> octave) - STEPS);
}

static double bucket_ms(size_t i)
{
	if (i < STEPS)
		return (double)i / 1e6;
	return ldexp((double)(i % STEPS + STEPS) + 0.5, (int)(i / STEPS) - 1) / 1e6;
}

static double quantile_ms(const struct subscribers *s, double q)
{
	uint64_t wanted = (uint64_t)ceil(q * (double)s->measured), seen = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		seen += s->buckets[i];
		if (seen >= wanted && seen > 0)
			return bucket_ms(i);
	}
	return 0;
}

static void measure(struct subscribers *s, int64_t sent_ns, int64_t now_ns)
{
	s->measured++;
	s->buckets[bucket_of(now_ns - sent_ns)]++;
	if (now_ns - sent_ns > s->max_ns)
		s->max_ns = now_ns - sent_ns;
}

/* ---- frames ---- */

static void send_all(struct subscriber *c, const void *bytes, size_t n)
{
	if (send(c->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("send");
}

/* One masked text frame; the mask is zero, which is a mask too. */
static void say(struct subscriber *c, const char *text)
{
	uint8_t frame[2048] = { 0x81 };
	size_t n = strlen(text), head = n < 126 ? 2 : 4;

	frame[1] = (uint8_t)(0x80 | (n < 126 ? n : 126));
	if (n >= 126) {
		frame[2] = (uint8_t)(n >> 8);
		frame[3] = (uint8_t)n;
	}
	memcpy(frame + head + 4, text, n);
	send_all(c, frame, head + 4 + n);
}

static void pong(struct subscriber *c, const uint8_t *payload, size_t n)
{
	uint8_t frame[2 + 4 + 125] = { 0x8A, (uint8_t)(0x80 | n) };

	memcpy(frame + 6, payload, n);
	send_all(c, frame, 6 + n);
}

static void on_positions(struct subscribers *s, const char *text, size_t n)
{
	static const char mark[] = "\"time\":\"";
	const char *end = text + n, *at = text;
	int64_t now_ns = clock_mono_ns(), time_ms;

	s->frames++;
	while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
		at += sizeof mark - 1;
		s->positions++;
		if (time_parse(&time_ms, at, TIME_TEXT_SIZE - 1))
			continue;
		int64_t sent_ns = s->o.sent_ns(s->o.owner, time_ms);
		if (sent_ns > 0)
			measure(s, sent_ns, now_ns);
	}
	const char *skipped = memmem(text, n, "\"skipped\":", 10);
	if (skipped)
		s->skipped += strtoul(skipped + 10, NULL, 10);
}

static bool begins(const char *text, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static void on_text(struct subscribers *s, struct subscriber *c, const char *text, size_t n)
{
	if (begins(text, n, "{\"type\":\"positions\"")) {
		on_positions(s, text, n);
	} else if (begins(text, n, "{\"type\":\"snapshot\"") && c->state == SUBSCRIBING) {
		c->state = WATCHING;
		s->watching++;
	} else if (begins(text, n, "{\"type\":\"error\"")) {
		fprintf(stderr, "%.*s\n", (int)n, text);
		die("refused");
	}
}

/* The length of the first frame in @bytes, handled; 0: not whole yet. */
static size_t take_frame(struct subscribers *s, struct subscriber *c, const uint8_t *bytes, size_t n)
{
	size_t head = 2, len;

	if (n < 2)
		return 0;
	len = bytes[1] & 0x7F;
	if (len >= 126) {
		size_t wide = len == 126 ? 2 : 8;
		if (n < 2 + wide)
			return 0;
		len = 0;
		for (size_t i = 0; i < wide; i++)
			len = len << 8 | bytes[2 + i];
		head += wide;
	}
	if (n - head < len)
		return 0;
	switch (bytes[0] & 0x0F) {
	case 1:
		on_text(s, c, (const char *)bytes + head, len);
		break;
	case 8:
		die("closed by the server");
	case 9:
		pong(c, bytes + head, len);
		break;
	default:
		break;
	}
	return head + len;
}

/* ---- opening ---- */

static void begin_one(struct subscribers *s, int i)
{
	struct subscriber *c = &s->all[i];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(s->o.port) },
			   from = { .sin_family = AF_INET };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(i / PORTS_PER_ADDRESS));
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		die("connect");
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		die("epoll");
}

static void upgrade(struct subscribers *s, struct subscriber *c)
{
	char token[4096], request[8192];

	s->o.token(s->o.owner, (int)(c - s->all), token, sizeof token);
	int n = snprintf(request, sizeof request,
		"GET /v1/live HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: pettrack.v1, bearer.%s\r\n\r\n",
		token);
	send_all(c, request, (size_t)n);
	c->state = UPGRADING;
}

static size_t take_answer(struct subscriber *c, const uint8_t *bytes, size_t n)
{
	const uint8_t *end = memmem(bytes, n, "\r\n\r\n", 4);

	if (!end)
		return 0;
	if (!begins((const char *)bytes, n, "HTTP/1.1 101"))
		die("not upgraded");
	say(c, "{\"type\":\"subscribe\",\"devices\":\"all\"}");
	c->state = SUBSCRIBING;
	return (size_t)(end - bytes) + 4;
}

/* ---- reading ---- */

static void keep(struct subscriber *c, const uint8_t *bytes, size_t n)
{
	free(c->rest);
	c->rest = n > 0 ? malloc(n) : NULL;
	c->rest_n = n;
	if (n > 0)
		memcpy(c->rest, bytes, n);
}

static void on_bytes(struct subscribers *s, struct subscriber *c, size_t n)
{
	size_t used = 0, one;

	do {
		one = c->state == UPGRADING ? take_answer(c, s->buffer + used, n - used)
					    : take_frame(s, c, s->buffer + used, n - used);
		used += one;
	} while (one > 0);
	if (c->rest_n > 0 || used < n)
		keep(c, s->buffer + used, n - used);
}

static void on_readable(struct subscribers *s, struct subscriber *c)
{
	for (;;) {
		if (c->rest_n > 0)
			memcpy(s->buffer, c->rest, c->rest_n);
		ssize_t n = recv(c->fd, s->buffer + c->rest_n, READ_SIZE - c->rest_n, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die("the connection is gone");
		bool full = (size_t)n == READ_SIZE - c->rest_n;
		on_bytes(s, c, c->rest_n + (size_t)n);
		if (!full)
			return;
	}
}

void subscribers_read(struct subscribers *s, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(s->epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct subscriber *c = events[i].data.ptr;
		if (c->state == CONNECTING && events[i].events & EPOLLOUT)
			upgrade(s, c);
		if (events[i].events & EPOLLIN)
			on_readable(s, c);
	}
}

/* ---- all ---- */

struct subscribers *subscribers_open(const struct subscribers_options *o)
{
	struct subscribers *s = calloc(1, sizeof *s);
	int64_t until_ms = clock_mono_ms() + OPEN_MS;

	if (!s || !(s->all = calloc((size_t)o->count, sizeof *s->all)) || !(s->buffer = malloc(READ_SIZE)))
		die("memory");
	s->o = *o;
	s->epoll = epoll_create1(0);
	while (s->watching < o->count) {
		while (s->opened < o->count && s->opened - s->watching < OPENING_MAX)
			begin_one(s, s->opened++);
		subscribers_read(s, 100);
		if (clock_mono_ms() > until_ms)
			die("not all are subscribed in time");
	}
	return s;
}

uint64_t subscribers_positions(const struct subscribers *s)
{
	return s->positions;
}

struct subscribers_result subscribers_result(const struct subscribers *s)
{
	return (struct subscribers_result){
		.positions = s->positions,
		.frames = s->frames,
		.skipped = s->skipped,
		.p50_ms = quantile_ms(s, 0.5),
		.p99_ms = quantile_ms(s, 0.99),
		.max_ms = (double)s->max_ns / 1e6,
	};
}

void subscribers_reset(struct subscribers *s)
{
	s->positions = s->frames = s->skipped = s->measured = 0;
	s->max_ns = 0;
	memset(s->buckets, 0, sizeof s->buckets);
}

void subscribers_close(struct subscribers *s)
{
	for (int i = 0; i < s->opened; i++) {
		close(s->all[i].fd);
		free(s->all[i].rest);
	}
	close(s->epoll);
	free(s->buffer);
	free(s->all);
	free(s);
}
