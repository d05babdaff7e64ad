/* raw_client - a socket and one buffer. */
#include "tests/lib/web/raw_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char answer[8 << 20];

int raw_connect(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

void raw_send(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0) /* it closed already: what it said is still to be read */
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

void raw_text(int fd, const char *text)
{
	raw_send(fd, text, strlen(text));
}

const char *raw_read(int fd, const char *end)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, 0);
		ck_assert_msg(n >= 0 || errno == ECONNRESET, "recv: %s after %zu bytes", strerror(errno), len);
		if (n <= 0)
			break;
		len += (size_t)n;
		answer[len] = '\0';
		if (end && strstr(answer, end))
			break;
	}
	answer[len] = '\0';
	return answer;
}

void raw_close(int fd)
{
	close(fd);
}

const char *raw_ask(uint16_t port, const char *request)
{
	int fd = raw_connect(port);

	raw_text(fd, request);
	raw_read(fd, NULL);
	raw_close(fd);
	return answer;
}
