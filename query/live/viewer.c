/* viewer - one connection: what it may say and when, and how it ends */
#include "base/clock.h"
#include "query/live/hub_internal.h"
#include "query/live/stats.h"

#include <stdlib.h>
#include <string.h>

enum {
	MESSAGES_MAX = 16, /* that wait for the one under way */
	ALLOWANCE_S = 4, /* messages are counted over so many seconds */
	UNKNOWN_MAX_MS = 700, /* how long positions flow while it is not known whether they still may */
	UNKNOWN_CLOSE_MS = 5000, /* how long they are held back then */
};

/* ---- work ---- */

void viewer_work(struct viewer *v, enum viewer_task task, struct work *w, void (*run)(struct work *w),
	void (*done)(struct work *w))
{
	const struct live_shared *s = v->hub->shared;

	v->under_way |= task;
	w->run = run;
	w->done = done;
	w->loop = v->hub->loop;
	workers_put(task == TASK_PAST ? s->readers : s->askers, w);
}

bool viewer_worked(struct viewer *v, enum viewer_task task)
{
	v->under_way &= ~(unsigned)task;
	if (v->state != VIEWER_GONE)
		return true;
	if (!v->under_way)
		free(v);
	return false;
}

/* ---- life ---- */

static struct viewer *viewer_new(struct hub *h, struct ws *ws, const struct uuid *address)
{
	struct viewer *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->hub = h;
	v->ws = ws;
	v->state = VIEWER_NEW;
	v->address = *address;
	v->opened_ms = v->allowance_ms = loop_now_ms(h->loop);
	v->allowance = (double)(ALLOWANCE_S * h->shared->o.message_rate);
	STAILQ_INIT(&v->messages);
	STAILQ_INIT(&v->notes);
	TAILQ_INIT(&v->watches);
	TAILQ_INSERT_TAIL(&h->viewers, v, link);
	h->viewers_n++;
	return v;
}

void *viewer_opened(struct hub *h, struct ws *ws, const char *offered, const char *remote)
{
	struct live_shared *s = h->shared;
	struct uuid address = address_as_key(remote);
	struct viewer *v = viewer_new(h, ws, &address);
	size_t n;

	if (!v)
		return NULL;
	const char *token = offered_token(offered, &n);
	bool few = ++s->connections <= s->o.connections_max;
	bool few_here = counts_enter(s->addresses, &address, s->o.connections_per_address);
	if (!few_here)
		v->address = (struct uuid){ 0 }; /* was not counted, and leaves nothing */
	if (!few)
		viewer_close(v, 4429, "connections", "too many connections");
	else if (!few_here)
		viewer_close(v, 4429, "address", "too many connections from this address");
	else if (h->draining_ms)
		viewer_close(v, 1001, "going_away", "going away");
	else if (token)
		viewer_authenticate(v, token, n);
	return v;
}

static void forget_messages(struct viewer *v)
{
	struct waiting_message *m;

	while ((m = STAILQ_FIRST(&v->messages))) {
		STAILQ_REMOVE_HEAD(&v->messages, link);
		json_decref(m->json);
		free(m);
	}
}

static void leave_user(struct viewer *v)
{
	struct hub_user *u = UUID_MAP_FIND(&v->hub->users, &v->user, struct hub_user, link);

	LIST_REMOVE(v, of_user);
	counts_leave(v->hub->shared->users, &v->user);
	if (!LIST_EMPTY(&u->viewers))
		return;
	uuid_map_remove(&v->hub->users, &u->link);
	free(u);
}

void viewer_gone(struct viewer *v)
{
	struct hub *h = v->hub;

	if (v->state != VIEWER_CLOSING)
		stats_closed(ws_close_code(v->ws) == 1006 ? "lost" : "client");
	if (v->of_user.le_prev)
		leave_user(v);
	counts_leave(h->shared->addresses, &v->address);
	h->shared->connections--;
	watch_remove_all(v);
	viewer_forget_outbox(v);
	viewer_forget_parked(v);
	forget_messages(v);
	free(v->places);
	TAILQ_REMOVE(&h->viewers, v, link);
	h->viewers_n--;
	v->ws = NULL;
	v->state = VIEWER_GONE;
	if (!v->under_way)
		free(v);
}

void viewer_close(struct viewer *v, int code, const char *why, const char *reason)
{
	if (v->state == VIEWER_CLOSING || v->state == VIEWER_GONE)
		return;
	v->state = VIEWER_CLOSING;
	stats_closed(why);
	ws_close(v->ws, code, reason);
}

/* ---- messages ---- */

static bool is_type(const json_t *message, const char *type)
{
	const char *said = json_string_value(json_object_get(message, "type"));

	return said && strcmp(said, type) == 0;
}

static bool is_allowed(struct viewer *v)
{
	const double rate = (double)v->hub->shared->o.message_rate;
	int64_t now_ms = loop_now_ms(v->hub->loop);

	v->allowance += (double)(now_ms - v->allowance_ms) / 1000 * rate;
	if (v->allowance > ALLOWANCE_S * rate)
		v->allowance = ALLOWANCE_S * rate;
	v->allowance_ms = now_ms;
	v->allowance -= 1;
	return v->allowance >= 0;
}

static void on_auth(struct viewer *v, const json_t *message)
{
	const json_t *token = json_object_get(message, "token");

	if (json_is_string(token))
		viewer_authenticate(v, json_string_value(token), json_string_length(token));
	else
		viewer_close(v, 4400, "bad_message", "auth needs a token");
}

static void handle(struct viewer *v, const json_t *message)
{
	if (is_type(message, "auth"))
		on_auth(v, message);
	else if (v->state == VIEWER_NEW)
		viewer_close(v, 4401, "not_authenticated", "the first message must be auth");
	else if (is_type(message, "subscribe"))
		viewer_subscribe(v, message);
	else if (is_type(message, "unsubscribe"))
		viewer_unsubscribe(v, message);
	else
		viewer_close(v, 4400, "bad_message", "unknown type of message");
}

/* Keeps @message (stolen) until it is its turn. */
static void wait_in_line(struct viewer *v, json_t *message)
{
	struct waiting_message *m = v->messages_n < MESSAGES_MAX ? malloc(sizeof(*m)) : NULL;

	if (!m) {
		json_decref(message);
		viewer_close(v, 4429, "messages", "too many messages at once");
		return;
	}
	m->json = message;
	STAILQ_INSERT_TAIL(&v->messages, m, link);
	v->messages_n++;
}

bool viewer_may_work(const struct viewer *v)
{
	return (v->state == VIEWER_NEW || v->state == VIEWER_OPEN) && !v->under_way && !v->parked &&
	       !v->snapshot.updates;
}

/* The next message that can be done now. While the stream has not begun that is only auth, lest a token end meanwhile. */
static struct waiting_message *next_message(struct viewer *v)
{
	struct waiting_message *m;

	STAILQ_FOREACH(m, &v->messages, link)
	if (v->hub->ring || v->state == VIEWER_NEW || is_type(m->json, "auth"))
		return m;
	return NULL;
}

/* Waits for nothing but an answer of auth's that may be from before the change. */
static bool recheck_is_due(const struct viewer *v)
{
	return v->recheck && v->state == VIEWER_OPEN && v->hub->ring && !(v->under_way & TASK_ACCESS) &&
	       loop_now_ms(v->hub->loop) >= v->ask_again_ms;
}

void viewer_go_on(struct viewer *v)
{
	struct waiting_message *m;

	if (recheck_is_due(v))
		viewer_recheck(v);
	while (viewer_may_work(v)) {
		if (v->additions) {
			v->additions = false;
			viewer_recheck(v);
		} else if ((m = next_message(v))) {
			STAILQ_REMOVE(&v->messages, m, waiting_message, link);
			v->messages_n--;
			handle(v, m->json);
			json_decref(m->json);
			free(m);
		} else {
			break;
		}
	}
}

void viewer_heard(struct viewer *v, const char *text, size_t n)
{
	if (v->state != VIEWER_NEW && v->state != VIEWER_OPEN)
		return;
	if (!is_allowed(v)) {
		viewer_close(v, 4429, "messages", "too many messages");
		return;
	}
	json_t *message = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message)) {
		json_decref(message);
		viewer_close(v, 4400, "bad_message", "not a JSON object");
		return;
	}
	if (is_type(message, "ping")) {
		viewer_note(v, json_pack("{ss}", "type", "pong"));
		json_decref(message);
		return;
	}
	wait_in_line(v, message);
	viewer_go_on(v);
}

/* ---- what the user may see changes ---- */

void viewer_note_changed(struct viewer *v)
{
	int64_t now_ms = loop_now_ms(v->hub->loop);

	if (!v->recheck)
		v->recheck_ms = now_ms;
	if (v->unsure_ms == 0)
		v->unsure_ms = now_ms;
	v->recheck = true;
	v->ask_again_ms = 0;
	viewer_go_on(v);
}

static bool is_unsure_for(const struct viewer *v, int64_t ms)
{
	return v->unsure_ms && v->watches_n > 0 && loop_now_ms(v->hub->loop) - v->unsure_ms >= ms;
}

bool viewer_is_unsure(const struct viewer *v)
{
	return is_unsure_for(v, UNKNOWN_MAX_MS);
}

/* ---- time ---- */

static void sweep_token(struct viewer *v, int64_t utc_ms)
{
	if (utc_ms >= v->expires_ms) {
		viewer_close(v, 4401, "expired", "the token has expired");
	} else if (limits_ended(&v->limits, utc_ms)) {
		viewer_close(v, 4401, "expired", "the link has ended");
	} else if (!v->expiring_told && utc_ms >= v->expires_ms - v->hub->shared->o.expiring_ms) {
		v->expiring_told = true;
		viewer_note_expiring(v);
	}
}

static void sweep_cursor(struct viewer *v)
{
	if (v->hold || v->incomplete || !v->hub->ring)
		return;
	for (uint32_t i = 0; i < v->places_n && !v->cursor_due; i++)
		v->cursor_due = ring_is_aging(v->hub->ring, v->places[i].partition, v->places[i].at.next);
	if (v->cursor_due)
		ws_want_write(v->ws);
}

void viewer_sweep(struct viewer *v, int64_t now_ms, int64_t utc_ms)
{
	const struct live_options *o = &v->hub->shared->o;

	if (v->state == VIEWER_NEW) {
		if (!v->under_way && now_ms - v->opened_ms >= o->auth_timeout_ms)
			viewer_close(v, 4408, "auth_timeout", "not authenticated in time");
		return;
	}
	if (v->state != VIEWER_OPEN)
		return;
	sweep_token(v, utc_ms);
	if (!queue_first(&v->queue)) /* sent, or dropped */
		v->stuck_ms = 0;
	if (is_unsure_for(v, UNKNOWN_CLOSE_MS))
		viewer_close(v, 1013, "unavailable", "it is not known now what you may see");
	if (v->stuck_ms && !v->hold && !viewer_is_unsure(v) && now_ms - v->stuck_ms >= o->slow_ms)
		viewer_close(v, 4413, "slow", "too slow");
	if (v->stuck_ms == 0)
		sweep_cursor(v);
	if (v->parked)
		viewer_unpark(v);
	viewer_go_on(v);
	if (v->incomplete && viewer_may_work(v) && now_ms >= v->read_again_ms)
		viewer_reread(v);
}
