/* websocket_client - one outgoing WebSocket with a libwebsockets context of its own: for tools */
#include "socket/websocket_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
	struct ws_host host;
	struct ws_client_options o; /* its strings are those below, or NULL */
	char *subprotocol;
	char *url; /* what the next three point into */
	const char *scheme, *name, *path; /* without its first slash */
	int port;
};

static void free_client(void *owner)
{
	struct client *c = owner;

	free(c->subprotocol);
	free(c->url);
	free(c);
}

/* ---- events ---- */

static bool on_opened(struct ws *w)
{
	struct client *c = w->host->owner;

	c->o.opened(w, w->user);
	return true;
}

static void on_message(struct ws *w, const char *text, size_t n)
{
	struct client *c = w->host->owner;

	c->o.message(w, w->user, text, n);
}

static void on_writable(struct ws *w)
{
	struct client *c = w->host->owner;

	c->o.writable(w, w->user);
}

static void on_closed(struct ws *w)
{
	struct client *c = w->host->owner;

	c->o.closed(w, w->user, ws_close_code(w), w->reason ? w->reason : "");
	ws_host_end(w->host, free_client);
}

static const struct ws_events events = {
	.opened = on_opened,
	.message = on_message,
	.writable = on_writable,
	.closed = on_closed,
};

/* ---- connecting ---- */

static int parse_url(struct client *c)
{
	bool known = strncmp(c->url, "ws://", 5) == 0 || strncmp(c->url, "wss://", 6) == 0;

	if (!known || lws_parse_uri(c->url, &c->scheme, &c->name, &c->port, &c->path) || *c->name == '\0')
		return -EINVAL;
	return 0;
}

static bool is_tls(const struct client *c)
{
	return strcmp(c->scheme, "wss") == 0;
}

/* -ENOMEM; that the connect failed is told by closed(). */
static int connect_to(struct client *c, struct ws **ret)
{
	char path[2048], host[512];
	struct ws *w = ws_new(&c->host);

	if (!w)
		return -ENOMEM;
	w->user = c->o.user;
	snprintf(path, sizeof(path), "/%s", c->path);
	snprintf(host, sizeof(host), "%s:%d", c->name, c->port);
	struct lws_client_connect_info info = {
		.context = c->host.context,
		.vhost = c->host.vhost,
		.address = c->name,
		.port = c->port,
		.path = path,
		.host = host,
		.origin = host,
		.protocol = c->subprotocol,
		.local_protocol_name = c->subprotocol,
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (is_tls(c) ? LCCSCF_USE_SSL : 0),
		.opaque_user_data = w,
		.pwsi = &w->lws,
	};
	*ret = w;
	if (!lws_client_connect_via_info(&info))
		ws_forget(w);
	return 0;
}

int ws_connect(struct ws **ret, struct loop *l, const struct ws_client_options *o)
{
	struct client *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->o = *o;
	c->url = strdup(o->url);
	c->subprotocol = strdup(o->subprotocol);
	int r = c->url && c->subprotocol ? parse_url(c) : -ENOMEM;
	if (r == 0)
		r = ws_host_open(&c->host, l, c->subprotocol, &events, c, true);
	if (r) {
		free_client(c);
		return r;
	}
	r = connect_to(c, ret);
	if (r)
		ws_host_end(&c->host, free_client);
	return r;
}
