/* trackers - sockets that give up after ten seconds. */
#include "tests/ingest/gateway/trackers.h"

#include "tests/ingest/gateway/around.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int dial(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(around.ports[port].number) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const struct timeval patience = { .tv_sec = 10 };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

void say(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

void say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

size_t hear(int fd, void *out, size_t n)
{
	size_t got = 0;

	for (ssize_t r; got < n && (r = recv(fd, (char *)out + got, n - got, 0)) > 0; got += (size_t)r)
		;
	return got;
}

void expect_end(int fd)
{
	char c;
	ck_assert_uint_eq(hear(fd, &c, 1), 0);
	close(fd);
}

int status(int fd)
{
	char head[PROTOCOL_ANSWER_MAX + 1];
	size_t n = 0;
	int code;
	long body = 0;

	while (n < PROTOCOL_ANSWER_MAX && (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0))
		if (hear(fd, head + n++, 1) == 0)
			return 0;
	head[n] = '\0';
	const char *length = strstr(head, "Content-Length: ");
	ck_assert_int_eq(sscanf(head, "HTTP/1.1 %d", &code), 1);
	ck_assert(length && sscanf(length, "Content-Length: %ld", &body) == 1);
	ck_assert_uint_eq(hear(fd, head, (size_t)body), (size_t)body);
	return code;
}

int get(const char *request)
{
	int fd = dial(0);
	say_text(fd, request);
	int code = status(fd);
	close(fd);
	return code;
}
