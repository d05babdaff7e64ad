/* probe - one HTTP/1.0 request, whose answer ends with the connection. */
#include "service/probe.h"
#include "service/service.h"
#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PROBE_MS = 5000, /* for all of it */
	LOOKUP_S = 5, /* for the name of a host, which knows no deadline */
	ANSWER_SIZE = 16 * 1024,
};

bool probe_knows(const char *what)
{
	return !strcmp(what, "healthz") || !strcmp(what, "readyz");
}

/* ---- where ---- */

/* A server that listens on every address of the host is asked on the loopback. */
static const char *reachable(const char *address)
{
	if (!strcmp(address, "0.0.0.0"))
		return "127.0.0.1";
	return !strcmp(address, "::") || !strcmp(address, "[::]") ? "::1" : address;
}

static int find(const char *address, uint16_t port, struct addrinfo **ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char host[256], service[8];
	size_t brackets = *address == '[';

	snprintf(host, sizeof host, "%.*s", (int)strcspn(address + brackets, "]"), address + brackets);
	snprintf(service, sizeof service, "%u", port);
	alarm(LOOKUP_S);
	int r = getaddrinfo(host, service, &hints, ret);
	alarm(0);
	return r == EAI_SYSTEM ? -errno : r ? -EADDRNOTAVAIL : 0;
}

/* ---- within the time ---- */

/* Waits until @fd is ready for @events. 0, -ETIMEDOUT or -errno. */
static int await(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		int64_t left = deadline_ms - clock_mono_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

static int finish_connecting(int fd, int64_t deadline_ms)
{
	int error = 0;
	socklen_t size = sizeof error;
	int r = await(fd, POLLOUT, deadline_ms);

	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		r = -errno;
	return r ? r : -error;
}

/* A connected socket or -errno. */
static int reach(const struct addrinfo *a, int64_t deadline_ms)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen))
		r = errno == EINPROGRESS ? finish_connecting(fd, deadline_ms) : -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int send_all(int fd, const char *bytes, size_t n, int64_t deadline_ms)
{
	int r = 0;

	while (n > 0 && (r = await(fd, POLLOUT, deadline_ms)) == 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		bytes += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
	return r;
}

/* What comes until the server closes, as a string; what does not fit is left out. */
static int receive_all(int fd, char out[static ANSWER_SIZE], int64_t deadline_ms)
{
	size_t len = 0;
	int r = 0;

	while (len < ANSWER_SIZE - 1 && (r = await(fd, POLLIN, deadline_ms)) == 0) {
		ssize_t n = recv(fd, out + len, ANSWER_SIZE - 1 - len, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			r = -errno;
		if (n == 0 || r)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	out[len] = '\0';
	return r;
}

static int talk(int fd, const char *what, char answer[static ANSWER_SIZE], int64_t deadline_ms)
{
	char request[128];
	struct text t = text_in(request, sizeof request);

	text_printf(&t, "GET /%s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n", what);
	int r = text_ok(&t) ? send_all(fd, request, t.len, deadline_ms) : -ENAMETOOLONG;
	return r ? r : receive_all(fd, answer, deadline_ms);
}

static int ask(const struct addrinfo *a, const char *what, char answer[static ANSWER_SIZE])
{
	int64_t deadline_ms = clock_mono_ms() + PROBE_MS;
	int r = -EADDRNOTAVAIL, fd = -1;

	for (; a && fd < 0; a = a->ai_next) {
		fd = reach(a, deadline_ms);
		r = fd < 0 ? fd : 0;
	}
	if (r)
		return r;
	r = talk(fd, what, answer, deadline_ms);
	close(fd);
	return r;
}

/* ---- the answer ---- */

/* The status of "HTTP/1.1 200 OK"; 0 for what is no answer. */
static unsigned status_of(const char *answer)
{
	unsigned minor, status;

	return sscanf(answer, "HTTP/1.%1u %3u", &minor, &status) == 2 ? status : 0;
}

static int judge(const char *program, const char *what, const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	unsigned status = status_of(answer);

	if (status == 200)
		return 0;
	if (status)
		fprintf(stderr, "%s: %s: %.*s\n%s\n", program, what, (int)strcspn(answer, "\r\n"), answer,
			body ? body + 4 : "");
	else
		fprintf(stderr, "%s: %s: what answers does not speak HTTP\n", program, what);
	return SERVICE_E_FAILED;
}

int probe(const char *program, const char *address, uint16_t port, const char *what)
{
	char answer[ANSWER_SIZE];
	struct addrinfo *found = NULL;
	int r = find(reachable(address), port, &found);

	if (r == 0)
		r = ask(found, what, answer);
	if (found)
		freeaddrinfo(found);
	if (r == 0)
		return judge(program, what, answer);
	fprintf(stderr, "%s: %s: %s port %u: %s\n", program, what, reachable(address), port, strerror(-r));
	return SERVICE_E_FAILED;
}
