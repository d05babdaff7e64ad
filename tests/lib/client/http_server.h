/*
 * http_server - an HTTP server inside a test: each request is answered by a function of the test's
 *
 * A thread accepts, a thread serves each connection; connections are kept open until the client or the test ends them.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

struct http_server;

struct http_seen {
	char method[16], path[256], authorization[512], content_type[64], accept[128];
	char body[4096];
	unsigned connection; /* counted from 0 */
	unsigned request; /* over all connections, counted from 0 */
};

/* Writes the whole answer, head included, to @out; writing nothing closes the connection. On a connection's thread. */
typedef void (*http_answer)(const struct http_seen *q, FILE *out, void *user);

/* On a free port of 127.0.0.1; aborts the test when there is none. */
struct http_server *http_server_start(http_answer answer, void *user);
const char *http_server_url(const struct http_server *s);
unsigned http_server_requests(const struct http_server *s);
/* The last request, the zero one before there was any. */
struct http_seen http_server_last(struct http_server *s);
void http_server_stop(struct http_server *s);

/* Writes an answer with its length. @headers: whole lines or "". */
void http_answer_with(FILE *out, int status, const char *headers, const char *body);
