/* Source: lib/socket/loop.c, address.c, endpoint.c, stream.c, stream_listener.c. Peers are plain blocking sockets. */
#include "socket/loop.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- a server of lines: echoes each, "close" closes, "hold" pauses until released ---- */

enum { CONNECTIONS = 64, LOOPS = 2 };

struct server {
	struct loop *loop[LOOPS];
	struct listener *listener[LOOPS];
	pthread_t thread[LOOPS];
	int loops;
	struct stream *_Atomic held;
	_Atomic int accepted, refused, closed;
	_Atomic int ends[STREAM_END_ERROR + 1];
	const char *_Atomic why;
	_Atomic int refuse_all;
};

static struct server server; /* Check forks: each test has its own */

static size_t on_line(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	size_t used = 0;

	ck_assert_ptr_eq(user, &server);
	while (used < n && !stream_paused(s)) {
		const uint8_t *line = bytes + used, *end = memchr(line, '\n', n - used);
		if (!end)
			break;
		size_t len = (size_t)(end - line) + 1;
		used += len;
		if (len == 6 && !memcmp(line, "close\n", 6)) {
			stream_close(s);
			ck_assert_int_eq(stream_write(s, "x", 1), -EPIPE);
			return used;
		}
		if (len == 5 && !memcmp(line, "hold\n", 5)) {
			stream_pause(s);
			server.held = s;
		} else if (len == 4 && !memcmp(line, "big\n", 4)) {
			static uint8_t big[4 << 20];
			if (stream_write(s, big, sizeof big) < 0)
				return used;
		} else if (stream_write(s, line, len) < 0) {
			return used;
		}
	}
	return used;
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	(void)s;
	ck_assert_ptr_eq(user, &server);
	server.ends[end]++;
	server.closed++;
}

static void *on_accepted(void *owner, struct stream *s, const char *remote)
{
	(void)s;
	ck_assert_str_eq(remote, "127.0.0.1");
	if (server.refuse_all)
		return NULL;
	server.accepted++;
	return owner;
}

static void on_refused(void *owner, const char *why)
{
	ck_assert_ptr_eq(owner, &server);
	server.why = why;
	server.refused++;
}

static const struct stream_events events = { .data = on_line, .closed = on_closed };

static struct listener_options options(void)
{
	return (struct listener_options){
		.address = "127.0.0.1",
		.backlog = 64,
		.connections_max = CONNECTIONS,
		.read_max = 1024,
		.write_max = 8 << 20,
		.accepted = on_accepted,
		.refused = on_refused,
		.owner = &server,
		.events = &events,
	};
}

static void *turn(void *loop)
{
	ck_assert_int_eq(loop_run(loop), 0);
	return NULL;
}

static void start(int loops, struct listener_options o)
{
	server.loops = loops;
	for (int i = 0; i < loops; i++) {
		ck_assert_int_eq(loop_open(&server.loop[i]), 0);
		ck_assert_int_eq(listener_open(&server.listener[i], server.loop[i], &o), 0);
		o.port = listener_port(server.listener[i]);
	}
	for (int i = 0; i < loops; i++)
		ck_assert_int_eq(pthread_create(&server.thread[i], NULL, turn, server.loop[i]), 0);
}

static void stop(void)
{
	for (int i = 0; i < server.loops; i++) {
		loop_stop(server.loop[i]);
		pthread_join(server.thread[i], NULL);
		loop_close(server.loop[i]);
	}
	ck_assert_int_eq(server.closed, server.accepted);
}

/* @receives: bytes of the receive buffer; 0: as the kernel likes, which may be more than a test writes. */
static int dial_with(int receives)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(listener_port(server.listener[0])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	if (receives)
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receives, sizeof receives), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 }, sizeof(struct timeval)), 0);
	return fd;
}

static int dial(void)
{
	return dial_with(0);
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
	char got[4096];
	size_t want = strlen(text), n = 0;

	while (n < want) {
		ssize_t r = recv(fd, got + n, want - n, 0);
		ck_assert_int_gt(r, 0);
		n += (size_t)r;
	}
	ck_assert_mem_eq(got, text, want);
}

/* The peer said FIN or reset. */
static void expect_end(int fd)
{
	char c;
	ck_assert_int_le(recv(fd, &c, 1, 0), 0);
	ck_assert_int_ne(errno, EAGAIN);
}

static void await(_Atomic int *value, int at_least)
{
	for (int i = 0; i < 1000 && *value < at_least; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	ck_assert_int_ge(*value, at_least);
}

/* ---- the loop ---- */

static struct loop *the_loop;
static int order[100], ordered;
static pthread_t post_thread;

static void note(void *arg)
{
	order[ordered++] = (int)(intptr_t)arg;
	post_thread = pthread_self();
	if (ordered == 100)
		loop_stop(the_loop);
}

START_TEST(posts_run_in_order_on_the_loops_thread)
{
	pthread_t t;

	ck_assert_int_eq(loop_open(&the_loop), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, turn, the_loop), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(loop_post(the_loop, note, (void *)(intptr_t)i), 0);
	pthread_join(t, NULL);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(order[i], i);
	ck_assert(pthread_equal(post_thread, t));
	loop_close(the_loop);
}
END_TEST

static void count_call(void *arg)
{
	++*(int *)arg;
}

START_TEST(posts_left_are_made_at_close)
{
	int calls = 0;

	ck_assert_int_eq(loop_open(&the_loop), 0);
	ck_assert_int_eq(loop_post(the_loop, count_call, &calls), 0);
	loop_close(the_loop);
	ck_assert_int_eq(calls, 1);
}
END_TEST

static int ticks, reads, event_fd;
static struct loop_timer *timer;
static struct loop_watch *watch;

static void on_readable(void *arg)
{
	uint64_t v;

	ck_assert_ptr_eq(arg, &event_fd);
	ck_assert_int_eq(read(event_fd, &v, sizeof v), sizeof v);
	reads++;
	loop_watch_close(watch);
	loop_stop(the_loop);
}

static void on_tick(void *arg)
{
	ck_assert_ptr_eq(arg, &ticks);
	if (++ticks == 3) {
		loop_timer_close(timer);
		ck_assert_int_eq(eventfd_write(event_fd, 1), 0);
	}
}

START_TEST(timers_and_watches)
{
	event_fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(loop_open(&the_loop), 0);
	ck_assert_int_eq(loop_every(the_loop, 0, on_tick, &ticks, &timer), -EINVAL);
	ck_assert_int_eq(loop_every(the_loop, 5, on_tick, &ticks, &timer), 0);
	ck_assert_int_eq(loop_watch(the_loop, event_fd, on_readable, &event_fd, &watch), 0);
	int64_t before = loop_now_ms(the_loop);
	ck_assert_int_eq(loop_run(the_loop), 0);
	ck_assert_int_eq(ticks, 3);
	ck_assert_int_eq(reads, 1);
	ck_assert_int_ge(loop_now_ms(the_loop) - before, 15);
	loop_close(the_loop);
	close(event_fd);
}
END_TEST

/* ---- streams ---- */

START_TEST(frames_come_whole_however_they_are_cut)
{
	start(1, options());
	int fd = dial();
	for (const char *p = "split into bytes\n"; *p; p++)
		ck_assert_int_eq(send(fd, p, 1, 0), 1);
	expect(fd, "split into bytes\n");
	say(fd, "one\ntwo\nthree\nfo");
	expect(fd, "one\ntwo\nthree\n");
	say(fd, "ur\n");
	expect(fd, "four\n");
	close(fd);
	await(&server.ends[STREAM_END_PEER], 1);
	stop();
}
END_TEST

static void release(void *arg)
{
	(void)arg;
	stream_resume(server.held);
}

START_TEST(a_pause_keeps_what_came_and_resume_brings_it)
{
	start(1, options());
	int fd = dial();
	say(fd, "a\nhold\nb\nhold\nc\n");
	shutdown(fd, SHUT_WR); /* kept frames come before the end */
	expect(fd, "a\n");
	for (int i = 0; i < 2; i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ck_assert_int_eq(poll(&p, 1, 50), 0);
		ck_assert_int_eq(loop_post(server.loop[0], release, NULL), 0);
		expect(fd, i == 0 ? "b\n" : "c\n");
	}
	expect_end(fd);
	close(fd);
	await(&server.ends[STREAM_END_PEER], 1);
	stop();
}
END_TEST

START_TEST(a_paused_peer_is_pushed_back)
{
	static const char lines[1 << 16];
	size_t sent = 0;

	start(1, options());
	int fd = dial();
	say(fd, "hold\n");
	await(&server.accepted, 1);
	for (ssize_t n; sent < (64u << 20) && (n = send(fd, lines, sizeof lines, MSG_DONTWAIT)) >= 0; sent += (size_t)n)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_lt(sent, 64u << 20);
	ck_assert_int_eq(server.closed, 0);
	close(fd);
	stop();
}
END_TEST

START_TEST(a_slow_reader_gets_all_of_it)
{
	static uint8_t got[1 << 16];
	size_t n = 0;

	start(1, options());
	int fd = dial();
	say(fd, "big\nclose\n");
	for (ssize_t r; (r = recv(fd, got, sizeof got, 0)) > 0; n += (size_t)r)
		if (n < (1 << 20))
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert_uint_eq(n, 4 << 20);
	close(fd);
	await(&server.ends[STREAM_END_US], 1);
	stop();
}
END_TEST

START_TEST(the_last_answer_is_not_lost_to_a_reset)
{
	struct timespec pause = { .tv_nsec = 20000000 };

	start(1, options());
	int fd = dial();
	say(fd, "bye\nclose\nmore\n");
	nanosleep(&pause, NULL);
	say(fd, "and more\n"); /* to a closed socket this would be answered by RST */
	nanosleep(&pause, NULL);
	expect(fd, "bye\n");
	expect_end(fd);
	close(fd);
	await(&server.ends[STREAM_END_US], 1);
	stop();
}
END_TEST

START_TEST(bounds_of_bytes)
{
	struct listener_options o = options();
	static char line[2048];

	o.write_max = 1 << 16;
	start(1, o);
	int fd = dial();
	memset(line, 'x', 1023);
	say(fd, line);
	say(fd, "\n"); /* read_max with the newline */
	strcat(line, "\n");
	expect(fd, line);
	memset(line, 'x', 1024);
	say(fd, line);
	expect_end(fd);
	close(fd);
	await(&server.ends[STREAM_END_FRAME], 1);

	fd = dial_with(4096);
	say(fd, "big\n");
	await(&server.ends[STREAM_END_SLOW], 1);
	close(fd);
	stop();
}
END_TEST

START_TEST(bounds_of_connections)
{
	struct listener_options o = options();
	int fd[4];

	o.connections_max = 3;
	start(1, o);
	for (int i = 0; i < 3; i++) {
		fd[i] = dial();
		say(fd[i], "hello\n");
		expect(fd[i], "hello\n");
	}
	fd[3] = dial();
	expect_end(fd[3]);
	await(&server.refused, 1);
	ck_assert_str_eq(server.why, "connections");
	close(fd[0]); /* makes room */
	await(&server.closed, 1);
	int again = dial();
	say(again, "hello\n");
	expect(again, "hello\n");
	for (int i = 1; i < 4; i++)
		close(fd[i]);
	close(again);
	stop();
}
END_TEST

START_TEST(bounds_by_address)
{
	struct listener_options o = options();
	o.connections_per_address = 1;
	start(1, o);

	for (int round = 0; round < 3; round++) {
		int fd = dial();
		say(fd, "hello\n");
		expect(fd, "hello\n");
		int second = dial();
		expect_end(second);
		await(&server.refused, round + 1);
		ck_assert_str_eq(server.why, "address");
		close(second);
		close(fd);
		await(&server.closed, round + 1);
	}
	ck_assert_int_eq(server.refused, 3);
	server.refuse_all = 1;
	int fd = dial();
	expect_end(fd);
	await(&server.refused, 4);
	ck_assert_str_eq(server.why, "owner");
	close(fd);
	stop();
}
END_TEST

START_TEST(the_idle_go_and_so_do_those_who_only_trickle)
{
	struct listener_options o = options();
	o.idle_ms = 150;
	start(1, o);
	int idle = dial(), trickle = dial(), busy = dial(), held = dial();

	say(held, "hold\n");
	for (int i = 0; i < 40; i++) {
		send(trickle, "x", 1, MSG_NOSIGNAL);
		say(busy, "y\n");
		expect(busy, "y\n");
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	await(&server.ends[STREAM_END_IDLE], 2);
	expect_end(idle);
	expect_end(trickle);
	say(busy, "still here\n");
	expect(busy, "still here\n");
	ck_assert_int_eq(
		loop_post(server.loop[0], release, NULL), 0); /* a paused one is not idle: it is we who do not read */
	say(held, "me too\n");
	expect(held, "me too\n");
	close(idle), close(trickle), close(busy), close(held);
	stop();
}
END_TEST

START_TEST(loops_share_a_port)
{
	int fd[32];

	start(2, options());
	ck_assert_uint_eq(listener_port(server.listener[0]), listener_port(server.listener[1]));
	for (int i = 0; i < 32; i++) {
		fd[i] = dial();
		say(fd[i], "hello\n");
		expect(fd[i], "hello\n");
	}
	size_t n = listener_connections(server.listener[0]);
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 32);
	ck_assert_uint_eq(listener_connections(server.listener[1]), 32 - n);
	stop(); /* with all of them open */
	for (int i = 0; i < 32; i++) {
		expect_end(fd[i]);
		close(fd[i]);
	}
	ck_assert_int_eq(server.ends[STREAM_END_US], 32);
}
END_TEST

static void stop_listening(void *arg)
{
	(void)arg;
	listener_close(server.listener[0]);
	server.refused = 1; /* seen by the test */
}

START_TEST(a_closed_listener_leaves_its_streams)
{
	start(1, options());
	int fd = dial();
	say(fd, "hello\n");
	expect(fd, "hello\n");
	ck_assert_int_eq(loop_post(server.loop[0], stop_listening, NULL), 0);
	await(&server.refused, 1);
	say(fd, "and now\n");
	expect(fd, "and now\n");
	close(fd);
	await(&server.closed, 1);
	stop();
}
END_TEST

START_TEST(what_cannot_be_listened_on)
{
	struct listener_options o = options();
	struct listener *ls = NULL;

	ck_assert_int_eq(loop_open(&the_loop), 0);
	o.address = "nonsense";
	ck_assert_int_eq(listener_open(&ls, the_loop, &o), -EINVAL);
	o.address = "192.0.2.1";
	ck_assert_int_eq(listener_open(&ls, the_loop, &o), -EADDRNOTAVAIL);
	o.address = "127.0.0.1";
	o.read_max = 0;
	ck_assert_int_eq(listener_open(&ls, the_loop, &o), -EINVAL);
	ck_assert_ptr_null(ls);

	/* somebody else's port, who does not share it */
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &(socklen_t){ sizeof at }), 0);
	o = options();
	o.port = ntohs(at.sin_port);
	ck_assert_int_eq(listener_open(&ls, the_loop, &o), -EADDRINUSE);
	close(fd);
	loop_close(the_loop);
}
END_TEST

/* ---- clients ---- */

static int connect_result = 1, client_closed;

static void on_connected(struct stream *s, void *user, int r)
{
	ck_assert_ptr_eq(user, &connect_result);
	connect_result = r;
	if (r == 0)
		ck_assert_int_eq(stream_write(s, "ping\n", 5), 0);
	else
		loop_stop(the_loop);
}

static size_t on_echo(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	(void)user;
	if (n < 5)
		return 0;
	ck_assert_mem_eq(bytes, "ping\n", 5);
	stream_close(s);
	return 5;
}

static void on_client_closed(struct stream *s, void *user, enum stream_end end)
{
	(void)s, (void)user;
	ck_assert_int_eq(end, STREAM_END_US);
	client_closed++;
	loop_stop(the_loop);
}

START_TEST(a_client_stream)
{
	static const struct stream_events client = { .data = on_echo, .closed = on_client_closed };
	struct stream *s;

	start(1, options());
	ck_assert_int_eq(loop_open(&the_loop), 0);
	uint16_t port = listener_port(server.listener[0]);
	ck_assert_int_eq(
		stream_connect(&s, the_loop, "127.0.0.1", port, &client, 64, on_connected, &connect_result), 0);
	ck_assert_int_eq(loop_run(the_loop), 0);
	ck_assert_int_eq(connect_result, 0);
	ck_assert_int_eq(client_closed, 1);
	stop();

	ck_assert_int_eq(
		stream_connect(&s, the_loop, "127.0.0.1", port, &client, 64, on_connected, &connect_result), 0);
	ck_assert_int_eq(loop_run(the_loop), 0);
	ck_assert_int_eq(connect_result, -ECONNREFUSED);
	ck_assert_int_eq(client_closed, 1);
	loop_close(the_loop);
}
END_TEST

/* ---- without memory ---- */

static void ignore_call(void *arg)
{
	(void)arg;
}

START_TEST(opening_without_memory)
{
	struct listener_options o = options();

	o.connections_per_address = 5;
	event_fd = eventfd(0, EFD_NONBLOCK);
	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct loop *l = NULL;
		struct listener *ls = NULL;
		int r = loop_open(&l);
		if (r == 0)
			r = listener_open(&ls, l, &o);
		if (r == 0)
			r = loop_every(l, 1000, ignore_call, NULL, &timer);
		if (r == 0)
			r = loop_watch(l, event_fd, ignore_call, NULL, &watch);
		if (r == 0)
			r = loop_post(l, ignore_call, NULL);
		bool happened = failing_alloc_happened();
		loop_close(l);
		ck_assert_int_eq(r, happened ? -ENOMEM : 0);
	}
	close(event_fd);
}
END_TEST

/* The same as above without assertions, for Check allocates at each. */
static size_t echo(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	const uint8_t *end = memchr(bytes, '\n', n);

	(void)user;
	return end && stream_write(s, bytes, (size_t)(end - bytes) + 1) == 0 ? (size_t)(end - bytes) + 1 : 0;
}

static void count_closed(struct stream *s, void *user, enum stream_end end)
{
	(void)s, (void)user, (void)end;
	server.closed++;
}

static void *count_accepted(void *owner, struct stream *s, const char *remote)
{
	(void)s, (void)remote;
	server.accepted++;
	return owner;
}

/* Whatever allocation fails in serving a connection, that connection ends or is served, and the next one is served. */
START_TEST(serving_without_memory)
{
	static const struct stream_events quiet = { .data = echo, .closed = count_closed };
	struct listener_options o = options();
	char c[8];

	o.accepted = count_accepted;
	o.refused = NULL;
	o.events = &quiet;
	o.connections_per_address = 5;
	o.idle_ms = 80; /* how often a socket that found no memory is tried again */
	start(1, o);
	for (size_t n = 1; n <= 6; n++) {
		int fd = dial();
		failing_alloc_at(n);
		send(fd, "hel", 3, MSG_NOSIGNAL);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		send(fd, "lo\n", 3, MSG_NOSIGNAL);
		ssize_t got = recv(fd, c, sizeof c, 0);
		failing_alloc_at(0);
		ck_assert_msg(got <= 0 || (got == 6 && !memcmp(c, "hello\n", 6)), "%zd bytes", got);
		close(fd);
		fd = dial();
		say(fd, "again\n");
		expect(fd, "again\n");
		close(fd);
	}
	await(&server.closed, server.accepted);
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("loop");
	TCase *loop = tcase_create("loop"), *stream = tcase_create("stream");

	tcase_add_test(loop, posts_run_in_order_on_the_loops_thread);
	tcase_add_test(loop, posts_left_are_made_at_close);
	tcase_add_test(loop, timers_and_watches);
	suite_add_tcase(s, loop);

	tcase_set_timeout(stream, 30);
	tcase_add_test(stream, frames_come_whole_however_they_are_cut);
	tcase_add_test(stream, a_pause_keeps_what_came_and_resume_brings_it);
	tcase_add_test(stream, a_paused_peer_is_pushed_back);
	tcase_add_test(stream, a_slow_reader_gets_all_of_it);
	tcase_add_test(stream, the_last_answer_is_not_lost_to_a_reset);
	tcase_add_test(stream, bounds_of_bytes);
	tcase_add_test(stream, bounds_of_connections);
	tcase_add_test(stream, bounds_by_address);
	tcase_add_test(stream, the_idle_go_and_so_do_those_who_only_trickle);
	tcase_add_test(stream, loops_share_a_port);
	tcase_add_test(stream, a_closed_listener_leaves_its_streams);
	tcase_add_test(stream, what_cannot_be_listened_on);
	tcase_add_test(stream, a_client_stream);
	tcase_add_test(stream, opening_without_memory);
	tcase_add_test(stream, serving_without_memory);
	suite_add_tcase(s, stream);
	return s;
}

UNIT_MAIN(suite)
