/*
 * datagram - UDP on a loop
 *
 * A server's loops each bind a socket to the same port (SO_REUSEPORT); the kernel spreads datagrams over them by the peer's
 * address and port, so that one peer's come to one loop. A client's socket is connected to one peer and hears no other.
 *
 * UDP may lose, double and reorder, and so it does here: what finds a bound reached is dropped, and can be counted.
 * An answer leaves under the address that the kernel chooses for its way: on a host with several, bind to the one that peers know.
 *
 * Thread: the loop's, or before it runs.
 */
#pragma once

#include "base/network.h"
#include "socket/loop.h"

#include <netinet/in.h>

/* Where a datagram came from, or goes. May be copied. */
struct datagram_peer {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* Its address, without the port. */
struct address datagram_peer_address(const struct datagram_peer *peer);

/* One that came. All of it is borrowed for the call. */
struct datagram {
	const uint8_t *bytes;
	size_t n; /* may be 0 */
	bool cut; /* it was larger than receive_max, and the rest is gone */
	const struct datagram_peer *peer;
};

struct datagram_options {
	size_t receive_max; /* bytes of a datagram that are wanted */
	size_t receive_buffer; /* bytes the kernel keeps until they are read; 0: its default. It gives no more than
				* net.core.rmem_max */
	size_t send_max; /* bytes waiting for the kernel to take them */
	void (*received)(void *owner, const struct datagram *d);
	/* The system said no to receiving, -errno. The socket goes on. -ECONNREFUSED: nobody is at the port that a client
	 * sent to. May be NULL. */
	void (*failed)(void *owner, int error);
	void *owner;
};

struct datagram_socket;

/* @address as in listener_options, not kept. @port 0: any free one; then datagram_port() for the other loops. 0 or -errno. */
MUST_CHECK int datagram_bind(struct datagram_socket **ret, struct loop *l, const char *address, uint16_t port,
	const struct datagram_options *o);

/* The name is looked up at once, blocking: for tools. Nothing is sent. 0, -EHOSTUNREACH for a name that is none, or -errno. */
MUST_CHECK int datagram_connect(struct datagram_socket **ret, struct loop *l, const char *host, uint16_t port,
	const struct datagram_options *o);

/* The port it has here. */
uint16_t datagram_port(const struct datagram_socket *s);

/* Sends to @peer; NULL: to the one a client is connected to. @bytes are copied if they must wait. False: dropped, because
 * send_max is reached or the system said no. */
bool datagram_send(struct datagram_socket *s, const struct datagram_peer *peer, const void *bytes, size_t n);

/* How many datagrams the kernel has dropped because they were not read in time, since the socket was made; it counts up to 2^32
 * and begins again. */
uint32_t datagram_missed(const struct datagram_socket *s);

/* Receives nothing more; what it is given to send, it sends. */
void datagram_deafen(struct datagram_socket *s);

/* No received() any more; what waits to be sent is dropped. Accepts NULL. */
void datagram_close(struct datagram_socket *s);
