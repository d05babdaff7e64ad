/*
 * internal - what the files of lib/web share: the server and the request under way
 */
#pragma once

#include "base/text.h"
#include "web/files.h"
#include "web/path.h"
#include "web/web.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	EXTRA_SIZE = 1024, /* of the headers that a handler adds */
	HEAD_SIZE = 4096, /* of all headers of an answer */
	OUT_SIZE = 16384, /* of what is gathered before it is sent */
	REMOTE_SIZE = 64, /* civetweb's is a little more than ADDRESS_TEXT_SIZE */
};

struct web {
	struct web_options o;
	struct mg_context *mg;
	struct files *files;
	uint16_t port;
	atomic_int connections; /* that hold a thread */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int running; /* requests under way */
	bool stopping; /* new ones are refused */
	atomic_bool stopped; /* civetweb's threads have ended */
};

enum answer_state {
	ANSWER_DUE,
	ANSWER_STREAMING,
	ANSWER_DONE,
	ANSWER_BROKEN, /* the client has gone, or must be made to notice that this is not all */
};

struct web_request {
	struct web *web;
	struct mg_connection *conn;
	const struct mg_request_info *info; /* NULL when the request could not be read */
	const char *method;
	const struct web_route *route;
	const char *label; /* of the route, for metrics */
	int64_t started_ns;
	struct path path;
	struct query query;
	struct token_claims claims;
	bool has_claims;
	char remote[REMOTE_SIZE];
	bool forwards; /* without being trusted */

	int64_t body_len; /* what the client announced */
	char *body; /* once read */
	json_t *json;

	bool close; /* after the answer */
	enum answer_state state;
	int status;
	bool own_cache_control, own_policy; /* among @extra */
	struct text extra;
	char extra_text[EXTRA_SIZE];
	bool chunked;
	int64_t sent; /* bytes of a streamed answer */
	size_t chunk; /* where in @out the chunk under construction begins */
	size_t out_len;
	char out[HEAD_SIZE + OUT_SIZE];
};

/* access.c: 0 when the request may go on; else it is answered. */
bool access_allows(struct web_request *q);
/* Whether the page at @origin may use this server; @list is web_options.cors_origins. */
bool access_origin_listed(const char *list, const char *origin);
/* Headers for pages of other origins. */
void access_add_cors(struct web_request *q, struct text *head);
/* Answers OPTIONS; @methods: "GET, HEAD". */
void access_answer_options(struct web_request *q, const char *methods);

/* dispatch.c: answers the request. */
void dispatch(struct web_request *q);

/* request.c: finds out whom it comes from. Before it is dispatched. */
void request_find_remote(struct web_request *q);
/* Reads and drops what is left of a small body, so that the connection can be used again; else marks it to
 * be closed. Before the answer. */
void request_settle_body(struct web_request *q);
/* Takes from the socket what a client may still be sending, for a short while: a socket closed with unread bytes
 * resets, and the client may never see the answer. After the answer. */
void request_linger(struct web_request *q);
void request_free(struct web_request *q);

/* answer.c: ends what a handler left open. */
void answer_finish(struct web_request *q);

/* ops.c */
extern const struct web_route web_ops_routes[];

/* metrics.c */
void web_count(const struct web_request *q);
