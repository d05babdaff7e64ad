/*
 * server - civetweb started, and every request taken from it before it does anything itself
 *
 * begin_request is called first for each request; it always answers, so civetweb's own files, directories, CGI and
 * authentication are never reached. What civetweb refuses before that (it could not read the request) comes to
 * http_error.
 */
#include "web/internal.h"
#include "base/clock.h"
#include "service/log.h"
#include "web/runner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 16,
	BODY_MAX = 64 << 10,
	REQUEST_TIMEOUT_MS = 10000,
	KEEP_ALIVE_MS = 2000,
	KNOCK_MS = 10,
};

/* ---- one request ---- */

static void request_init(struct web_request *q, struct web *w, struct mg_connection *conn, const char *label)
{
	q->web = w;
	q->conn = conn;
	q->label = label;
	q->started_ns = clock_mono_ns();
	q->extra = text_in(q->extra_text, sizeof q->extra_text);
}

/* Whether the server takes new requests; counts this one in. */
static bool enter(struct web *w)
{
	pthread_mutex_lock(&w->lock);
	bool open = !w->stopping;
	w->running++;
	pthread_mutex_unlock(&w->lock);
	return open;
}

static void leave(struct web *w)
{
	pthread_mutex_lock(&w->lock);
	if (--w->running == 0)
		pthread_cond_broadcast(&w->idle);
	pthread_mutex_unlock(&w->lock);
}

static void refuse(struct web_request *q, const char *code, const char *detail)
{
	q->close = true;
	web_add_header(q, "Retry-After", "1");
	web_problem(q, 503, code, "%s", detail);
}

static void run_dispatch(void *arg)
{
	dispatch(arg);
}

static void handle(struct web_request *q, bool open)
{
	struct runner *runner = mg_get_thread_pointer(q->conn);

	q->info = mg_get_request_info(q->conn);
	q->method = q->info->request_method;
	request_find_remote(q);
	if (!open)
		refuse(q, "stopping", "This server is stopping. Try again shortly.");
	else if (!runner)
		refuse(q, "busy", "This server has no thread to spare. Try again shortly.");
	else
		runner_run(runner, run_dispatch, q);
	request_linger(q);
	web_count(q);
}

static int begin_request(struct mg_connection *conn)
{
	struct web *w = mg_get_user_data(mg_get_context(conn));
	struct web_request *q = calloc(1, sizeof *q);
	bool open = enter(w);
	int status = 503;

	if (q) {
		request_init(q, w, conn, "unmatched");
		handle(q, open);
		status = q->status;
	}
	if (!q || q->close)
		mg_disable_connection_keep_alive(conn);
	if (q)
		request_free(q);
	free(q);
	leave(w);
	return status > 0 ? status : 500;
}

/* ---- what civetweb says itself ---- */

static int http_error(struct mg_connection *conn, int status, const char *message)
{
	static const struct {
		int given, status;
		const char *code, *detail;
	} rows[] = {
		{ 413, 431, "header_too_large", "The request's headers are too large." },
		{ 505, 505, "http_version", "Use HTTP/1.1." },
		{ 500, 500, "internal", "The request could not be read." },
	};
	struct web *w = mg_get_user_data(mg_get_context(conn));
	struct web_request *q = calloc(1, sizeof *q);
	const char *code = "bad_request", *detail = "The request could not be read: malformed, too large, or too slow.";

	(void)message;
	if (!q)
		return 0; /* closed without a word */
	request_init(q, w, conn, "malformed");
	q->close = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].given == status) {
			q->status = rows[i].status;
			code = rows[i].code;
			detail = rows[i].detail;
		}
	web_problem(q, q->status ? q->status : 400, code, "%s", detail);
	web_count(q);
	request_free(q);
	free(q);
	mg_disable_connection_keep_alive(conn);
	return 0;
}

static int log_message(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	log_debug("web server", LOG_S("message", message));
	return 1;
}

static void *init_thread(const struct mg_context *mg, int type)
{
	enum { WORKER = 1 };
	struct runner *runner = NULL;

	(void)mg;
	if (type == WORKER && runner_open(&runner))
		log_debug("no thread for requests");
	return runner;
}

static void exit_thread(const struct mg_context *mg, int type, void *runner)
{
	(void)mg;
	(void)type;
	runner_close(runner);
}

static int init_connection(const struct mg_connection *conn, void **ret_data)
{
	struct web *w = mg_get_user_data(mg_get_context(conn));

	*ret_data = NULL;
	atomic_fetch_add(&w->connections, 1);
	return 0;
}

static void connection_closed(const struct mg_connection *conn)
{
	struct web *w = mg_get_user_data(mg_get_context(conn));

	atomic_fetch_sub(&w->connections, 1);
}

/* ---- life ---- */

static int check_options(const struct web_options *o)
{
	if (o->cors_origins && strchr(o->cors_origins, '*'))
		return -EINVAL;
	for (const struct web_route *r = o->routes; r && r->method; r++)
		if (r->access != WEB_PUBLIC && !o->verify)
			return -EINVAL;
	return 0;
}

static void set_defaults(struct web_options *o)
{
	o->threads = o->threads > 0 ? o->threads : THREADS;
	o->body_max = o->body_max > 0 ? o->body_max : BODY_MAX;
	o->request_timeout_ms = o->request_timeout_ms > 0 ? o->request_timeout_ms : REQUEST_TIMEOUT_MS;
	o->keep_alive_ms = o->keep_alive_ms > 0 ? o->keep_alive_ms : KEEP_ALIVE_MS;
	if (o->cors_origins && !*o->cors_origins)
		o->cors_origins = NULL;
}

/* The address that is listened on, with @port, for freeaddrinfo(). */
static int find_address(const struct web_options *o, uint16_t port, struct addrinfo **ret)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE };
	char host[64], service[8];

	snprintf(host, sizeof host, "%s", o->address[0] == '[' ? o->address + 1 : o->address);
	host[strcspn(host, "]")] = '\0';
	snprintf(service, sizeof service, "%u", port);
	return getaddrinfo(host, service, &hints, ret) ? -EINVAL : 0;
}

/* Why the address cannot be listened on: civetweb does not say. */
static int bind_error(const struct web_options *o)
{
	struct addrinfo *a;
	int one = 1, r = -EIO;

	if (o->address[0] == '[' && !mg_check_feature(MG_FEATURES_IPV6))
		return -EAFNOSUPPORT;
	if (find_address(o, o->port, &a))
		return -EINVAL;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
		bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1))
		r = -errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(a);
	return r;
}

static int start(struct web *w)
{
	static const struct mg_callbacks callbacks = {
		.begin_request = begin_request,
		.http_error = http_error,
		.log_message = log_message,
		.init_thread = init_thread,
		.exit_thread = exit_thread,
		.init_connection = init_connection,
		.connection_closed = connection_closed,
	};
	char listen_on[96], threads[24], timeout[24], keep_alive[24];
	const char *options[] = {
		"listening_ports",
		listen_on,
		"num_threads",
		threads,
		"request_timeout_ms",
		timeout,
		"keep_alive_timeout_ms",
		keep_alive,
		"enable_keep_alive",
		"yes",
		"tcp_nodelay",
		"1",
		"decode_url",
		"no",
		"enable_directory_listing",
		"no",
		"enable_auth_domain_check",
		"no",
		"access_control_allow_origin",
		"",
		"access_control_allow_methods",
		"",
		NULL,
	};
	struct mg_server_port port = { 0 };

	snprintf(listen_on, sizeof listen_on, "%s:%u", w->o.address, w->o.port);
	snprintf(threads, sizeof threads, "%lld", (long long)w->o.threads);
	snprintf(timeout, sizeof timeout, "%lld", (long long)w->o.request_timeout_ms);
	snprintf(keep_alive, sizeof keep_alive, "%lld", (long long)w->o.keep_alive_ms);
	w->mg = mg_start(&callbacks, w, options);
	if (!w->mg)
		return bind_error(&w->o);
	if (mg_get_server_ports(w->mg, 1, &port) != 1)
		return -EIO;
	w->port = (uint16_t)port.port;
	return 0;
}

int web_open(struct web **ret, const struct web_options *o)
{
	struct web *w = calloc(1, sizeof *w);

	if (!w)
		return -ENOMEM;
	mg_init_library(0);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->idle, NULL);
	w->o = *o;
	set_defaults(&w->o);
	int r = check_options(&w->o);
	if (r == 0 && w->o.files_dir)
		r = files_open(&w->files, w->o.files_dir);
	if (r == 0)
		r = start(w);
	if (r) {
		web_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

uint16_t web_port(const struct web *w)
{
	return w->port;
}

/* civetweb breaks writes off when it stops: so first nothing may be under way. Each request is bounded by its timeouts. */
static void drain(struct web *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	while (w->running > 0)
		pthread_cond_wait(&w->idle, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

/* civetweb's listening thread looks every 2 s whether it shall end, and whenever somebody connects: this does. */
static void *knock(void *arg)
{
	const struct timespec pause = { .tv_nsec = KNOCK_MS * 1000000L };
	struct web *w = arg;
	struct addrinfo *a;

	if (find_address(&w->o, w->port, &a))
		return NULL;
	while (!atomic_load(&w->stopped)) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd >= 0) {
			(void)connect(fd, a->ai_addr, a->ai_addrlen);
			close(fd);
		}
		nanosleep(&pause, NULL);
	}
	freeaddrinfo(a);
	return NULL;
}

static void stop(struct web *w)
{
	pthread_t knocking;
	bool knocks = pthread_create(&knocking, NULL, knock, w) == 0;

	mg_stop(w->mg);
	atomic_store(&w->stopped, true);
	if (knocks)
		pthread_join(knocking, NULL);
}

void web_close(struct web *w)
{
	if (!w)
		return;
	drain(w);
	if (w->mg)
		stop(w);
	mg_exit_library();
	files_close(w->files);
	pthread_cond_destroy(&w->idle);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
