/*
 * loop_internal - what the files of lib/socket share; nobody else includes it
 *
 * Every handle of ours is counted in loop.handles from its init to its close callback, so that loop_close() knows when
 * the last one is gone whatever else (libwebsockets) lives on the same uv_loop_t.
 */
#pragma once

#include "socket/address.h"
#include "socket/loop.h"

#include <netdb.h>
#include <pthread.h>
#include <sys/queue.h>
#include <uv.h>

struct post;
struct listener;
TAILQ_HEAD(stream_list, stream);
TAILQ_HEAD(listener_list, listener);
TAILQ_HEAD(timer_list, loop_timer);
TAILQ_HEAD(watch_list, loop_watch);
TAILQ_HEAD(datagram_list, datagram_socket);

/* What the streams of one loop have in common. A stream that has not ended is in exactly one of three lists: its
 * listener's, clients, lingering. */
struct loop_streams {
	uint8_t *buffer; /* every read goes here; only what stays incomplete is copied away */
	size_t buffer_size;
	uv_idle_t ready_turn; /* runs while @ready is not empty */
	uv_timer_t linger_turn; /* runs while @lingering is not empty */
	struct stream_list ready; /* resumed with kept bytes; linked apart from the lists below */
	size_t ready_n;
	struct stream_list clients; /* made by stream_connect() */
	struct stream_list lingering; /* told to close; oldest first */
	struct listener_list listeners;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	size_t handles;
	pthread_mutex_t lock; /* guards the posts and @stop */
	struct post *first, **last;
	bool stop;
	struct timer_list timers;
	struct watch_list watches;
	struct loop_streams streams;
	struct datagram_list datagrams;
};

/* The loop's libuv loop, for libwebsockets. Valid as long as @l. */
uv_loop_t *loop_uv(struct loop *l);

/* stream.c */
void streams_open(struct loop *l);
/* Closes every listener and stream at once, and the handles of streams_open(). */
void streams_close(struct loop *l);
/* Makes the read buffer large enough for streams that keep up to @read_max. 0 or -ENOMEM. */
MUST_CHECK int streams_reserve(struct loop *l, size_t read_max);
/* A stream on @l, not connected yet; of @listener, or NULL for a client. NULL when memory is out. */
struct stream *stream_new(
	struct loop *l, struct listener *listener, const struct stream_events *events, size_t read_max);
/* Begins to read. 0 or -errno. */
MUST_CHECK int stream_begin(struct stream *s, void *user);
uv_stream_t *stream_uv(struct stream *s);
/* Ends it now: nothing more is sent or read, closed() comes from the loop. */
void stream_abort(struct stream *s, enum stream_end end);
/* The same for one whose user never knew it, or knows already: closed() is not called. */
void stream_forget(struct stream *s);
/* Ends what has been idle in @list (least recently active first) for @idle_ms. */
void streams_sweep(struct stream_list *list, int64_t now_ms, int64_t idle_ms);

/* stream_listener.c: what a stream needs of its listener */
struct stream_list *listener_streams(struct listener *ls);
size_t listener_write_max(const struct listener *ls);
/* @s, one of its streams, has ended. Frees a closed listener after its last stream. */
void listener_stream_ended(struct listener *ls, struct stream *s);
/* Closes it and ends its streams at once. */
void listener_abort(struct listener *ls);

/* endpoint.c: addresses and the sockets at them. @type: SOCK_STREAM or SOCK_DGRAM. */
/* A bound socket that other loops can share the port with: its fd. -EINVAL for an @address that is none, or -errno. */
MUST_CHECK int endpoint_bind(int type, const char *address, uint16_t port);
/* Looks @host up, blocking. 0 and *ret for freeaddrinfo(), or -EHOSTUNREACH. */
MUST_CHECK int endpoint_find(struct addrinfo **ret, int type, const char *host, uint16_t port);
uint16_t endpoint_port(const struct sockaddr *at);

/* datagram.c: closes every datagram socket. */
void datagrams_close(struct loop *l);

/* Where a stream remembers what it was counted under; all zero: it was not. */
struct address_key *stream_address(struct stream *s);
