/* Source: lib/socket/websocket.c, websocket_server.c, websocket_client.c, websocket_request.c. The peers of the server are
 * plain blocking sockets that speak frames byte by byte. */
#include "socket/websocket.h"
#include "socket/websocket_request.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- a server that echoes ---- */

enum { LOOPS = 2 };

struct server {
	struct loop *loop[LOOPS];
	struct ws_server *ws[LOOPS];
	pthread_t thread[LOOPS];
	int loops;
	_Atomic int opened, closed, refused, code, messages;
	const char *_Atomic why;
	pthread_mutex_t lock; /* guards the next two */
	char offered[8192], remote[64];
};

static struct server server = { .lock = PTHREAD_MUTEX_INITIALIZER }; /* Check forks: each test has its own */

/* One connection; "big N" answers with N bytes, "close N" closes with that code, all else comes back. */
struct peer {
	struct ws *w;
	char *text; /* malloc'd, headroom included; NULL: nothing to send */
	size_t n;
	int more; /* how often to send it */
};

static void *on_opened(void *owner, struct ws *w, const char *offered, const char *remote)
{
	ck_assert_ptr_eq(owner, &server);
	if (strstr(offered, "refuse-me"))
		return NULL;
	pthread_mutex_lock(&server.lock);
	snprintf(server.offered, sizeof server.offered, "%s", offered);
	snprintf(server.remote, sizeof server.remote, "%s", remote);
	pthread_mutex_unlock(&server.lock);
	struct peer *p = calloc(1, sizeof *p);
	p->w = w;
	server.opened++;
	if (strstr(offered, "too-many"))
		ws_close(w, 4429, "too many");
	return p;
}

static void answer(struct peer *p, const char *text, size_t n, size_t size, int times)
{
	free(p->text);
	p->text = malloc(WS_HEADROOM + size);
	memset(p->text, 'x', WS_HEADROOM + size);
	memcpy(p->text + WS_HEADROOM, text, n < size ? n : size);
	p->n = size;
	p->more = times;
	ws_want_write(p->w);
	ws_want_write(p->w); /* cheap to call again */
}

static void on_message(struct ws *w, void *user, const char *text, size_t n)
{
	char word[32] = "";
	struct peer *p = user;

	ck_assert_ptr_eq(p->w, w);
	ck_assert_int_eq(ws_send(w, (char[WS_HEADROOM + 1]){ 0 } + WS_HEADROOM, 1), -EPIPE); /* only in writable() */
	memcpy(word, text, n < sizeof word - 1 ? n : sizeof word - 1);
	server.messages++;
	if (!strncmp(word, "big ", 4))
		answer(p, "big", 3, strtoul(word + 4, NULL, 10), 1);
	else if (!strncmp(word, "flood ", 6))
		answer(p, "flood", 5, 100000, atoi(word + 6));
	else if (!strncmp(word, "close ", 6))
		ws_close(w, atoi(word + 6), "as you wish");
	else
		answer(p, text, n, n, 1);
}

static void on_writable(struct ws *w, void *user)
{
	struct peer *p = user;

	ck_assert_ptr_nonnull(p->text);
	ck_assert_int_eq(ws_send(w, p->text + WS_HEADROOM, p->n), 0);
	ck_assert_int_eq(ws_send(w, p->text + WS_HEADROOM, p->n), -EPIPE); /* once per call */
	if (--p->more > 0) {
		ws_want_write(w);
		return;
	}
	free(p->text);
	p->text = NULL;
}

static void on_closed(struct ws *w, void *user)
{
	struct peer *p = user;

	server.code = ws_close_code(w);
	free(p->text);
	free(p);
	server.closed++;
}

static void on_refused(void *owner, const char *why)
{
	ck_assert_ptr_eq(owner, &server);
	server.why = why;
	server.refused++;
}

static struct ws_options options(void)
{
	return (struct ws_options){
		.address = "127.0.0.1",
		.path = "/v1/live",
		.subprotocol = "pettrack.v1",
		.connections_max = 100,
		.message_max = 4000,
		.opened = on_opened,
		.message = on_message,
		.writable = on_writable,
		.closed = on_closed,
		.refused = on_refused,
		.owner = &server,
	};
}

static void *turn(void *loop)
{
	ck_assert_int_eq(loop_run(loop), 0);
	return NULL;
}

static void start(int loops, struct ws_options o)
{
	server.loops = loops;
	for (int i = 0; i < loops; i++) {
		ck_assert_int_eq(loop_open(&server.loop[i]), 0);
		ck_assert_int_eq(ws_server_open(&server.ws[i], server.loop[i], &o), 0);
		o.port = ws_server_port(server.ws[i]);
	}
	for (int i = 0; i < loops; i++)
		ck_assert_int_eq(pthread_create(&server.thread[i], NULL, turn, server.loop[i]), 0);
}

static void stop(void)
{
	for (int i = 0; i < server.loops; i++) {
		loop_stop(server.loop[i]);
		pthread_join(server.thread[i], NULL);
		ws_server_close(server.ws[i]);
		loop_close(server.loop[i]);
	}
	ck_assert_int_eq(server.closed, server.opened);
}

static void expect_offered(const char *offered)
{
	pthread_mutex_lock(&server.lock);
	ck_assert_str_eq(server.offered, offered);
	ck_assert_str_eq(server.remote, "127.0.0.1");
	pthread_mutex_unlock(&server.lock);
}

static void await(_Atomic int *value, int wanted)
{
	for (int i = 0; i < 10000 && *value != wanted; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert_int_eq(*value, wanted);
}

/* ---- a client, byte by byte ---- */

static int dial(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(ws_server_port(server.ws[0])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 }, sizeof(struct timeval)), 0);
	return fd;
}

static void say(int fd, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static char answered[4096]; /* the last head of an HTTP answer */

static const char *hear_head(int fd)
{
	size_t n = 0;

	while (n < 4 || memcmp(answered + n - 4, "\r\n\r\n", 4) != 0) {
		ck_assert_uint_lt(n, sizeof answered - 1);
		ck_assert_int_eq(recv(fd, answered + n, 1, 0), 1);
		n++;
	}
	answered[n] = '\0';
	return answered;
}

static void expect_end(int fd)
{
	char rest[1024];
	ssize_t n;

	while ((n = recv(fd, rest, sizeof rest, 0)) > 0)
		;
	ck_assert(n == 0 || errno == ECONNRESET);
	close(fd);
}

#define HEAD_TO(path)                                                                                                  \
	"GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"                \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
#define HEAD HEAD_TO("/v1/live")

/* Sends @request, expects the status @line begins with. */
static int ask(const char *request, const char *line)
{
	int fd = dial();

	say(fd, request, strlen(request));
	const char *head = hear_head(fd);
	ck_assert_msg(!strncmp(head, line, strlen(line)), "%s, not %s", head, line);
	return fd;
}

static int open_ws(void)
{
	return ask(HEAD "\r\n", "HTTP/1.1 101 ");
}

enum { TEXT = 0x81, BINARY = 0x82, CLOSE = 0x88, PING = 0x89, PONG = 0x8A };

static void frame(int fd, int first, const void *payload, size_t n)
{
	static const uint8_t mask[4] = { 0x37, 0xFA, 0x21, 0x3D };
	uint8_t *f = malloc(n + 14), *p = f;

	*p++ = (uint8_t)first;
	if (n < 126) {
		*p++ = (uint8_t)(0x80 | n);
	} else {
		*p++ = 0x80 | 126;
		*p++ = (uint8_t)(n >> 8);
		*p++ = (uint8_t)n;
	}
	memcpy(p, mask, 4);
	p += 4;
	for (size_t i = 0; i < n; i++)
		*p++ = ((const uint8_t *)payload)[i] ^ mask[i % 4];
	say(fd, f, (size_t)(p - f));
	free(f);
}

static void hear(int fd, void *bytes, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t r = recv(fd, (char *)bytes + have, n - have, 0);
		ck_assert_int_gt(r, 0);
		have += (size_t)r;
	}
}

/* The next frame: its first byte and payload (malloc'd, NUL-terminated). */
static char *hear_frame(int fd, int *ret_first, size_t *ret_n)
{
	uint8_t head[2], more[8];
	size_t n;

	hear(fd, head, 2);
	ck_assert_int_eq(head[1] & 0x80, 0); /* servers do not mask */
	n = head[1];
	if (n >= 126) {
		size_t wide = n == 126 ? 2 : 8;
		hear(fd, more, wide);
		n = 0;
		for (size_t i = 0; i < wide; i++)
			n = n << 8 | more[i];
	}
	char *payload = calloc(1, n + 1);
	hear(fd, payload, n);
	*ret_first = head[0];
	*ret_n = n;
	return payload;
}

static void expect_frame(int fd, int first, const char *payload, size_t n)
{
	int got;
	size_t len;
	char *p = hear_frame(fd, &got, &len);

	ck_assert_int_eq(got, first);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(p, payload, n);
	free(p);
}

static void expect_text(int fd, const char *text)
{
	expect_frame(fd, TEXT, text, strlen(text));
}

/* A close frame with @code; answers it and expects the end. */
static void expect_close(int fd, int code)
{
	int first;
	size_t n;
	char *p = hear_frame(fd, &first, &n);

	ck_assert_int_eq(first, CLOSE);
	ck_assert_uint_ge(n, 2);
	ck_assert_int_eq((uint8_t)p[0] << 8 | (uint8_t)p[1], code);
	frame(fd, CLOSE, p, 2);
	free(p);
	expect_end(fd);
}

/* ---- the opening handshake ---- */

START_TEST(the_handshake)
{
	start(1, options());
	int fd = dial();
	const char *request = HEAD "Sec-WebSocket-Protocol: chat, pettrack.v1, bearer.eyJ.e-_.s\r\n\r\n";
	for (size_t i = 0; i < strlen(request); i++) /* as slow as can be */
		say(fd, request + i, 1);
	const char *head = hear_head(fd);
	ck_assert_msg(!strncmp(head, "HTTP/1.1 101 ", 13), "%s", head);
	ck_assert_ptr_nonnull(
		strstr(head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")); /* the RFC's */
	ck_assert_ptr_nonnull(strstr(head, "\r\nSec-WebSocket-Protocol: pettrack.v1\r\n"));
	ck_assert_ptr_null(strstr(head, "bearer"));
	await(&server.opened, 1);
	expect_offered("chat, pettrack.v1, bearer.eyJ.e-_.s");

	close(fd);
	await(&server.closed, 1);
	ck_assert_int_eq(server.code, 1006);

	/* a query is looked at by nobody, extensions are not spoken, no subprotocol is fine */
	fd = ask(HEAD_TO("/v1/live?x=1") "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "HTTP/1.1 101 ");
	ck_assert_ptr_null(strstr(answered, "Extensions"));
	ck_assert_ptr_null(strstr(answered, "Sec-WebSocket-Protocol"));
	await(&server.opened, 2);
	expect_offered("");
	close(fd);
	await(&server.closed, 2);
	stop();
}
END_TEST

START_TEST(a_bearer_token_of_any_length)
{
	char request[8000], token[6001];

	start(1, options());
	memset(token, 'a', sizeof token - 1);
	token[sizeof token - 1] = '\0';
	snprintf(request, sizeof request, HEAD "Sec-WebSocket-Protocol: pettrack.v1, bearer.%s\r\n\r\n", token);
	server.opened = 0;
	int fd = dial();
	say(fd, request, strlen(request));
	ck_assert_msg(!strncmp(hear_head(fd), "HTTP/1.1 101 ", 13), "%s", answered);
	close(fd);
	await(&server.closed, 1);
	stop();
}
END_TEST

static const struct {
	const char *request, *answer, *why;
} refused[] = {
	{ HEAD_TO("/v1/other") "\r\n", "HTTP/1.1 404 ", "path" },
	{ HEAD_TO("/v1/live/") "\r\n", "HTTP/1.1 404 ", "path" },
	{ HEAD "Origin: https://evil.example\r\n\r\n", "HTTP/1.1 403 ", "origin" },
	{ HEAD "Origin: \r\n\r\n", "HTTP/1.1 403 ", "origin" },
	{ HEAD "Origin: https://pets.example,https://evil.example\r\n\r\n", "HTTP/1.1 403 ", "origin" },
	{ HEAD "Sec-WebSocket-Protocol: chat, bearer.x\r\n\r\n", "HTTP/1.1 400 ", "subprotocol" },
	{ "GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 ", "request" },
	{ "GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
		"HTTP/1.1 426 ", "request" },
	{ "GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
	  "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n",
		"HTTP/1.1 400 ", "request" },
	{ "POST /v1/live HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "request" },
	{ "GET /v1/live HTTP/1.0\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ", "request" },
	{ "GET /v1/live HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "request" }, /* no Host */
	{ HEAD "Host: y\r\n\r\n", "HTTP/1.1 400 ", "request" }, /* twice */
	{ HEAD "Content-Length: 5\r\n\r\nhello", "HTTP/1.1 400 ", "request" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 ", "request" },
	{ HEAD " folded: x\r\n\r\n", "HTTP/1.1 400 ", "request" },
	{ HEAD "no colon\r\n\r\n", "HTTP/1.1 400 ", "request" },
	{ HEAD "X: a\nb: c\r\n\r\n", "HTTP/1.1 400 ", "request" },
	{ "\r\n\r\n", "HTTP/1.1 400 ", "request" },
};

START_TEST(what_is_refused)
{
	struct ws_options o = options();

	o.origins = "https://map.example, https://pets.example";
	start(1, o);
	int fd = ask(refused[_i].request, refused[_i].answer);
	ck_assert_str_eq(server.why, refused[_i].why);
	expect_end(fd);
	ck_assert_int_eq(server.opened, 0);

	close(ask(HEAD "Origin: https://pets.example\r\n\r\n", "HTTP/1.1 101 "));
	stop();
}
END_TEST

START_TEST(a_request_that_never_ends)
{
	char junk[10000];
	struct ws_options o = options();

	o.opening_ms = 100;
	start(1, o);
	int fd = dial();
	memset(junk, 'x', sizeof junk);
	say(fd, junk, sizeof junk);
	expect_end(fd);
	await(&server.refused, 1);
	ck_assert_str_eq(server.why, "request");
	fd = dial();
	say(fd, HEAD, strlen(HEAD));
	expect_end(fd);
	await(&server.refused, 2);
	ck_assert_str_eq(server.why, "timeout");
	stop();
}
END_TEST

/* Each proper prefix of a good request is incomplete. */
START_TEST(prefixes)
{
	static const char request[] = HEAD "Sec-WebSocket-Protocol: pettrack.v1\r\n\r\n";
	struct ws_request q;
	size_t used, n = sizeof request - 1;

	for (size_t i = 0; i < n; i++) {
		char *exact = malloc(i + 1); /* so that a sanitizer sees a read past the end */
		memcpy(exact, request, i);
		ck_assert_int_eq(ws_request_read(exact, i, &used, &q), WS_REQUEST_MORE);
		free(exact);
	}
	ck_assert_int_eq(ws_request_read(request, n, &used, &q), 0);
	ck_assert_uint_eq(used, n);
	ck_assert(slice_lists(q.protocols, "pettrack.v1", false));
}
END_TEST

START_TEST(lists)
{
	static const char list[] = "a, b ,,\tC";
	struct slice s = { .at = list, .n = sizeof list - 1 };

	ck_assert(slice_lists(s, "a", false));
	ck_assert(slice_lists(s, "b", false));
	ck_assert(!slice_lists(s, "c", false));
	ck_assert(slice_lists(s, "c", true));
	ck_assert(!slice_lists(s, "a, b", false));
	ck_assert(!slice_lists((struct slice){ 0 }, "a", false));
}
END_TEST

/* ---- messages ---- */

START_TEST(messages_come_back)
{
	static char big[4000];

	start(1, options());
	int fd = open_ws();
	frame(fd, TEXT, "hello", 5);
	expect_text(fd, "hello");
	frame(fd, TEXT, "", 0);
	expect_text(fd, "");
	frame(fd, TEXT, "gr\xC3\xBC\xC3\x9F", 6);
	expect_text(fd, "gr\xC3\xBC\xC3\x9F");
	memset(big, 'b', sizeof big); /* just allowed, and more than one read */
	frame(fd, TEXT, big, sizeof big);
	expect_frame(fd, TEXT, big, sizeof big);
	frame(fd, TEXT, "big 300000", 10);
	int first;
	size_t n;
	char *p = hear_frame(fd, &first, &n);
	ck_assert_uint_eq(n, 300000);
	ck_assert_mem_eq(p, "bigxxx", 6);
	free(p);
	ck_assert_int_eq(server.messages, 5);
	close(fd);
	stop();
}
END_TEST

START_TEST(fragments)
{
	start(1, options());
	int fd = open_ws();
	frame(fd, 0x01, "one \xC3", 5); /* cut within a character */
	frame(fd, 0x00, "\xBC two", 5);
	frame(fd, PING, "still there?", 12); /* control frames may come between */
	frame(fd, 0x00, "", 0);
	frame(fd, 0x80, " three", 6);
	expect_text(fd, "one \xC3\xBC two three");
	expect_frame(fd, PONG, "still there?", 12); /* when it is sent is libwebsockets' affair */
	frame(fd, TEXT, "after", 5);
	expect_text(fd, "after");
	ck_assert_int_eq(server.messages, 2);
	close(fd);
	stop();
}
END_TEST

START_TEST(frames_sent_before_the_answer)
{
	start(1, options());
	int fd = dial();
	uint8_t both[512];
	size_t n = strlen(HEAD "\r\n");
	memcpy(both, HEAD "\r\n", n);
	memcpy(both + n, "\x81\x82\0\0\0\0hi", 8);
	say(fd, both, n + 8);
	ck_assert(!strncmp(hear_head(fd), "HTTP/1.1 101 ", 13));
	expect_text(fd, "hi");
	close(fd);
	stop();
}
END_TEST

static const struct {
	int first, code;
	const char *payload;
	size_t n;
} faults[] = {
	{ TEXT, 1007, "bad \xC3(", 6 }, { TEXT, 1007, "cut \xE2\x82", 6 },
	{ TEXT, 1007, "\xED\xA0\x80", 3 }, /* half of a surrogate pair */
	{ BINARY, 1003, "x", 1 }, { 0x80, 1002, "x", 1 }, /* continues nothing */
	{ 0x83, 1002, "x", 1 }, /* no such opcode */
	{ 0xC1, 1002, "x", 1 }, /* a reserved bit */
	{ 0x09, 1002, "x", 1 }, /* a control frame in parts */
};

START_TEST(faults_and_their_codes)
{
	start(1, options());
	int fd = open_ws();
	frame(fd, faults[_i].first, faults[_i].payload, faults[_i].n);
	expect_close(fd, faults[_i].code);
	await(&server.closed, 1);
	ck_assert_int_eq(server.messages, 0);
	stop();
}
END_TEST

START_TEST(too_large)
{
	static char big[4001];

	start(1, options());
	memset(big, 'b', sizeof big);
	int fd = open_ws();
	frame(fd, TEXT, big, sizeof big);
	expect_close(fd, 1009);

	fd = open_ws(); /* in parts, each of them small */
	frame(fd, 0x01, big, 2000);
	frame(fd, 0x00, big, 2000);
	frame(fd, 0x80, big, 1);
	expect_close(fd, 1009);

	fd = open_ws(); /* said, and never sent */
	say(fd, "\x81\xFF\0\0\0\x7F\xFF\xFF\xFF\xFF\0\0\0\0x", 15);
	expect_close(fd, 1009);
	await(&server.closed, 3);
	ck_assert_int_eq(server.messages, 0);
	stop();
}
END_TEST

/* ---- closing ---- */

START_TEST(both_sides_may_close)
{
	start(1, options());
	int fd = open_ws();
	frame(fd, TEXT, "close 4401", 10);
	expect_frame(fd, CLOSE,
		"\x11\x31"
		"as you wish",
		13);
	frame(fd, CLOSE, "\x11\x31", 2);
	expect_end(fd);
	await(&server.closed, 1);
	ck_assert_int_eq(server.code, 4401);

	fd = open_ws();
	frame(fd, CLOSE,
		"\x03\xE8"
		"bye",
		5);
	expect_frame(fd, CLOSE,
		"\x03\xE8"
		"bye",
		5);
	expect_end(fd);
	await(&server.closed, 2);
	ck_assert_int_eq(server.code, 1000);

	fd = open_ws();
	frame(fd, CLOSE, "", 0);
	expect_frame(fd, CLOSE, "", 0);
	expect_end(fd);
	await(&server.closed, 3);
	ck_assert_int_eq(server.code, 1005);

	fd = open_ws(); /* one who does not answer our close is dropped */
	frame(fd, TEXT, "close 1000", 10);
	await(&server.closed, 4);
	close(fd);
	stop();
}
END_TEST

START_TEST(closed_at_once)
{
	start(1, options());
	int fd = ask(HEAD "Sec-WebSocket-Protocol: pettrack.v1, too-many\r\n\r\n", "HTTP/1.1 101 ");
	expect_close(fd, 4429);
	fd = ask(HEAD "Sec-WebSocket-Protocol: pettrack.v1, refuse-me\r\n\r\n", "HTTP/1.1 101 ");
	expect_end(fd);
	ck_assert_str_eq(server.why, "owner");
	await(&server.closed, 1);
	ck_assert_int_eq(server.opened, 1);
	stop();
}
END_TEST

/* The close frame comes behind a message that the socket could not take at once. */
START_TEST(closing_loses_nothing_that_was_sent)
{
	int first;
	size_t n;

	start(1, options());
	int fd = open_ws();
	frame(fd, TEXT, "big 9000000", 11);
	await(&server.messages, 1);
	frame(fd, TEXT, "close 4413", 10);
	await(&server.messages, 2);
	free(hear_frame(fd, &first, &n));
	ck_assert_uint_eq(n, 9000000);
	expect_close(fd, 4413);
	await(&server.closed, 1);
	stop();
}
END_TEST

START_TEST(a_peer_that_does_not_read)
{
	start(1, options());
	int slow = open_ws(), quick = open_ws();
	frame(slow, TEXT, "flood 1000", 10);
	await(&server.messages, 1);
	for (int i = 0; i < 100; i++) {
		frame(quick, TEXT, "hello", 5);
		expect_text(quick, "hello");
	}
	for (int i = 0; i < 1000; i++) {
		int first;
		size_t n;
		char *p = hear_frame(slow, &first, &n);
		ck_assert_uint_eq(n, 100000);
		ck_assert_mem_eq(p, "floodx", 6);
		free(p);
	}
	close(slow);
	close(quick);
	stop();
}
END_TEST

START_TEST(going_away)
{
	start(2, options());
	int fd[20];
	for (int i = 0; i < 20; i++)
		fd[i] = open_ws();
	int half = dial(); /* not a WebSocket yet */
	say(half, HEAD, strlen(HEAD));
	await(&server.opened, 20);
	loop_stop(server.loop[0]);
	loop_stop(server.loop[1]);
	pthread_join(server.thread[0], NULL);
	pthread_join(server.thread[1], NULL);
	ws_server_close(server.ws[0]);
	ws_server_close(server.ws[0]); /* again: nothing */
	ws_server_close(server.ws[1]);
	ws_server_close(NULL);
	loop_close(server.loop[0]); /* waits for the answers that never come */
	loop_close(server.loop[1]);
	for (int i = 0; i < 20; i++) {
		expect_frame(fd[i], CLOSE,
			"\x03\xE9"
			"going away",
			12);
		expect_end(fd[i]);
	}
	expect_end(half);
	ck_assert_int_eq(server.closed, 20);
}
END_TEST

/* ---- bounds and time ---- */

START_TEST(bounds_of_connections)
{
	struct ws_options o = options();

	o.connections_max = 4;
	o.connections_per_address = 3;
	start(1, o);
	int fd[3];
	for (int i = 0; i < 3; i++)
		fd[i] = open_ws();
	expect_end(dial());
	ck_assert_str_eq(server.why, "address");
	close(fd[0]);
	await(&server.closed, 1);
	fd[0] = open_ws();
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	await(&server.closed, 4);
	stop();
}
END_TEST

/* Of the @n'th connection. */
static void expect_remote(int n, const char *remote)
{
	await(&server.opened, n);
	pthread_mutex_lock(&server.lock);
	ck_assert_str_eq(server.remote, remote);
	pthread_mutex_unlock(&server.lock);
}

/* A proxy has everybody's connections; whose they are it says. */
START_TEST(a_trusted_proxy_tells_whose_a_connection_is)
{
	struct ws_options o = options();

	o.connections_per_address = 1;
	ck_assert_int_eq(networks_parse(&o.trusted_proxies, "127.0.0.0/8"), 0);
	start(1, o);
	int one = ask(HEAD "X-Forwarded-For: 198.51.100.1\r\nx-forwarded-for: 203.0.113.7\r\n\r\n", "HTTP/1.1 101 ");
	expect_remote(1, "203.0.113.7");
	int two = ask(HEAD "Forwarded: for=\"[2001:db8::7]:4711\"\r\n\r\n", "HTTP/1.1 101 ");
	expect_remote(2, "2001:db8::7");
	int three = open_ws();
	expect_remote(3, "127.0.0.1");
	close(one);
	close(two);
	close(three);
	await(&server.closed, 3);
	stop();
}
END_TEST

START_TEST(who_is_no_trusted_proxy_is_not_believed)
{
	struct ws_options o = options();

	o.connections_per_address = 1;
	ck_assert_int_eq(networks_parse(&o.trusted_proxies, "192.0.2.0/24"), 0);
	start(1, o);
	int one = ask(HEAD "X-Forwarded-For: 203.0.113.7\r\n\r\n", "HTTP/1.1 101 ");
	expect_remote(1, "127.0.0.1");
	expect_end(dial());
	ck_assert_str_eq(server.why, "address");
	close(one);
	stop();
}
END_TEST

START_TEST(bounds_of_all)
{
	struct ws_options o = options();

	o.connections_max = 2;
	start(1, o);
	int one = open_ws(), two = open_ws();
	expect_end(dial());
	ck_assert_str_eq(server.why, "connections");
	close(one);
	close(two);
	stop();
}
END_TEST

START_TEST(the_silent_are_pinged_and_then_dropped)
{
	struct ws_options o = options();

	o.ping_ms = 200;
	start(1, o);
	int good = open_ws(), dead = open_ws();
	for (int i = 0; i < 5; i++) {
		expect_frame(good, PING, "?", 1);
		frame(good, PONG, "?", 1);
	}
	await(&server.closed, 1);
	ck_assert_int_eq(server.code, 1006);
	frame(good, TEXT, "hello", 5);
	expect_text(good, "hello");
	expect_frame(dead, PING, "?", 1);
	expect_end(dead);
	close(good);
	stop();
}
END_TEST

/* ---- the client ---- */

struct visitor {
	struct loop *loop;
	char said[64], reason[128];
	int opened, closed, code, messages;
};

static void visitor_opened(struct ws *w, void *user)
{
	struct visitor *v = user;
	v->opened++;
	ws_want_write(w);
}

static void visitor_message(struct ws *w, void *user, const char *text, size_t n)
{
	struct visitor *v = user;
	if (++v->messages == 1)
		ck_assert_mem_eq(text, v->said, n);
	ws_want_write(w);
}

static void visitor_writable(struct ws *w, void *user)
{
	struct visitor *v = user;
	char text[WS_HEADROOM + 64];

	size_t n = (size_t)snprintf(text + WS_HEADROOM, 64, "%s", v->messages ? "close 4000" : v->said);
	ck_assert_int_eq(ws_send(w, text + WS_HEADROOM, n), 0);
}

static void visitor_closed(struct ws *w, void *user, int code, const char *reason)
{
	struct visitor *v = user;

	(void)w;
	v->closed++;
	v->code = code;
	snprintf(v->reason, sizeof v->reason, "%s", reason);
	loop_stop(v->loop);
}

static struct visitor visit(const char *url)
{
	struct visitor v = { .said = "gr\xC3\xBC\xC3\x9F" };
	struct ws_client_options o = {
		.url = url,
		.subprotocol = "pettrack.v1",
		.opened = visitor_opened,
		.message = visitor_message,
		.writable = visitor_writable,
		.closed = visitor_closed,
		.user = &v,
	};
	struct ws *w = NULL;

	ck_assert_int_eq(loop_open(&v.loop), 0);
	ck_assert_int_eq(ws_connect(&w, v.loop, &o), 0);
	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(loop_run(v.loop), 0);
	loop_close(v.loop);
	ck_assert_int_eq(v.closed, 1);
	return v;
}

START_TEST(a_client)
{
	char url[64];

	start(1, options());
	uint16_t port = ws_server_port(server.ws[0]);
	snprintf(url, sizeof url, "ws://127.0.0.1:%u/v1/live", port);
	struct visitor v = visit(url);
	ck_assert_int_eq(v.opened, 1);
	ck_assert_int_eq(v.messages, 1);
	ck_assert_int_eq(v.code, 4000);
	ck_assert_str_eq(v.reason, "as you wish");
	expect_offered("pettrack.v1");

	snprintf(url, sizeof url, "ws://127.0.0.1:%u/nowhere", port);
	v = visit(url);
	ck_assert_int_eq(v.opened, 0);
	ck_assert_int_eq(v.code, 1006);
	stop();

	snprintf(url, sizeof url, "ws://127.0.0.1:%u/v1/live", port); /* nobody listens any more */
	v = visit(url);
	ck_assert_int_eq(v.opened, 0);
	ck_assert_int_eq(v.code, 1006);
}
END_TEST

START_TEST(urls_that_are_none)
{
	static const char *const urls[] = { "", "http://x/", "ws:/x", "ws://", "x" };
	struct ws_client_options o = { .subprotocol = "x" };
	struct loop *l;
	struct ws *w = NULL;

	ck_assert_int_eq(loop_open(&l), 0);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		o.url = urls[i];
		ck_assert_int_eq(ws_connect(&w, l, &o), -EINVAL);
	}
	ck_assert_ptr_null(w);
	loop_close(l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("websocket");
	TCase *opening = tcase_create("opening"), *messages = tcase_create("messages"),
	      *bounds = tcase_create("bounds"), *client = tcase_create("client");

	tcase_set_timeout(opening, 30);
	tcase_add_test(opening, the_handshake);
	tcase_add_test(opening, a_bearer_token_of_any_length);
	tcase_add_loop_test(opening, what_is_refused, 0, sizeof refused / sizeof *refused);
	tcase_add_test(opening, a_request_that_never_ends);
	tcase_add_test(opening, prefixes);
	tcase_add_test(opening, lists);
	suite_add_tcase(s, opening);

	tcase_set_timeout(messages, 60);
	tcase_add_test(messages, messages_come_back);
	tcase_add_test(messages, fragments);
	tcase_add_test(messages, frames_sent_before_the_answer);
	tcase_add_loop_test(messages, faults_and_their_codes, 0, sizeof faults / sizeof *faults);
	tcase_add_test(messages, too_large);
	tcase_add_test(messages, both_sides_may_close);
	tcase_add_test(messages, closed_at_once);
	tcase_add_test(messages, closing_loses_nothing_that_was_sent);
	tcase_add_test(messages, a_peer_that_does_not_read);
	tcase_add_test(messages, going_away);
	suite_add_tcase(s, messages);

	tcase_set_timeout(bounds, 30);
	tcase_add_test(bounds, bounds_of_connections);
	tcase_add_test(bounds, a_trusted_proxy_tells_whose_a_connection_is);
	tcase_add_test(bounds, who_is_no_trusted_proxy_is_not_believed);
	tcase_add_test(bounds, bounds_of_all);
	tcase_add_test(bounds, the_silent_are_pinged_and_then_dropped);
	suite_add_tcase(s, bounds);

	tcase_set_timeout(client, 30);
	tcase_add_test(client, a_client);
	tcase_add_test(client, urls_that_are_none);
	suite_add_tcase(s, client);
	return s;
}

UNIT_MAIN(suite)
