#include "service/probe.h"
#include "service/service.h"
#include "base/clock.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of one connection, on any free port of every address. */
struct server {
	int listener;
	uint16_t port;
	const char *answer;
	bool dribbles; /* the answer never ends: a byte now and then */
	char request[512];
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->listener, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	for (size_t n = 0; !strstr(s->request, "\r\n\r\n");) {
		ssize_t r = recv(fd, s->request + n, sizeof s->request - 1 - n, 0);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	(void)!write(fd, s->answer, strlen(s->answer));
	while (s->dribbles && write(fd, "x", 1) == 1)
		usleep(50000);
	close(fd);
	return NULL;
}

static struct server *start(const char *answer)
{
	static struct server s;
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof a;

	s = (struct server){ .listener = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
	ck_assert_int_eq(bind(s.listener, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(s.listener, 4), 0);
	ck_assert_int_eq(getsockname(s.listener, (struct sockaddr *)&a, &size), 0);
	s.port = ntohs(a.sin_port);
	return &s;
}

static void run(struct server *s)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* What probe() gave, and what it said. */
static const char *said;

static int ask(const char *address, uint16_t port, const char *what)
{
	capture_begin(2);
	int r = probe("pettrack-x", address, port, what);
	said = capture_end(2);
	return r;
}

START_TEST(a_program_that_is_well)
{
	static const char *const addresses[] = { "127.0.0.1", "0.0.0.0", "localhost" };
	struct server *s = start("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}");

	run(s);
	ck_assert_int_eq(ask(addresses[_i], s->port, "healthz"), 0);
	ck_assert_str_eq(said, "");
	pthread_join(s->thread, NULL);
	ck_assert_msg(!strncmp(s->request, "GET /healthz HTTP/1.0\r\n", 23), "asked: %s", s->request);
}
END_TEST

START_TEST(one_that_is_not_says_why)
{
	struct server *s = start("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\r\n"
				 "{\"status\":\"failing\",\"checks\":{\"kafka\":\"no broker\"}}");

	run(s);
	ck_assert_int_eq(ask("127.0.0.1", s->port, "readyz"), SERVICE_E_FAILED);
	ck_assert_str_eq(said, "pettrack-x: readyz: HTTP/1.1 503 Service Unavailable\n"
			       "{\"status\":\"failing\",\"checks\":{\"kafka\":\"no broker\"}}\n");
	pthread_join(s->thread, NULL);
}
END_TEST

START_TEST(what_is_no_answer)
{
	static const char *const answers[] = { "", "HTTP/1.1", "HTTP/1.1 twenty", "SSH-2.0-OpenSSH\r\n\r\n" };
	struct server *s = start(answers[_i]);

	run(s);
	ck_assert_int_eq(ask("127.0.0.1", s->port, "readyz"), SERVICE_E_FAILED);
	ck_assert_str_eq(said, "pettrack-x: readyz: what answers does not speak HTTP\n");
	pthread_join(s->thread, NULL);
}
END_TEST

START_TEST(an_answer_too_long_is_cut)
{
	static char answer[64 * 1024] = "HTTP/1.1 503 Busy\r\n\r\n";
	struct server *s = start(answer);

	memset(answer + strlen(answer), 'x', sizeof answer - 1 - strlen(answer));
	run(s);
	ck_assert_int_eq(ask("127.0.0.1", s->port, "readyz"), SERVICE_E_FAILED);
	ck_assert_uint_lt(strlen(said), 32 * 1024);
	pthread_join(s->thread, NULL);
}
END_TEST

START_TEST(nobody_there)
{
	struct server *s = start("");

	close(s->listener);
	ck_assert_int_eq(ask("0.0.0.0", s->port, "healthz"), SERVICE_E_FAILED);
	ck_assert_ptr_nonnull(strstr(said, "pettrack-x: healthz: 127.0.0.1 port "));
	ck_assert_ptr_nonnull(strstr(said, "Connection refused"));
}
END_TEST

/* However a program hangs, whoever asks has an answer in time: no word at all, or one without an end. */
START_TEST(the_time_is_bounded)
{
	struct server *s = start(_i ? "HTTP/1.1 200 OK\r\n\r\n" : "");
	int64_t began_ms = clock_mono_ms();

	s->dribbles = true;
	if (_i)
		run(s);
	ck_assert_int_eq(ask("127.0.0.1", s->port, "healthz"), SERVICE_E_FAILED);
	ck_assert_ptr_nonnull(strstr(said, "timed out"));
	ck_assert_int_lt(clock_mono_ms() - began_ms, 20000);
	close(s->listener);
}
END_TEST

START_TEST(what_can_be_asked)
{
	ck_assert(probe_knows("healthz"));
	ck_assert(probe_knows("readyz"));
	ck_assert(!probe_knows("metrics"));
	ck_assert(!probe_knows(""));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("probe");
	TCase *c = tcase_create("probe");

	tcase_set_timeout(c, 30);
	tcase_add_loop_test(c, a_program_that_is_well, 0, 3);
	tcase_add_test(c, one_that_is_not_says_why);
	tcase_add_loop_test(c, what_is_no_answer, 0, 4);
	tcase_add_test(c, an_answer_too_long_is_cut);
	tcase_add_test(c, nobody_there);
	tcase_add_loop_test(c, the_time_is_bounded, 0, 2);
	tcase_add_test(c, what_can_be_asked);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
