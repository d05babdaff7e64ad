/*
 * tail - the live stream in a terminal
 *
 * One connection that is made again whenever it ends, with the cursor of the last frame: what came in between follows, or
 * a new snapshot does, and which of the two is said. The loop serves this connection only, so calls to auth, which
 * block, may be made on it.
 */
#include "base/text.h"
#include "cli/command.h"
#include "cli/devices.h"
#include "cli/session.h"
#include "service/service.h"
#include "socket/loop.h"
#include "socket/websocket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESSAGE_SIZE = 16 * 1024, /* of ours */
	TURN_MS = 100,
	BACKOFF_MS = 500,
	BACKOFF_MAX_MS = 30000,
	DENIED_MAX = 3, /* in a row, then it is no use */
};

enum close_code { CLOSE_DENIED = 4401 };

struct tail {
	struct session *session;
	struct loop *loop;
	struct loop_timer *turn;
	struct loop_watch *stop;
	struct ws *ws; /* NULL: not connected */
	json_t *wanted; /* ids, or "all" */
	json_t *devices; /* of the account, for their names */
	char *cursor; /* NULL: none yet */
	bool say_who, say_what; /* to be sent: token, subscription */
	bool subscribed; /* on this connection, or about to be */
	int64_t again_ms; /* when to connect again */
	unsigned failures, denials; /* in a row */
	int64_t shown;
	bool ending;
	int status; /* of the command */
};

static const char *live_url, *wanted;
static bool json_wanted;
static int64_t count_wanted;

/* The loop is not closed before its connection is: closed() stops it. */
static void end(struct tail *t, int status)
{
	if (t->ending)
		return;
	t->ending = true;
	t->status = status;
	if (t->ws)
		ws_close(t->ws, 1000, "");
	else
		loop_stop(t->loop);
}

/* ---- what is shown ---- */

static const char *name_of(const struct tail *t, const char *id)
{
	bool several;
	const json_t *device = devices_find(t->devices, id, &several);

	return device ? device_text(device, "name") : id;
}

static void put_number(
	struct text *t, const json_t *p, const char *member, const char *before, int decimals, const char *after)
{
	const json_t *v = json_object_get(p, member);

	if (!json_is_number(v))
		return;
	text_puts(t, before);
	text_fixed(t, json_number_value(v), decimals);
	text_puts(t, after);
}

static void show_position(struct tail *t, const json_t *p)
{
	char line[512];
	struct text out = text_in(line, sizeof line);

	text_printf(&out, "%s  %-20.40s", device_text(p, "time"), name_of(t, device_text(p, "device")));
	put_number(&out, p, "lat", "  ", 7, "");
	put_number(&out, p, "lon", ",", 7, "");
	put_number(&out, p, "speed", "  ", 1, " m/s");
	put_number(&out, p, "accuracy", "  within ", 0, " m");
	put_number(&out, p, "battery", "  battery ", 0, "%");
	if (json_is_true(json_object_get(p, "late")))
		text_puts(&out, "  late");
	if (json_is_false(json_object_get(p, "valid")))
		text_puts(&out, "  not valid");
	puts(line);
}

static void show_positions(struct tail *t, const json_t *frame)
{
	const json_t *list = json_object_get(frame, "positions"), *p;
	json_int_t skipped = json_integer_value(json_object_get(frame, "skipped"));
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, p) if (!json_wanted) show_position(t, p);
	if (skipped > 0 && !json_wanted)
		fprintf(stderr, "(%lld older ones skipped)\n", (long long)skipped);
	t->shown += (int64_t)json_array_size(list);
	if (count_wanted && t->shown >= count_wanted)
		end(t, EXIT_SUCCESS);
}

/* ---- what the server says ---- */

static void reload_names(struct tail *t)
{
	json_t *devices = NULL;

	if (devices_list(t->session, &devices)) /* then the old names will do */
		return;
	json_decref(t->devices);
	t->devices = devices;
}

static void on_subscribed(struct tail *t, const json_t *frame)
{
	if (t->cursor && !json_is_true(json_object_get(frame, "recovered")))
		fputs("(too long away: what was missed is in the history; this is the present state)\n", stderr);
	t->failures = t->denials = 0;
}

static void on_error(struct tail *t, const json_t *frame)
{
	const char *detail = device_text(frame, "detail"), *device = device_text(frame, "device");

	fprintf(stderr, "pettrack: %s", device_text(frame, "code"));
	if (*detail)
		fprintf(stderr, ": %s", detail);
	if (*device)
		fprintf(stderr, " (%s)", name_of(t, device));
	fputc('\n', stderr);
}

static void on_frame(struct tail *t, const json_t *frame)
{
	const char *type = device_text(frame, "type"), *cursor = device_text(frame, "cursor");

	if (!strcmp(type, "authenticated")) {
		t->say_what = !t->subscribed; /* not when the token was only renewed */
		t->subscribed = true;
	} else if (!strcmp(type, "subscribed")) {
		on_subscribed(t, frame);
	} else if (!strcmp(type, "snapshot") || !strcmp(type, "positions")) {
		show_positions(t, frame);
	} else if (!strcmp(type, "devices")) {
		reload_names(t);
	} else if (!strcmp(type, "expiring")) {
		t->say_who = true;
	} else if (!strcmp(type, "error")) {
		on_error(t, frame);
	}
	if (*cursor) {
		free(t->cursor);
		t->cursor = strdup(cursor);
	}
	if (t->ws && !t->ending && (t->say_who || t->say_what))
		ws_want_write(t->ws);
}

static void message(struct ws *w, void *user, const char *text, size_t n)
{
	struct tail *t = user;
	json_t *frame = json_loadb(text, n, 0, NULL);

	if (!frame) {
		ws_close(w, 1007, "not JSON");
		return;
	}
	if (json_wanted) {
		fwrite(text, 1, n, stdout);
		putchar('\n');
	}
	on_frame(t, frame);
	json_decref(frame);
	if (fflush(stdout)) /* nobody reads any more */
		end(t, EXIT_FAILURE);
}

/* ---- what is said to it ---- */

static json_t *who_message(struct tail *t)
{
	const char *token;
	int r = session_token(t->session, &token);

	if (r)
		complain("%s", session_error(r));
	return r ? NULL : json_pack("{s:s, s:s}", "type", "auth", "token", token);
}

static json_t *what_message(const struct tail *t)
{
	return json_pack("{s:s, s:O, s:s*}", "type", "subscribe", "devices", t->wanted, "cursor", t->cursor);
}

static void writable(struct ws *w, void *user)
{
	struct tail *t = user;
	char buf[WS_HEADROOM + MESSAGE_SIZE];

	if (!t->say_who && !t->say_what)
		return;
	json_t *m = t->say_who ? who_message(t) : what_message(t);
	size_t n = m ? json_dumpb(m, buf + WS_HEADROOM, MESSAGE_SIZE, JSON_COMPACT) : 0;
	json_decref(m);
	if (t->say_who)
		t->say_who = false;
	else
		t->say_what = false;
	if (n == 0 || n > MESSAGE_SIZE || ws_send(w, buf + WS_HEADROOM, n))
		ws_close(w, 1000, "");
	else if (t->say_who || t->say_what)
		ws_want_write(w);
}

/* ---- the connection ---- */

static void opened(struct ws *w, void *user)
{
	struct tail *t = user;

	t->say_who = true;
	t->say_what = t->subscribed = false;
	ws_want_write(w);
}

static void later(struct tail *t)
{
	int64_t wait = BACKOFF_MAX_MS;

	if (t->failures < 6)
		wait = (int64_t)BACKOFF_MS << t->failures;
	t->failures++;
	t->again_ms = loop_now_ms(t->loop) + wait;
}

static void closed(struct ws *w, void *user, int code, const char *reason)
{
	struct tail *t = user;

	(void)w;
	t->ws = NULL;
	if (t->ending) {
		loop_stop(t->loop);
		return;
	}
	if (t->failures == 0 || t->failures == 5) /* once, and once more when it lasts */
		fprintf(stderr, "(connection lost: %d %s; trying again)\n", code, reason ? reason : "");
	if (code == CLOSE_DENIED && (++t->denials == DENIED_MAX || session_renew(t->session)))
		end(t, complain("%s does not accept the session: log in again", live_url));
	else
		later(t);
}

static void connect_to(struct tail *t)
{
	int r = ws_connect(&t->ws, t->loop,
		&(struct ws_client_options){
			.url = live_url,
			.subprotocol = "pettrack.v1",
			.opened = opened,
			.message = message,
			.writable = writable,
			.closed = closed,
			.user = t,
		});

	if (r == -EINVAL)
		end(t, complain("--live-url '%s' is no ws:// or wss:// URL", live_url));
	else if (r)
		later(t);
}

static void turn(void *arg)
{
	struct tail *t = arg;

	if (!t->ws && !t->ending && loop_now_ms(t->loop) >= t->again_ms)
		connect_to(t);
}

static void told_to_stop(void *arg)
{
	struct tail *t = arg;

	loop_watch_close(t->stop);
	t->stop = NULL;
	end(t, EXIT_SUCCESS);
}

/* ---- the command ---- */

/* The ids behind a comma-separated list of ids, identifiers and names. */
static int choose(struct tail *t)
{
	char *copy, *save = NULL;

	if (!strcmp(wanted, "all")) {
		t->wanted = json_string("all");
		return 0;
	}
	t->wanted = json_array();
	copy = strdup(wanted);
	int status = 0;
	for (char *name = strtok_r(copy, ",", &save); name && status == 0; name = strtok_r(NULL, ",", &save)) {
		bool several;
		const json_t *device = devices_find(t->devices, name, &several);
		if (!device)
			status = complain(
				several ? "several devices are called '%s': give the id" : "no device is called '%s'",
				name);
		else
			json_array_append_new(t->wanted, json_string(device_text(device, "id")));
	}
	free(copy);
	return status;
}

static int run_loop(struct tail *t)
{
	int r = loop_open(&t->loop);

	if (r == 0)
		r = loop_every(t->loop, TURN_MS, turn, t, &t->turn);
	if (r == 0)
		r = loop_watch(t->loop, service_stop_fd(), told_to_stop, t, &t->stop);
	if (r == 0)
		r = loop_run(t->loop);
	loop_close(t->loop);
	return r ? complain("%s", strerror(-r)) : t->status;
}

static int tail(void)
{
	struct tail t = { .status = EXIT_SUCCESS };
	int r = session_open(&t.session);

	if (r == 0)
		r = devices_list(t.session, &t.devices);
	int status = r ? complain("%s", session_error(r)) : choose(&t);
	if (status == 0)
		status = run_loop(&t);
	json_decref(t.wanted);
	json_decref(t.devices);
	free(t.cursor);
	session_close(t.session);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_DEVICE", "all", setting_text, &wanted,
			"all, or ids, identifiers or names: one or several, with commas" },
		{ "PETTRACK_LIVE_URL", "ws://127.0.0.1:8084/v1/live", setting_text, &live_url, "the live stream" },
		{ "PETTRACK_COUNT", "0", setting_int, &count_wanted, "end after so many positions; 0: go on", 0,
			INT64_MAX },
		{ "PETTRACK_JSON", "false", setting_bool, &json_wanted, "print the frames as they come, one a line" },
		{ 0 },
	};
	const struct service service = {
		.name = argv[0],
		.summary = "Shows positions as they come, the present ones first. After a cut it goes on where it was.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	int r = service_start(&service, argc, argv);

	return r ? settings_exit(r) : tail();
}

const struct command command_tail = { "tail", "show positions as they come", run };
