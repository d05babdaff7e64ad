/* hub - the loop's side: its inbox, routing, who belongs to which user, its clock, its end */
#include "query/live/hub.h"
#include "base/clock.h"
#include "query/live/hub_internal.h"
#include "query/live/stats.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SWEEP_MS = 250,
	LINGER_MS = 500, /* for what is queued, when the end has begun */
	FRAME_OVERHEAD = 1024,
};

#define PATH "/v1/live"
#define SUBPROTOCOL "pettrack.v1"

/* ---- route ---- */

static void route(struct hub *h, struct update *u)
{
	h->places[u->partition] = (struct place){ u->offset + 1, u->check };
	h->last_partition = u->partition;
	if (u->len == 0)
		return;
	const struct device *d = UUID_MAP_FIND(&h->devices, &u->device, struct device, link);
	if (!d)
		return;
	bool late = device_is_late(d, u);
	for (uint32_t i = 0; i < d->watches_n; i++)
		viewer_push(d->watches[i], u, late);
}

static void close_all(struct hub *h, int code, const char *why, const char *reason)
{
	struct viewer *v;

	TAILQ_FOREACH(v, &h->viewers, link)
	viewer_close(v, code, why, reason);
}

static void go_on_all(struct hub *h)
{
	struct viewer *v;

	TAILQ_FOREACH(v, &h->viewers, link)
	viewer_go_on(v);
}

static void begin(struct hub *h, struct batch *b)
{
	size_t size = (size_t)ring_partitions(b->ring) * sizeof(*h->places);

	h->places = malloc(size);
	if (!h->places) { /* without it nothing works here */
		log_error("no memory to begin");
		abort();
	}
	memcpy(h->places, b->ends, size);
	h->ring = ring_ref(b->ring);
	h->last_partition = 0;
	go_on_all(h);
}

/* What was watched goes at once, so that nothing of the stream before meets the one after. */
static void lose(struct hub *h)
{
	struct viewer *v;

	close_all(h, 1012, "lost_topic", "the stream begins anew");
	TAILQ_FOREACH(v, &h->viewers, link)
	watch_remove_all(v);
	free(h->places);
	h->places = NULL;
	ring_unref(h->ring);
	h->ring = NULL;
}

static void receive(struct hub *h, struct batch *b)
{
	switch (b->kind) {
	case BATCH_UPDATES:
		for (size_t i = 0; i < b->n; i++)
			route(h, b->updates[i]);
		break;
	case BATCH_BEGIN:
		begin(h, b);
		break;
	case BATCH_LOST:
		lose(h);
		break;
	}
}

/* ---- inbox ---- */

static struct batch *take(struct hub *h)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&h->lock);
	if (h->inbox_n > 0) {
		b = h->inbox[h->inbox_head];
		h->inbox_head = (h->inbox_head + 1) % INBOX_MAX;
		if (h->inbox_n-- == INBOX_MAX)
			pthread_cond_signal(&h->less);
	} else {
		h->woken = false;
	}
	pthread_mutex_unlock(&h->lock);
	return b;
}

static void wake(struct hub *h);

/* Not more in one turn of the loop than half of what a client's queue takes: what was queued is sent at the turn's end,
 * and a burst is no reason to conflate clients that are quick. */
static void on_wake(void *arg)
{
	struct hub *h = arg;
	struct batch *b;

	for (size_t n = 0; n == 0 || n < h->limits.updates_max / 2;) {
		b = take(h);
		if (!b)
			return;
		receive(h, b);
		n += b->n;
		batch_unref(b);
	}
	wake(h);
}

static void wake(struct hub *h)
{
	while (loop_post(h->loop, on_wake, h)) /* no memory: later */
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

void hub_hand_over(struct hub *h, struct batch *b)
{
	pthread_mutex_lock(&h->lock);
	while (h->inbox_n == INBOX_MAX)
		pthread_cond_wait(&h->less, &h->lock);
	h->inbox[(h->inbox_head + h->inbox_n++) % INBOX_MAX] = batch_ref(b);
	bool asleep = !h->woken;
	h->woken = true;
	pthread_mutex_unlock(&h->lock);
	if (asleep)
		wake(h);
}

/* ---- what the topic `access` says ---- */

struct notice {
	struct hub *hub;
	struct uuid user, session;
	bool all; /* of any user */
};

static void on_changed(void *arg)
{
	struct notice *n = arg;
	struct hub_user *u = UUID_MAP_FIND(&n->hub->users, &n->user, struct hub_user, link);
	struct viewer *v;

	if (n->all)
		TAILQ_FOREACH(v, &n->hub->viewers, link)
	viewer_note_changed(v);
	else if (u) LIST_FOREACH(v, &u->viewers, of_user) viewer_note_changed(v);
	free(n);
}

static void on_ended(void *arg)
{
	struct notice *n = arg;
	struct hub_user *u = UUID_MAP_FIND(&n->hub->users, &n->user, struct hub_user, link);
	struct viewer *v;

	if (u)
		LIST_FOREACH(v, &u->viewers, of_user)
	if (uuid_same(&v->session, &n->session))
		viewer_close(v, 4401, "revoked", "the session was ended");
	free(n);
}

static void post_notice(struct hub *h, void (*call)(void *arg), const struct notice *notice)
{
	struct notice *n;

	while (!(n = malloc(sizeof(*n))))
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	*n = *notice;
	n->hub = h;
	while (loop_post(h->loop, call, n))
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

void hub_changed(struct hub *h, const struct uuid *user)
{
	post_notice(h, on_changed, &(struct notice){ .user = user ? *user : (struct uuid){ { 0 } }, .all = !user });
}

void hub_ended(struct hub *h, const struct uuid *user, const struct uuid *session)
{
	post_notice(h, on_ended, &(struct notice){ .user = *user, .session = *session });
}

/* ---- time ---- */

static void tell_stats(struct hub *h)
{
	const struct tally t = h->tally;

	h->tally = (struct tally){ 0 };
	series_add(stats.deliveries, (double)t.deliveries);
	series_add(stats.frames, (double)t.frames);
	series_add(stats.bytes, (double)t.bytes);
	series_add(stats.conflated, (double)t.conflated);
	series_add(stats.clients, (double)h->viewers_n - h->told_viewers);
	series_add(stats.subscriptions, (double)h->watches_n - h->told_watches);
	h->told_viewers = (double)h->viewers_n;
	h->told_watches = (double)h->watches_n;
}

static void on_sweep(void *arg)
{
	struct hub *h = arg;
	int64_t now_ms = loop_now_ms(h->loop), utc_ms = clock_real_ms();
	struct viewer *v, *next;

	heartbeat_beat(h->beat);
	for (v = TAILQ_FIRST(&h->viewers); v; v = next) {
		next = TAILQ_NEXT(v, link);
		viewer_sweep(v, now_ms, utc_ms);
	}
	tell_stats(h);
	if (h->draining_ms && (h->viewers_n == 0 || now_ms - h->draining_ms >= LINGER_MS) && h->server) {
		ws_server_close(h->server);
		h->server = NULL;
	}
	if (h->draining_ms && !h->server && h->viewers_n == 0)
		loop_stop(h->loop);
}

/* ---- sockets ---- */

static void *on_opened(void *owner, struct ws *ws, const char *offered, const char *remote)
{
	return viewer_opened(owner, ws, offered, remote);
}

static void on_message(struct ws *ws, void *user, const char *text, size_t n)
{
	(void)ws;
	viewer_heard(user, text, n);
}

static void on_writable(struct ws *ws, void *user)
{
	(void)ws;
	viewer_writable(user);
}

static void on_closed(struct ws *ws, void *user)
{
	(void)ws;
	viewer_gone(user);
}

static void on_refused(void *owner, const char *why)
{
	(void)owner;
	stats_refused(why);
}

static int listen_on(struct hub *h, uint16_t port)
{
	const struct live_options *o = &h->shared->o;
	const struct ws_options ws = {
		.address = o->address,
		.port = port,
		.path = PATH,
		.subprotocol = SUBPROTOCOL,
		.origins = o->origins,
		.connections_max = o->connections_max,
		/* The exact bound is over all loops and answers politely; this one is for those who do not care. */
		.connections_per_address = 2 * o->connections_per_address,
		.trusted_proxies = o->trusted_proxies,
		.opening_ms = o->auth_timeout_ms,
		.message_max = (size_t)o->message_max,
		.ping_ms = o->ping_ms,
		.opened = on_opened,
		.message = on_message,
		.writable = on_writable,
		.closed = on_closed,
		.refused = on_refused,
		.owner = h,
	};

	return ws_server_open(&h->server, h->loop, &ws);
}

/* ---- life ---- */

static void *turn(void *arg)
{
	struct hub *h = arg;
	int r = loop_run(h->loop);

	if (r < 0)
		log_error("a loop has ended", LOG_S("error", strerror(-r)));
	return NULL;
}

static int open_memory(struct hub *h)
{
	h->frame_size = (size_t)h->shared->o.frame_max + POSITION_JSON_SIZE_MAX + CURSOR_TEXT_SIZE + FRAME_OVERHEAD;
	h->frame = malloc(WS_HEADROOM + h->frame_size);
	h->inbox = calloc(INBOX_MAX, sizeof(struct batch *));
	if (!h->frame || !h->inbox)
		return -ENOMEM;
	int r = uuid_map_open(&h->devices);
	return r ? r : uuid_map_open(&h->users);
}

static int open_loop(struct hub *h, uint16_t port)
{
	int r = loop_open(&h->loop);

	if (r == 0)
		r = listen_on(h, port);
	if (r == 0)
		r = loop_every(h->loop, SWEEP_MS, on_sweep, h, &h->sweep);
	if (r == 0)
		r = -pthread_create(&h->thread, NULL, turn, h);
	h->running = r == 0;
	return r;
}

int hub_open(struct hub **ret, struct live_shared *shared, uint16_t port)
{
	struct hub *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->shared = shared;
	h->limits = (struct queue_limits){ (size_t)shared->o.queue_updates, (size_t)shared->o.queue_bytes };
	h->beat = heartbeat_new("live", 10000);
	TAILQ_INIT(&h->viewers);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->less, NULL);
	int r = open_memory(h);
	if (r == 0)
		r = open_loop(h, port);
	if (r) {
		hub_close(h);
		return r;
	}
	*ret = h;
	return 0;
}

uint16_t hub_port(const struct hub *h)
{
	return ws_server_port(h->server);
}

static void on_drain(void *arg)
{
	struct hub *h = arg;

	h->draining_ms = loop_now_ms(h->loop);
}

void hub_drain(struct hub *h)
{
	while (loop_post(h->loop, on_drain, h))
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

void hub_stop(struct hub *h)
{
	if (!h || !h->running)
		return;
	pthread_join(h->thread, NULL);
	h->running = false;
}

void hub_close(struct hub *h)
{
	if (!h)
		return;
	if (h->loop) {
		ws_server_close(h->server);
		loop_close(h->loop);
	}
	for (; h->inbox_n > 0; h->inbox_n--, h->inbox_head = (h->inbox_head + 1) % INBOX_MAX)
		batch_unref(h->inbox[h->inbox_head]);
	uuid_map_close(&h->devices);
	uuid_map_close(&h->users);
	ring_unref(h->ring);
	free(h->places);
	free(h->inbox);
	free(h->frame);
	pthread_cond_destroy(&h->less);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
