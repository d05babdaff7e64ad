#include "tests/bench/gateway_load.h"
#include "base/clock.h"
#include "tests/bench/gateway_auth.h"
#include "tests/bench/gateway_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	OPENING_MAX = 256, /* logins under way */
	EVENTS = 256,
	KEPT_SIZE = 512, /* more than any answer, and than a silent one's frame */
	RECORDS_MAX = 64,
	PATIENCE_MS = 30000,
	AGAIN_MS = 2000,
	TURN_MS = 1, /* as exact as reports are in time */
};

#define FIRST_ADDRESS 0x7F010001U /* 127.1.0.1 */
#define FIRST_TIME_MS 1767225600000 /* 2026-01-01 */

enum state { GREETING, READY, WAITING };

struct tracker {
	const struct load_part *part;
	int fd;
	uint8_t state;
	uint16_t kept_n;
	uint8_t kept
		[KEPT_SIZE]; /* of an answer that is not whole; of a silent one, of a frame that the socket did not take */
	int64_t frames; /* acknowledged */
	int64_t began_ns;
};

struct load {
	struct load_options o;
	struct tracker *trackers;
	int epoll;
	size_t greeting, waiting; /* trackers that are */
	int64_t left; /* positions that may still be sent */
	int64_t begun_ns, heard_ns, searched_ns;
	int64_t turns; /* reports that were due */
	float *acks_ms;
	size_t acks_n, acks_size;
	struct load_result result;
};

static size_t number_of(const struct load *l, const struct tracker *t)
{
	return (size_t)(t - l->trackers);
}

static _Noreturn void fail(const struct load *l, const struct tracker *t, const char *what)
{
	gateway_bench_die("%s tracker %zu: %s (%s)", t->part->dialect->name, number_of(l, t), what, strerror(errno));
}

/* ---- what is said ---- */

static void put_identifier(const struct load *l, const struct tracker *t, char out[static DIALECT_IDENTIFIER_MAX])
{
	snprintf(out, DIALECT_IDENTIFIER_MAX, t->part->dialect->imei ? "35%013zu" : "bench%zu", number_of(l, t));
}

/* Its @k-th place: a walk of 10 m and a second a step. */
static struct position place(const struct load *l, size_t tracker, int64_t k)
{
	return (struct position){
		.time_ms = FIRST_TIME_MS + k * 1000,
		.lat_e7 = 360000000 + (int32_t)(tracker % 977) * 200000 + 900 * (int32_t)(k % 2000),
		.lon_e7 = -90000000 + (int32_t)(tracker % 991) * 400000 + 500 * (int32_t)(k % 3000),
		.speed_mps = 2.7f,
		.course_deg = 90,
		.altitude_m = 120,
		.accuracy_m = 5,
		.battery_pct = 80,
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       (l->o.battery ? POSITION_BATTERY : 0),
	};
}

static size_t make_frame(const struct load *l, const struct tracker *t, uint8_t out[static DIALECT_FRAME_MAX])
{
	struct position places[RECORDS_MAX];
	char identifier[DIALECT_IDENTIFIER_MAX];
	size_t records = l->o.records;

	put_identifier(l, t, identifier);
	for (size_t i = 0; i < records; i++)
		places[i] = place(l, number_of(l, t), t->frames * (int64_t)records + (int64_t)i);
	size_t n = t->part->dialect->frame(out, DIALECT_FRAME_MAX, identifier, BENCH_SECRET, places, records);
	if (n == 0)
		fail(l, t, "has no frame");
	return n;
}

/* ---- sending ---- */

/* Returns how many bytes the socket took. */
static size_t send_bytes(const struct load *l, const struct tracker *t, const uint8_t *bytes, size_t n)
{
	ssize_t sent = send(t->fd, bytes, n, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN)
		fail(l, t, "cannot send");
	return sent < 0 ? 0 : (size_t)sent;
}

static void send_frame(struct load *l, struct tracker *t)
{
	uint8_t frame[DIALECT_FRAME_MAX];
	size_t n = make_frame(l, t, frame);

	t->began_ns = clock_mono_ns();
	if (send_bytes(l, t, frame, n) < n && !t->part->dialect->udp)
		fail(l, t, "the gateway does not read");
}

static void send_next(struct load *l, struct tracker *t)
{
	if (l->left <= 0)
		return;
	l->left -= (int64_t)l->o.records;
	send_frame(l, t);
	t->state = WAITING;
	l->waiting++;
}

/* As much as the socket takes, and a frame at most. */
static void send_silently(struct load *l, struct tracker *t)
{
	uint8_t frame[DIALECT_FRAME_MAX];
	size_t n = t->kept_n;

	if (n > 0) {
		memcpy(frame, t->kept, n);
	} else if (l->left > 0) {
		n = make_frame(l, t, frame);
		t->frames++;
		l->left -= (int64_t)l->o.records;
		l->result.positions += (int64_t)l->o.records;
	}
	size_t sent = n > 0 ? send_bytes(l, t, frame, n) : 0;
	l->heard_ns = sent > 0 ? clock_mono_ns() : l->heard_ns; /* it is read: as good as an answer */
	if (n - sent > sizeof t->kept)
		fail(l, t, "the frame is too long");
	l->waiting -= t->kept_n > 0;
	t->kept_n = (uint16_t)(n - sent);
	l->waiting += t->kept_n > 0;
	memcpy(t->kept, frame + sent, t->kept_n);
}

/* ---- hearing ---- */

static void note_ack(struct load *l, const struct tracker *t)
{
	if (l->acks_n == l->acks_size) {
		l->acks_size = l->acks_size ? 2 * l->acks_size : 1 << 16;
		l->acks_ms = reallocarray(l->acks_ms, l->acks_size, sizeof *l->acks_ms);
		if (!l->acks_ms)
			gateway_bench_die("no memory");
	}
	l->acks_ms[l->acks_n++] = (float)((double)(l->heard_ns - t->began_ns) / 1e6);
}

static void acknowledged(struct load *l, struct tracker *t, const struct reply *r)
{
	if (r->taken != l->o.records)
		fail(l, t, "not all of a frame was taken");
	note_ack(l, t);
	l->result.positions += (int64_t)r->taken;
	t->frames++;
	t->state = READY;
	l->waiting--;
	if (l->o.period_ms == 0)
		send_next(l, t);
}

static void heard(struct load *l, struct tracker *t)
{
	struct reply r = t->part->dialect->read(t->kept, t->kept_n, t->state == GREETING, l->o.records);

	if (r.kind == REPLY_MORE)
		return;
	t->kept_n -= (uint16_t)r.used;
	if (t->kept_n > 0)
		fail(l, t, "more was answered than was asked");
	if (r.kind == REPLY_TAKEN && t->state == WAITING) {
		acknowledged(l, t, &r);
	} else if (r.kind == REPLY_WELCOME && t->state == GREETING) {
		t->state = READY;
		l->greeting--;
	} else {
		errno = 0;
		fail(l, t, "is refused");
	}
}

static void hear(struct load *l, struct tracker *t)
{
	ssize_t n = recv(t->fd, t->kept + t->kept_n, sizeof t->kept - t->kept_n, 0);

	if (n <= 0)
		fail(l, t, "the gateway has hung up");
	l->heard_ns = clock_mono_ns();
	if (t->state == READY && t->part->dialect->udp) /* the answer to a datagram that was sent again */
		return;
	t->kept_n += (uint16_t)n;
	heard(l, t);
}

static void turn(struct load *l, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++) {
		struct tracker *t = events[i].data.ptr;
		if (events[i].events & ~(uint32_t)EPOLLOUT)
			hear(l, t);
		else
			send_silently(l, t);
	}
	if (clock_mono_ns() - l->heard_ns > PATIENCE_MS * 1000000LL)
		gateway_bench_die("%zu trackers wait in vain", l->greeting + l->waiting);
}

/* ---- in time ---- */

static void report_what_is_due(struct load *l)
{
	double share = (double)(clock_mono_ns() - l->begun_ns) / ((double)l->o.period_ms * 1e6);
	int64_t due = (int64_t)(share * (double)l->o.trackers);

	for (; l->turns < due; l->turns++) {
		struct tracker *t = &l->trackers[(size_t)l->turns % l->o.trackers];
		if (t->state == READY)
			send_next(l, t);
		else
			l->result.late++;
	}
}

/* UDP may lose, and then nobody would ever answer. */
static void send_lost_again(struct load *l)
{
	int64_t now_ns = clock_mono_ns();

	if (now_ns - l->searched_ns < AGAIN_MS * 1000000LL)
		return;
	l->searched_ns = now_ns;
	for (struct tracker *t = l->trackers; t < l->trackers + l->o.trackers; t++) {
		if (!t->part->dialect->udp || t->state != WAITING || now_ns - t->began_ns < AGAIN_MS * 1000000LL)
			continue;
		send_frame(l, t);
		l->result.again++;
	}
}

static bool over(const struct load *l, int64_t duration_ms)
{
	return l->left <= 0 || (duration_ms && clock_mono_ns() - l->begun_ns >= duration_ms * 1000000);
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void sum_up(struct load *l, struct load_result *ret)
{
	size_t n = l->acks_n;

	*ret = l->result;
	ret->seconds = (double)(l->heard_ns - l->begun_ns) / 1e9;
	if (n == 0)
		return;
	qsort(l->acks_ms, n, sizeof *l->acks_ms, compare);
	ret->ack_p50_ms = (double)l->acks_ms[n / 2];
	ret->ack_p99_ms = (double)l->acks_ms[n - 1 - n / 100];
}

static void begin(struct load *l, int64_t positions)
{
	l->result = (struct load_result){ 0 };
	l->acks_n = 0;
	l->turns = 0;
	l->left = positions ? positions : INT64_MAX;
	l->begun_ns = l->heard_ns = l->searched_ns = clock_mono_ns();
	for (size_t i = 0; l->o.period_ms == 0 && i < l->o.trackers; i++)
		if (!l->trackers[i].part->dialect->silent)
			send_next(l, &l->trackers[i]);
}

void load_play(struct load *l, int64_t positions, int64_t duration_ms, struct load_result *ret)
{
	begin(l, positions);
	while (!over(l, duration_ms)) {
		turn(l, l->o.period_ms ? TURN_MS : AGAIN_MS);
		if (l->o.period_ms)
			report_what_is_due(l);
		send_lost_again(l);
	}
	l->left = 0;
	while (l->waiting > 0) {
		turn(l, AGAIN_MS);
		send_lost_again(l);
	}
	sum_up(l, ret);
}

/* ---- life ---- */

static struct sockaddr_in loopback(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(address),
	};
}

static void log_in(struct load *l, struct tracker *t)
{
	const struct dialect *d = t->part->dialect;
	uint8_t login[DIALECT_LOGIN_MAX];
	char identifier[DIALECT_IDENTIFIER_MAX];

	t->state = READY;
	if (!d->login)
		return;
	put_identifier(l, t, identifier);
	send_bytes(l, t, login, d->login(login, sizeof login, identifier));
	if (d->silent)
		return;
	t->state = GREETING;
	l->greeting++;
}

static void open_tracker(struct load *l, struct tracker *t)
{
	bool udp = t->part->dialect->udp;
	struct sockaddr_in from = loopback(FIRST_ADDRESS + (uint32_t)number_of(l, t), 0);
	struct sockaddr_in to = loopback(INADDR_LOOPBACK, t->part->port);
	struct epoll_event event = { .events = EPOLLIN | (t->part->dialect->silent ? EPOLLOUT : 0), .data.ptr = t };

	t->fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (t->fd < 0 || bind(t->fd, (struct sockaddr *)&from, sizeof from) < 0)
		fail(l, t, "has no socket");
	if (!udp && setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) < 0)
		fail(l, t, "TCP_NODELAY");
	if (connect(t->fd, (struct sockaddr *)&to, sizeof to) < 0 || fcntl(t->fd, F_SETFL, O_NONBLOCK) < 0)
		fail(l, t, "cannot connect");
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, t->fd, &event) < 0)
		fail(l, t, "epoll_ctl");
	log_in(l, t);
}

struct load *load_open(const struct load_options *o)
{
	struct load *l = calloc(1, sizeof *l);

	if (!l || !(l->trackers = calloc(o->trackers, sizeof *l->trackers)))
		gateway_bench_die("no memory");
	l->o = *o;
	l->epoll = epoll_create1(0);
	for (size_t i = 0; i < o->trackers; i++) {
		l->trackers[i].part = &l->o.parts[i % o->parts_n];
		open_tracker(l, &l->trackers[i]);
		l->heard_ns = clock_mono_ns();
		while (l->greeting >= OPENING_MAX || (i + 1 == o->trackers && l->greeting > 0))
			turn(l, AGAIN_MS);
	}
	return l;
}

void load_close(struct load *l)
{
	for (size_t i = 0; i < l->o.trackers; i++)
		close(l->trackers[i].fd);
	close(l->epoll);
	free(l->acks_ms);
	free(l->trackers);
	free(l);
}
