/* http_server - an HTTP server inside a test */
#include "http_server.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64 };

struct connection {
	struct http_server *server;
	pthread_t thread;
	int fd;
	unsigned number;
};

struct http_server {
	http_answer answer;
	void *user;
	int listener;
	pthread_t accepter;
	char url[64];
	struct connection connections[CONNECTIONS_MAX];
	pthread_mutex_t lock; /* guards the next */
	struct http_seen last;
	atomic_uint n_connections;
	atomic_uint n_requests;
};

/* The value of @line when it is the header @name. */
static void take_header(const char *line, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return;
	line += n + 1;
	line += strspn(line, " ");
	snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
}

static bool read_request(FILE *in, struct http_seen *q)
{
	char line[1024], length[16] = "0";

	if (!fgets(line, sizeof(line), in) || sscanf(line, "%15s %255s", q->method, q->path) != 2)
		return false;
	while (fgets(line, sizeof(line), in) && line[0] != '\r') {
		take_header(line, "Authorization", q->authorization, sizeof(q->authorization));
		take_header(line, "Content-Type", q->content_type, sizeof(q->content_type));
		take_header(line, "Accept", q->accept, sizeof(q->accept));
		take_header(line, "Content-Length", length, sizeof(length));
	}
	size_t n = strtoul(length, NULL, 10);
	assert(n < sizeof(q->body));
	return fread(q->body, 1, n, in) == n;
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	FILE *in = fdopen(dup(c->fd), "r");

	for (;;) {
		struct http_seen q = { .connection = c->number };
		if (!read_request(in, &q))
			break;
		q.request = atomic_fetch_add(&c->server->n_requests, 1);
		pthread_mutex_lock(&c->server->lock);
		c->server->last = q;
		pthread_mutex_unlock(&c->server->lock);
		char *text = NULL;
		size_t len = 0;
		FILE *answer = open_memstream(&text, &len);
		c->server->answer(&q, answer, c->server->user);
		fclose(answer);
		bool sent = len > 0 && send(c->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
		free(text);
		if (!sent)
			break;
	}
	fclose(in);
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct http_server *s = arg;

	for (;;) {
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		unsigned n = atomic_load(&s->n_connections);
		assert(n < CONNECTIONS_MAX);
		s->connections[n] = (struct connection){ .server = s, .fd = fd, .number = n };
		pthread_create(&s->connections[n].thread, NULL, serve, &s->connections[n]);
		atomic_store(&s->n_connections, n + 1);
	}
}

struct http_server *http_server_start(http_answer answer, void *user)
{
	struct http_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	assert(s);
	pthread_mutex_init(&s->lock, NULL);
	s->answer = answer;
	s->user = user;
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(s->listener, (struct sockaddr *)&at, size) || listen(s->listener, 64) ||
		getsockname(s->listener, (struct sockaddr *)&at, &size))
		abort();
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	pthread_create(&s->accepter, NULL, accept_all, s);
	return s;
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

unsigned http_server_requests(const struct http_server *s)
{
	return atomic_load(&s->n_requests);
}

struct http_seen http_server_last(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	struct http_seen last = s->last;
	pthread_mutex_unlock(&s->lock);
	return last;
}

void http_server_stop(struct http_server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->accepter, NULL);
	close(s->listener);
	for (unsigned i = 0; i < atomic_load(&s->n_connections); i++) {
		shutdown(s->connections[i].fd, SHUT_RDWR);
		pthread_join(s->connections[i].thread, NULL);
		close(s->connections[i].fd);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void http_answer_with(FILE *out, int status, const char *headers, const char *body)
{
	fprintf(out, "HTTP/1.1 %d Answer\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers, body);
}
