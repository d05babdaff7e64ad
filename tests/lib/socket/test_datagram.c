/*
 * Source: lib/socket/datagram.c, endpoint.c. Peers are plain blocking sockets: what they send waits in the kernel until the loop
 * turns, and what they are sent until they read.
 */
#include "socket/datagram.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_MAX = 2000, LARGEST = 65507, BURST = 100 };

/* A socket under test, its owner, and what it has heard. */
struct station {
	struct loop *loop;
	struct datagram_socket *socket;
	size_t wanted; /* stops the loop when as many have come */
	bool echoes, closes;
	size_t came, bytes, cut, lost;
	struct datagram_peer peer; /* of the last one */
	char address[ADDRESS_TEXT_SIZE];
	uint8_t first[BURST]; /* each one's first byte */
	int error;
};

static struct station server; /* Check forks: each test has its own */

/* The test's own uv_udp_try_send(), so that the kernel can be full at will. */
static bool kernel_full;
int __real_uv_udp_try_send(void *handle, const void *bufs, unsigned n, const struct sockaddr *to);
int __wrap_uv_udp_try_send(void *handle, const void *bufs, unsigned n, const struct sockaddr *to);
int __wrap_uv_udp_try_send(void *handle, const void *bufs, unsigned n, const struct sockaddr *to)
{
	return kernel_full ? -EAGAIN : __real_uv_udp_try_send(handle, bufs, n, to);
}

static void on_received(void *owner, const struct datagram *d)
{
	struct station *s = owner;

	ck_assert_uint_le(d->n, RECEIVE_MAX);
	if (s->came < BURST)
		s->first[s->came] = d->n > 0 ? d->bytes[0] : 0;
	s->came++;
	s->bytes += d->n;
	s->cut += d->cut;
	s->peer = *d->peer;
	struct address from = datagram_peer_address(d->peer);
	address_format(s->address, &from);
	if (s->echoes && !datagram_send(s->socket, d->peer, d->bytes, d->n))
		s->lost++;
	if (s->closes)
		datagram_close(s->socket);
	if (s->came == s->wanted)
		loop_stop(s->loop);
}

static void on_failed(void *owner, int error)
{
	struct station *s = owner;

	s->error = error;
	loop_stop(s->loop);
}

static struct datagram_options options(struct station *s)
{
	return (struct datagram_options){
		.receive_max = RECEIVE_MAX,
		.send_max = 1000,
		.received = on_received,
		.failed = on_failed,
		.owner = s,
	};
}

static void open_server(const char *address)
{
	const struct datagram_options o = options(&server);

	ck_assert_int_eq(loop_open(&server.loop), 0);
	ck_assert_int_eq(datagram_bind(&server.socket, server.loop, address, 0, &o), 0);
	ck_assert_uint_ne(datagram_port(server.socket), 0);
}

/* Turns until @n datagrams have come. */
static void await(struct station *s, size_t n)
{
	s->wanted = n;
	ck_assert_int_eq(loop_run(s->loop), 0);
	ck_assert_uint_eq(s->came, n);
}

static int peer(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(datagram_port(server.socket)) };
	const struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static void say(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, 0), (ssize_t)n);
}

static void expect(int fd, const void *bytes, size_t n)
{
	uint8_t got[LARGEST];

	ck_assert_int_eq(recv(fd, got, sizeof got, 0), (ssize_t)n);
	ck_assert_mem_eq(got, bytes, n);
}

/* ---- a server ---- */

START_TEST(what_came_and_from_where)
{
	open_server("127.0.0.1");
	server.echoes = true;
	int a = peer(), b = peer();
	say(a, "from a", 6);
	say(b, "", 0);
	say(b, "from b", 6);
	await(&server, 3);
	ck_assert_str_eq(server.address, "127.0.0.1");
	ck_assert_uint_eq(server.bytes, 12);
	expect(a, "from a", 6);
	expect(b, "", 0);
	expect(b, "from b", 6);
	ck_assert_uint_eq(server.lost + server.cut, 0);
	close(a);
	close(b);
	loop_close(server.loop);
}
END_TEST

/* More than one system call reads. */
START_TEST(a_burst_keeps_its_order)
{
	open_server("127.0.0.1");
	server.echoes = true;
	int fd = peer();
	for (int i = 0; i < BURST; i++)
		say(fd, &(uint8_t){ (uint8_t)i }, 1);
	await(&server, BURST);
	for (int i = 0; i < BURST; i++) {
		ck_assert_uint_eq(server.first[i], (unsigned)i);
		expect(fd, &(uint8_t){ (uint8_t)i }, 1);
	}
	close(fd);
	loop_close(server.loop);
}
END_TEST

START_TEST(a_datagram_that_is_too_large_is_cut)
{
	static const uint8_t large[LARGEST];

	open_server("127.0.0.1");
	int fd = peer();
	say(fd, large, RECEIVE_MAX);
	await(&server, 1);
	ck_assert_uint_eq(server.cut, 0);
	say(fd, large, RECEIVE_MAX + 1);
	await(&server, 2);
	ck_assert_uint_eq(server.cut, 1);
	say(fd, large, LARGEST);
	say(fd, large, 1);
	await(&server, 4);
	ck_assert_uint_eq(server.cut, 2);
	ck_assert_uint_eq(server.bytes, 3 * RECEIVE_MAX + 1);
	close(fd);
	loop_close(server.loop);
}
END_TEST

START_TEST(ipv4_on_a_socket_of_both)
{
	open_server("[::]");
	server.echoes = true;
	int fd = peer();
	say(fd, "four", 4);
	await(&server, 1);
	ck_assert_str_eq(server.address, "127.0.0.1");
	expect(fd, "four", 4);
	close(fd);
	loop_close(server.loop);
}
END_TEST

START_TEST(nothing_comes_once_it_is_deaf_but_it_still_speaks)
{
	open_server("127.0.0.1");
	int fd = peer();
	say(fd, "heard", 5);
	await(&server, 1);
	datagram_deafen(server.socket);
	say(fd, "unheard", 7);
	ck_assert(datagram_send(server.socket, &server.peer, "goodbye", 7));
	expect(fd, "goodbye", 7);
	loop_stop(server.loop);
	await(&server, 1);
	close(fd);
	loop_close(server.loop);
}
END_TEST

START_TEST(nothing_comes_once_it_is_closed)
{
	open_server("127.0.0.1");
	server.closes = true;
	int fd = peer();
	for (int i = 0; i < 3; i++)
		say(fd, "x", 1);
	await(&server, 1);
	close(fd);
	loop_close(server.loop);
	ck_assert_uint_eq(server.came, 1);
	datagram_close(NULL);
}
END_TEST

START_TEST(what_the_kernel_does_not_take_waits_within_a_bound)
{
	uint8_t bytes[300] = { 0 };

	open_server("127.0.0.1");
	int fd = peer();
	say(fd, "x", 1);
	await(&server, 1);
	kernel_full = true;
	for (int i = 0; i < 3; i++) {
		bytes[0] = (uint8_t)i;
		ck_assert(datagram_send(server.socket, &server.peer, bytes, sizeof bytes));
	}
	ck_assert(!datagram_send(server.socket, &server.peer, bytes, sizeof bytes)); /* 1000 are the bound */
	ck_assert(datagram_send(server.socket, &server.peer, bytes, 100));
	ck_assert(!datagram_send(server.socket, &server.peer, bytes, 1));
	kernel_full = false;
	say(fd, "x", 1);
	await(&server, 2);
	for (int i = 0; i < 3; i++) {
		bytes[0] = (uint8_t)i;
		expect(fd, bytes, sizeof bytes);
	}
	expect(fd, bytes, 100);
	ck_assert(datagram_send(server.socket, &server.peer, "again", 5));
	expect(fd, "again", 5);
	close(fd);
	loop_close(server.loop);
}
END_TEST

START_TEST(what_cannot_be_sent_is_dropped)
{
	const struct datagram_peer nobody = { .v4 = { .sin_family = AF_INET } }; /* port 0 */

	open_server("127.0.0.1");
	ck_assert(!datagram_send(server.socket, &nobody, "x", 1));
	loop_close(server.loop);
}
END_TEST

START_TEST(what_was_not_read_in_time_is_counted)
{
	struct datagram_options o = options(&server);
	uint8_t bytes[RECEIVE_MAX] = { 0 };

	o.receive_buffer = 8192;
	ck_assert_int_eq(loop_open(&server.loop), 0);
	ck_assert_int_eq(datagram_bind(&server.socket, server.loop, "127.0.0.1", 0, &o), 0);
	ck_assert_uint_eq(datagram_missed(server.socket), 0);
	int fd = peer();
	for (int i = 0; i < BURST; i++)
		say(fd, bytes, sizeof bytes);
	uint32_t missed = datagram_missed(server.socket);
	ck_assert_uint_gt(missed, 0);
	ck_assert_uint_lt(missed, BURST);
	await(&server, BURST - missed);
	close(fd);
	loop_close(server.loop);
}
END_TEST

/* ---- several loops on a port ---- */

static void *turn(void *loop)
{
	ck_assert_int_eq(loop_run(loop), 0);
	return NULL;
}

START_TEST(one_peers_datagrams_come_to_one_of_the_loops)
{
	enum { PEERS = 64, EACH = 10 };
	struct station other = { .echoes = true };
	struct datagram_options o = options(&other);
	pthread_t threads[2];
	int fds[PEERS];

	open_server("127.0.0.1");
	server.echoes = true;
	ck_assert_int_eq(loop_open(&other.loop), 0);
	ck_assert_int_eq(datagram_bind(&other.socket, other.loop, "127.0.0.1", datagram_port(server.socket), &o), 0);
	ck_assert_int_eq(pthread_create(&threads[0], NULL, turn, server.loop), 0);
	ck_assert_int_eq(pthread_create(&threads[1], NULL, turn, other.loop), 0);
	for (int i = 0; i < PEERS; i++) {
		fds[i] = peer();
		for (int k = 0; k < EACH; k++) {
			say(fds[i], &i, sizeof i);
			expect(fds[i], &i, sizeof i);
		}
		close(fds[i]);
	}
	loop_stop(server.loop);
	loop_stop(other.loop);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(server.came + other.came, (size_t)PEERS * EACH);
	ck_assert_uint_gt(server.came, 0);
	ck_assert_uint_gt(other.came, 0);
	ck_assert_uint_eq(server.came % EACH, 0);
	loop_close(server.loop);
	loop_close(other.loop);
}
END_TEST

START_TEST(a_port_that_somebody_else_has)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const struct datagram_options o = options(&server);
	struct datagram_socket *s = NULL;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &(socklen_t){ sizeof at }), 0);
	ck_assert_int_eq(loop_open(&server.loop), 0);
	ck_assert_int_eq(datagram_bind(&s, server.loop, "127.0.0.1", ntohs(at.sin_port), &o), -EADDRINUSE);
	ck_assert_ptr_null(s);
	close(fd);

	/* And nobody else takes it away. */
	ck_assert_int_eq(datagram_bind(&s, server.loop, "127.0.0.1", ntohs(at.sin_port), &o), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	close(fd);
	loop_close(server.loop);
}
END_TEST

/* ---- a client ---- */

START_TEST(a_client_and_its_server)
{
	struct station client = { 0 };
	struct datagram_options o = options(&client);

	open_server("127.0.0.1");
	server.echoes = true;
	client.loop = server.loop;
	ck_assert_int_eq(
		datagram_connect(&client.socket, client.loop, "localhost", datagram_port(server.socket), &o), 0);
	ck_assert(datagram_send(client.socket, NULL, "hello", 5));
	await(&client, 1);
	ck_assert_uint_eq(client.bytes, 5);
	ck_assert_uint_eq(client.first[0], 'h');
	ck_assert_str_eq(client.address, "127.0.0.1");
	ck_assert_uint_eq(server.came, 1);
	loop_close(server.loop);
}
END_TEST

START_TEST(a_client_hears_that_nobody_is_there)
{
	struct station client = { 0 };
	struct datagram_options o = options(&client);

	open_server("127.0.0.1");
	uint16_t port = datagram_port(server.socket);
	loop_close(server.loop);
	ck_assert_int_eq(loop_open(&client.loop), 0);
	ck_assert_int_eq(datagram_connect(&client.socket, client.loop, "127.0.0.1", port, &o), 0);
	ck_assert(datagram_send(client.socket, NULL, "hello", 5));
	ck_assert_int_eq(loop_run(client.loop), 0);
	ck_assert_int_eq(client.error, -ECONNREFUSED);
	ck_assert_uint_eq(client.came, 0);
	ck_assert(datagram_send(client.socket, NULL, "hello", 5)); /* it goes on */
	loop_close(client.loop);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(addresses_and_options_that_are_none)
{
	static const char *const addresses[] = { "", "localhost", "127.0.0.x", "[127.0.0.1",
		"::1::", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
	struct datagram_options o = options(&server);
	struct datagram_socket *s = NULL;

	ck_assert_int_eq(loop_open(&server.loop), 0);
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		ck_assert_int_eq(datagram_bind(&s, server.loop, addresses[i], 0, &o), -EINVAL);
	ck_assert_int_eq(datagram_bind(&s, server.loop, "192.0.2.1", 0, &o), -EADDRNOTAVAIL);
	ck_assert_int_eq(datagram_connect(&s, server.loop, "not a name", 1, &o), -EHOSTUNREACH);
	o.receive_max = 0;
	ck_assert_int_eq(datagram_bind(&s, server.loop, "127.0.0.1", 0, &o), -EINVAL);
	o = options(&server);
	o.received = NULL;
	ck_assert_int_eq(datagram_connect(&s, server.loop, "127.0.0.1", 1, &o), -EINVAL);
	ck_assert_ptr_null(s);
	loop_close(server.loop);
}
END_TEST

START_TEST(memory_may_be_out)
{
	struct datagram_options o = options(&server);

	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct datagram_socket *s = NULL;
		bool sent = false;
		int r = loop_open(&server.loop);

		if (r == 0) {
			r = datagram_connect(&s, server.loop, "127.0.0.1", 9, &o);
			kernel_full = true;
			sent = r == 0 && datagram_send(s, NULL, "x", 1);
			loop_close(server.loop);
		}
		bool failed = failing_alloc_happened();
		ck_assert(r == (failed ? -ENOMEM : 0) || (r == 0 && !sent));
		ck_assert(failed || sent);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("datagram");
	TCase *t = tcase_create("datagram");

	tcase_set_timeout(t, 20);
	tcase_add_test(t, what_came_and_from_where);
	tcase_add_test(t, a_burst_keeps_its_order);
	tcase_add_test(t, a_datagram_that_is_too_large_is_cut);
	tcase_add_test(t, ipv4_on_a_socket_of_both);
	tcase_add_test(t, nothing_comes_once_it_is_deaf_but_it_still_speaks);
	tcase_add_test(t, nothing_comes_once_it_is_closed);
	tcase_add_test(t, what_the_kernel_does_not_take_waits_within_a_bound);
	tcase_add_test(t, what_cannot_be_sent_is_dropped);
	tcase_add_test(t, what_was_not_read_in_time_is_counted);
	tcase_add_test(t, one_peers_datagrams_come_to_one_of_the_loops);
	tcase_add_test(t, a_port_that_somebody_else_has);
	tcase_add_test(t, a_client_and_its_server);
	tcase_add_test(t, a_client_hears_that_nobody_is_there);
	tcase_add_test(t, addresses_and_options_that_are_none);
	tcase_add_test(t, memory_may_be_out);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
