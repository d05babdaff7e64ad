/* endpoint - an address and a port as text and number, and the socket at them */
#include "socket/loop_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int look_up(struct addrinfo **ret, int type, int flags, const char *host, uint16_t port)
{
	const struct addrinfo hints = { .ai_socktype = type, .ai_flags = flags | AI_NUMERICSERV };
	char service[8];

	snprintf(service, sizeof service, "%u", port);
	return getaddrinfo(host, service, &hints, ret);
}

static int parse_address(struct addrinfo **ret, int type, const char *address, uint16_t port)
{
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = strlen(address);

	if (n >= sizeof host)
		return -EINVAL;
	if (n > 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	}
	memcpy(host, address, n);
	host[n] = '\0';
	return look_up(ret, type, AI_NUMERICHOST | AI_PASSIVE, host, port) == 0 ? 0 : -EINVAL;
}

static int allow(int fd, int option)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) < 0 ? -errno : 0;
}

/* Looking for a free UDP port, the kernel passes over those that others share unless the socket itself is not shared yet. */
static int bind_shared(int fd, int type, const struct sockaddr *at, socklen_t len)
{
	bool late = type == SOCK_DGRAM && endpoint_port(at) == 0;
	int r = type == SOCK_STREAM ? allow(fd, SO_REUSEADDR) : 0;

	if (r == 0 && !late)
		r = allow(fd, SO_REUSEPORT);
	if (r == 0 && bind(fd, at, len) < 0)
		r = -errno;
	return r == 0 && late ? allow(fd, SO_REUSEPORT) : r;
}

int endpoint_bind(int type, const char *address, uint16_t port)
{
	struct addrinfo *at;
	int r = parse_address(&at, type, address, port);

	if (r < 0)
		return r;
	int fd = socket(at->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r = fd < 0 ? -errno : bind_shared(fd, type, at->ai_addr, at->ai_addrlen);
	freeaddrinfo(at);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int endpoint_find(struct addrinfo **ret, int type, const char *host, uint16_t port)
{
	return look_up(ret, type, 0, host, port) == 0 ? 0 : -EHOSTUNREACH;
}

uint16_t endpoint_port(const struct sockaddr *at)
{
	return ntohs(at->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)at)->sin6_port
					       : ((const struct sockaddr_in *)(const void *)at)->sin_port);
}
