#include "tests/bench/gateway_bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 1024, EVENTS = 256, READ_SIZE = 4096, ANSWERS_MAX = 16 };

/* What the gateway says to OsmAnd, byte for byte of the same length. */
static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n";

static int listen_anywhere(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		gateway_bench_die("bare server: %s", strerror(errno));
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		_exit(1);
}

static void accept_all(int epoll, int listener)
{
	for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
		watch(epoll, fd);
}

/* How many requests end in what was read. The load's trackers send one at a time, each in one segment. */
static size_t count_requests(const char *bytes, size_t n)
{
	size_t ends = 0;

	for (const char *s = bytes; (s = memmem(s, (size_t)(bytes + n - s), "\r\n\r\n", 4)); s += 4)
		ends++;
	return ends < ANSWERS_MAX ? ends : ANSWERS_MAX;
}

static void serve(int fd)
{
	char bytes[READ_SIZE], out[ANSWERS_MAX * sizeof answer];
	ssize_t n = read(fd, bytes, sizeof bytes);
	size_t len = 0;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	for (size_t i = count_requests(bytes, (size_t)n); i > 0; i--) {
		memcpy(out + len, answer, sizeof answer - 1);
		len += sizeof answer - 1;
	}
	if (len > 0 && write(fd, out, len) < 0)
		close(fd);
}

static _Noreturn void run(int listener)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				serve(events[i].data.fd);
	}
}

void bare_start(struct gateway_program *ret)
{
	int listener;

	*ret = (struct gateway_program){ .ports_n = 1 };
	strcpy(ret->ports[0].name, "osmand");
	listener = listen_anywhere(&ret->ports[0].number);
	ret->pid = fork();
	if (ret->pid == 0)
		run(listener);
	close(listener);
	if (ret->pid < 0)
		gateway_bench_die("bare server: %s", strerror(errno));
}

void bare_stop(struct gateway_program *g)
{
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
}
