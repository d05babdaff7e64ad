/* check_live - a WebSocket whose loop turns only while somebody waits for something. */
#include "cli/check_live.h"
#include "base/clock.h"
#include "cli/devices.h"
#include "service/service.h"
#include "socket/websocket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 16 * 1024, TURN_MS = 50, AGAIN_MS = 500 };

struct check_live {
	const char *url, *device;
	struct session *session;
	struct loop *loop;
	struct loop_timer *turn;
	struct ws *ws; /* NULL: not connected */
	int64_t again_ms; /* when to connect again (monotonic) */
	int64_t ends_ms; /* of the waiting (monotonic) */
	bool say_what; /* the token is said: now the subscription */
	bool watched, complete; /* on this connection: the device is, and so is its snapshot */
	const struct check_fix *wanted; /* NULL: the snapshot is */
	bool found;
	char reason[CHECK_REASON_SIZE];
};

static void because(struct check_live *l, const char *what, const char *more)
{
	snprintf(l->reason, sizeof l->reason, "%s%s%s", what, *more ? ": " : "", more);
}

static void found(struct check_live *l)
{
	l->found = true;
	loop_stop(l->loop);
}

/* ---- what the server says ---- */

static bool lists(const json_t *devices, const char *id)
{
	const json_t *device;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)devices, i, device)
	{
		const char *text = json_string_value(device);
		if (text && !strcmp(text, id))
			return true;
	}
	return false;
}

static bool holds(const json_t *positions, const char *device, const struct check_fix *f)
{
	const json_t *p;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)positions, i, p)
	{
		if (!strcmp(device_text(p, "device"), device) && check_fix_is(f, p))
			return true;
	}
	return false;
}

static void on_positions(struct check_live *l, const json_t *frame)
{
	if (json_is_true(json_object_get(frame, "last")))
		l->complete = l->watched;
	if (l->wanted ? holds(json_object_get(frame, "positions"), l->device, l->wanted) : l->complete)
		found(l);
}

static void on_frame(struct check_live *l, const json_t *frame)
{
	const char *type = device_text(frame, "type");

	if (!strcmp(type, "authenticated")) {
		l->say_what = true;
		ws_want_write(l->ws);
	} else if (!strcmp(type, "subscribed")) {
		l->watched = lists(json_object_get(frame, "devices"), l->device);
		if (!l->watched) /* it is too new for this replica: once more */
			ws_close(l->ws, 1000, "");
	} else if (!strcmp(type, "snapshot") || !strcmp(type, "positions")) {
		on_positions(l, frame);
	} else if (!strcmp(type, "error")) {
		because(l, device_text(frame, "code"), device_text(frame, "detail"));
		ws_close(l->ws, 1000, "");
	}
}

static void message(struct ws *w, void *user, const char *text, size_t n)
{
	json_t *frame = json_loadb(text, n, 0, NULL);

	if (frame)
		on_frame(user, frame);
	else
		ws_close(w, 1007, "not JSON");
	json_decref(frame);
}

/* ---- what is said to it ---- */

static json_t *who_message(struct check_live *l)
{
	const char *token;
	int r = session_token(l->session, &token);

	if (r)
		because(l, "no access token", session_error(r));
	return r ? NULL : json_pack("{s:s, s:s}", "type", "auth", "token", token);
}

static void writable(struct ws *w, void *user)
{
	struct check_live *l = user;
	char buf[WS_HEADROOM + MESSAGE_SIZE];
	json_t *m = l->say_what ? json_pack("{s:s, s:[s]}", "type", "subscribe", "devices", l->device) : who_message(l);
	size_t n = m ? json_dumpb(m, buf + WS_HEADROOM, MESSAGE_SIZE, JSON_COMPACT) : 0;

	json_decref(m);
	if (n == 0 || n > MESSAGE_SIZE || ws_send(w, buf + WS_HEADROOM, n))
		ws_close(w, 1000, "");
}

/* ---- the connection ---- */

static void opened(struct ws *w, void *user)
{
	struct check_live *l = user;

	l->say_what = l->watched = l->complete = false;
	ws_want_write(w);
}

static void closed(struct ws *w, void *user, int code, const char *reason)
{
	struct check_live *l = user;
	char text[64];

	(void)w;
	l->ws = NULL;
	l->watched = l->complete = false;
	l->again_ms = clock_mono_ms() + AGAIN_MS;
	if (code == 1000) /* ours: its reason is known already */
		return;
	snprintf(text, sizeof text, "%d%s%s", code, reason && *reason ? " " : "", reason ? reason : "");
	because(l, "the connection is closed", text);
}

static void connect_to(struct check_live *l)
{
	int r = ws_connect(&l->ws, l->loop,
		&(struct ws_client_options){
			.url = l->url,
			.subprotocol = "pettrack.v1",
			.opened = opened,
			.message = message,
			.writable = writable,
			.closed = closed,
			.user = l,
		});

	if (r) {
		because(l, "cannot connect", r == -EINVAL ? "no ws:// or wss:// URL" : strerror(-r));
		l->again_ms = clock_mono_ms() + AGAIN_MS;
	}
}

static void turn(void *arg)
{
	struct check_live *l = arg;
	int64_t now = clock_mono_ms();

	if (now >= l->ends_ms || service_stopping())
		loop_stop(l->loop);
	else if (!l->ws && now >= l->again_ms)
		connect_to(l);
}

int check_live_open(struct check_live **ret, const char *url, struct session *session, const char *device)
{
	struct check_live *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	*l = (struct check_live){ .url = url, .session = session, .device = device };
	int r = loop_open(&l->loop);
	if (r == 0)
		r = loop_every(l->loop, TURN_MS, turn, l, &l->turn);
	if (r)
		check_live_close(l);
	else
		*ret = l;
	return r;
}

void check_live_close(struct check_live *l)
{
	if (!l)
		return;
	if (l->ws)
		ws_close(l->ws, 1000, "");
	loop_close(l->loop);
	free(l);
}

static bool wait_for(struct check_live *l, int64_t timeout_ms)
{
	l->found = false;
	l->ends_ms = clock_mono_ms() + timeout_ms;
	int r = loop_run(l->loop);
	if (r)
		because(l, "the loop ends", strerror(-r));
	else if (!l->found && l->complete)
		because(l, "it is watched, and nothing is pushed", "");
	return l->found;
}

bool check_live_subscribed(struct check_live *l, int64_t timeout_ms)
{
	l->wanted = NULL;
	return wait_for(l, timeout_ms);
}

bool check_live_pushed(struct check_live *l, const struct check_fix *f, int64_t timeout_ms)
{
	l->wanted = f;
	bool came = wait_for(l, timeout_ms);
	l->wanted = NULL;
	return came;
}

const char *check_live_reason(const struct check_live *l)
{
	return l->reason;
}
