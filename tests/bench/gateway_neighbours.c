#include "tests/bench/gateway_neighbours.h"
#include "base/clock.h"
#include "cli/simulation/dialect.h"
#include "tests/bench/gateway_auth.h"
#include "tests/bench/gateway_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	NICE = 19,
	LOOK_MS = 100, /* how often one that waits looks whether it is over */
	SPEECH_SIZE = 16 * 1024,
	RECEIVE_BUFFER = 4096, /* of a deaf one: soon full */
};

#define FIRST_ADDRESS 0x7F800001U /* 127.128.0.1 */

struct client {
	struct neighbours *all;
	pthread_t thread;
	uint32_t address; /* the next one */
	int fd;
	uint8_t speech[SPEECH_SIZE]; /* said again and again */
	size_t speech_n;
	struct neighbours_deeds deeds;
};

struct neighbours {
	enum neighbour kind;
	uint16_t port;
	atomic_bool over;
	size_t n;
	struct client clients[];
};

/* ---- what they say ---- */

/* As many requests as there is room for. */
static void put_requests(struct client *c, const char *identifier)
{
	const struct dialect *d = dialect_find("osmand");
	const struct position p = {
		.time_ms = clock_real_ms(), .lat_e7 = 360000000, .lon_e7 = -90000000, .has = POSITION_LOCATION
	};

	for (size_t n = 1; n > 0; c->speech_n += n)
		n = d->frame(c->speech + c->speech_n, sizeof c->speech - c->speech_n, identifier, BENCH_SECRET, &p, 1);
}

static void put_garbage(struct client *c)
{
	c->speech_n = sizeof c->speech;
	for (size_t at = 0; at < c->speech_n;) {
		ssize_t n = getrandom(c->speech + at, c->speech_n - at, 0);
		at += n > 0 ? (size_t)n : 0;
	}
}

static void prepare(struct client *c)
{
	switch (c->all->kind) {
	case NEIGHBOUR_STALLED:
		put_requests(c, "bench0");
		c->speech_n = 20; /* within the first one's line */
		break;
	case NEIGHBOUR_DEAF:
		put_requests(c, "bench0");
		break;
	case NEIGHBOUR_GARBAGE:
		put_garbage(c);
		break;
	case NEIGHBOUR_STRANGER:
	default:
		put_requests(c, BENCH_STRANGER);
		break;
	}
}

/* ---- what they do ---- */

/* Whether the gateway still has it; waits a little for the news, and drops what it answers unless @deaf. */
static bool is_heard(struct client *c, short wanted, bool deaf)
{
	uint8_t dropped[SPEECH_SIZE];
	struct pollfd p = { .fd = c->fd, .events = (short)(wanted | (deaf ? POLLRDHUP : POLLIN)) };

	if (poll(&p, 1, LOOK_MS) < 0 || p.revents & (POLLERR | POLLHUP | POLLRDHUP))
		return false;
	return !(p.revents & POLLIN) || recv(c->fd, dropped, sizeof dropped, MSG_DONTWAIT) > 0;
}

/* The speech once, or as far as it comes. Returns whether to go on. */
static bool say(struct client *c, bool deaf)
{
	for (size_t said = 0; said < c->speech_n && !c->all->over;) {
		ssize_t n = send(c->fd, c->speech + said, c->speech_n - said, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return false;
		said += n > 0 ? (size_t)n : 0;
		c->deeds.bytes += n > 0 ? n : 0;
		if (!is_heard(c, POLLOUT, deaf))
			return false;
	}
	return true;
}

/* Until it is over, or the gateway hangs up. */
static void misbehave(struct client *c)
{
	bool deaf = c->all->kind == NEIGHBOUR_DEAF, stalled = c->all->kind == NEIGHBOUR_STALLED;

	while (say(c, deaf) && !c->all->over && !stalled)
		;
	while (stalled && !c->all->over && is_heard(c, 0, false))
		;
}

static void come(struct client *c)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(c->address++) };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(c->all->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->all->kind == NEIGHBOUR_DEAF)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &(int){ RECEIVE_BUFFER }, sizeof(int));
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
		gateway_bench_die("a neighbour has no socket: %s", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0) {
		c->deeds.connects++;
		misbehave(c);
	}
	close(c->fd);
}

static void *run(void *arg)
{
	struct client *c = arg;

	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* the thread's alone */
	while (!c->all->over)
		come(c);
	return NULL;
}

/* ---- all of them ---- */

const char *neighbour_name(enum neighbour kind)
{
	static const char *const names[NEIGHBOURS] = {
		[NEIGHBOUR_STALLED] = "stalled",
		[NEIGHBOUR_DEAF] = "deaf",
		[NEIGHBOUR_GARBAGE] = "garbage",
		[NEIGHBOUR_STRANGER] = "stranger",
	};

	return names[kind];
}

struct neighbours *neighbours_start(enum neighbour kind, uint16_t port, size_t n)
{
	struct neighbours *all = calloc(1, sizeof *all + n * sizeof *all->clients);

	if (!all)
		gateway_bench_die("no memory");
	all->kind = kind;
	all->port = port;
	all->n = n;
	for (size_t i = 0; i < n; i++) {
		struct client *c = &all->clients[i];
		c->all = all;
		c->address = FIRST_ADDRESS + (uint32_t)(i << 16);
		prepare(c);
		if (pthread_create(&c->thread, NULL, run, c) != 0)
			gateway_bench_die("no thread");
	}
	return all;
}

void neighbours_stop(struct neighbours *all, struct neighbours_deeds *ret)
{
	*ret = (struct neighbours_deeds){ 0 };
	all->over = true;
	for (size_t i = 0; i < all->n; i++) {
		pthread_join(all->clients[i].thread, NULL);
		ret->connects += all->clients[i].deeds.connects;
		ret->bytes += all->clients[i].deeds.bytes;
	}
	free(all);
}
