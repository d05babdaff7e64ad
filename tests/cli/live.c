/* live - lib/socket's server with scripts. */
#include "tests/cli/live.h"
#include "base/text.h"
#include "socket/websocket.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char heard[LIVE_CONNECTIONS][LIVE_HEARD_SIZE];

struct live {
	struct loop *loop;
	struct ws_server *server;
	pthread_t thread;
	const struct live_script *scripts;
	size_t scripts_n, connections_n;
	struct connection {
		const struct live_script *script;
		struct text heard;
		const char *say[LIVE_FRAMES + 2]; /* still to be sent */
		size_t say_n, said;
		int heard_n;
	} connections[LIVE_CONNECTIONS];
};

static void *opened(void *owner, struct ws *w, const char *offered, const char *remote)
{
	struct live *l = owner;
	size_t i = l->connections_n;

	(void)w;
	(void)offered;
	(void)remote;
	if (i == LIVE_CONNECTIONS || i >= l->scripts_n)
		return NULL;
	l->connections_n++;
	struct connection *c = &l->connections[i];
	*c = (struct connection){ .script = &l->scripts[i], .heard = text_in(heard[i], LIVE_HEARD_SIZE) };
	return c;
}

static void say(struct ws *w, struct connection *c, const char *frame)
{
	c->say[c->say_n++] = frame;
	ws_want_write(w);
}

static void message(struct ws *w, void *user, const char *text, size_t n)
{
	struct connection *c = user;

	text_put(&c->heard, text, n);
	text_putc(&c->heard, '\n');
	c->heard_n++;
	ws_want_write(w);
	if (memmem(text, n, "\"auth\"", 6)) {
		if (c->script->deny)
			ws_close(w, c->script->deny, "no");
		else if (c->say_n == 0) /* a renewed token is not answered here */
			say(w, c, "{\"type\":\"authenticated\",\"expires\":\"2026-01-02T03:04:05.000Z\"}");
		return;
	}
	for (size_t i = 0; i < LIVE_FRAMES && c->script->frames[i]; i++)
		say(w, c, c->script->frames[i]);
}

static void writable(struct ws *w, void *user)
{
	struct connection *c = user;
	char buf[WS_HEADROOM + 2048];

	if (c->said < c->say_n) {
		size_t n = strlen(c->say[c->said]);
		memcpy(buf + WS_HEADROOM, c->say[c->said++], n);
		if (ws_send(w, buf + WS_HEADROOM, n) == 0)
			ws_want_write(w);
	} else if (c->say_n > 1 && c->script->close && c->heard_n >= c->script->heard) {
		ws_close(w, c->script->close, "script");
	}
}

static void closed(struct ws *w, void *user)
{
	(void)w;
	(void)user;
}

static void *turn(void *arg)
{
	struct live *l = arg;

	return (void *)(intptr_t)loop_run(l->loop);
}

int live_open(struct live **ret, const struct live_script *scripts, size_t n)
{
	struct live *l = calloc(1, sizeof *l);
	int r = loop_open(&l->loop);

	l->scripts = scripts;
	l->scripts_n = n;
	memset(heard, 0, sizeof heard);
	if (r == 0)
		r = ws_server_open(&l->server, l->loop,
			&(struct ws_options){
				.address = "127.0.0.1",
				.path = "/v1/live",
				.subprotocol = "pettrack.v1",
				.connections_max = 16,
				.message_max = 8192,
				.ping_ms = 10000,
				.opened = opened,
				.message = message,
				.writable = writable,
				.closed = closed,
				.owner = l,
			});
	if (r == 0)
		r = -pthread_create(&l->thread, NULL, turn, l);
	*ret = l;
	return r;
}

uint16_t live_port(const struct live *l)
{
	return ws_server_port(l->server);
}

const char *live_heard(size_t i)
{
	return heard[i];
}

void live_close(struct live *l)
{
	loop_stop(l->loop);
	pthread_join(l->thread, NULL);
	ws_server_close(l->server);
	loop_close(l->loop);
	free(l);
}
