/* dependency - a server is what its watchers say of it; a change of that is told. */
#include "service/dependency.h"
#include "service/log.h"
#include "service/memory.h"
#include "service/metrics.h"
#include "base/clock.h"
#include "base/time.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SIZE = 320, ADDRESS_SIZE = 256, REMINDER_MS = 60000 };

enum state { UNKNOWN, DOWN, UP };

struct server {
	struct server *next;
	const char *name;
	char address[ADDRESS_SIZE];
	struct dependency *watchers;
	enum state told; /* in the log */
	int64_t since_ms; /* of that; real */
	int64_t reminded_ms; /* when it was last said; monotonic */
	struct series *up, *outages, *changed;
};

struct dependency {
	struct dependency *next; /* of the same server */
	struct server *server;
	enum dependency_need need;
	enum state state;
	bool met; /* it was up once */
	char why[WHY_SIZE];
};

/* What is to be logged, when the lock is no longer held. */
struct news {
	enum { NOTHING, IS_UP, IS_DOWN, IS_STILL_DOWN } what;
	bool needed;
	int64_t since_ms, lasted_ms;
	char why[WHY_SIZE];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct server *servers;
static struct metric *up, *outages, *changed;
static struct series *ready;

/* ---- making ---- */

static void register_metrics(void)
{
	static const char *const labels[] = { "dependency", NULL };

	up = metric_gauge("pettrack_dependency_up", "1 while a server that is needed answers.", labels);
	outages = metric_counter("pettrack_dependency_outages_total", "How often it did not, any more.", labels);
	changed = metric_gauge(
		"pettrack_dependency_changed_timestamp_seconds", "Since when it does, or does not.", labels);
	ready = metric_series(metric_gauge("pettrack_ready", "1 while /readyz says so.", NULL), NULL);
}

static struct server *find_server(const char *name)
{
	struct server *s = servers;

	while (s && strcmp(s->name, name) != 0)
		s = s->next;
	return s;
}

static struct server *new_server(const char *name, const char *address)
{
	const char *const values[] = { name, NULL };
	struct server *s = memory_for_life(sizeof *s);

	if (!ready)
		register_metrics();
	s->name = name;
	snprintf(s->address, sizeof s->address, "%s", address);
	s->since_ms = clock_real_ms();
	s->up = metric_series(up, values);
	s->outages = metric_series(outages, values);
	s->changed = metric_series(changed, values);
	series_set(s->changed, (double)s->since_ms / 1e3);
	s->next = servers;
	servers = s;
	return s;
}

struct dependency *dependency_new(const char *server, const char *address, enum dependency_need need)
{
	struct dependency *d = memory_for_life(sizeof *d);

	d->need = need;
	snprintf(d->why, sizeof d->why, "not reached yet");
	pthread_mutex_lock(&lock);
	d->server = find_server(server);
	if (!d->server)
		d->server = new_server(server, address);
	d->next = d->server->watchers;
	d->server->watchers = d;
	pthread_mutex_unlock(&lock);
	return d;
}

/* ---- what the watchers say together; with the lock held ---- */

static bool is_needed(const struct dependency *d)
{
	return d->need == DEPENDENCY_ALWAYS || (d->need == DEPENDENCY_AT_START && !d->met);
}

/* Down as soon as one says so, up when all do; who says so does not matter for whether it is needed. *ret_first: the one
 * whose reason counts; NULL when it is up. */
static enum state judge(const struct server *s, const struct dependency **ret_first, bool *ret_needed)
{
	enum state state = UP;

	*ret_first = NULL;
	*ret_needed = false;
	for (const struct dependency *d = s->watchers; d; d = d->next) {
		*ret_needed = *ret_needed || is_needed(d);
		if (d->state == UP)
			continue;
		if (!*ret_first || (d->state == DOWN && (*ret_first)->state != DOWN))
			*ret_first = d;
		state = d->state == DOWN ? DOWN : state == UP ? UNKNOWN : state;
	}
	*ret_needed = *ret_needed && state != UP;
	return state;
}

static bool all_is_ready(void)
{
	const struct dependency *first;
	bool needed = false;

	for (const struct server *s = servers; s && !needed; s = s->next)
		(void)judge(s, &first, &needed);
	return !needed;
}

/* ---- telling ---- */

/* Notes a change of @s. UNKNOWN is no news: not all have looked yet. */
static void note_change(struct server *s, enum state state, struct news *ret)
{
	int64_t now_ms = clock_real_ms();

	ret->what = state == UP ? IS_UP : IS_DOWN;
	ret->lasted_ms = s->told == DOWN ? now_ms - s->since_ms : 0;
	s->told = state;
	s->since_ms = now_ms;
	s->reminded_ms = clock_mono_ms();
	series_set(s->changed, (double)now_ms / 1e3);
	if (state == DOWN)
		series_add(s->outages, 1);
}

static void update(struct server *s, struct news *ret)
{
	const struct dependency *first;
	enum state state = judge(s, &first, &ret->needed);

	series_set(s->up, state == UP);
	series_set(ready, all_is_ready());
	if (state != UNKNOWN && state != s->told) {
		note_change(s, state, ret);
	} else if (state == DOWN && clock_mono_ms() - s->reminded_ms >= REMINDER_MS) {
		ret->what = IS_STILL_DOWN;
		s->reminded_ms = clock_mono_ms();
	}
	ret->since_ms = s->since_ms;
	if (first)
		memcpy(ret->why, first->why, sizeof ret->why);
}

static void tell(const struct server *s, const struct news *n)
{
	char since[TIME_TEXT_SIZE];

	if (n->what == NOTHING)
		return;
	if (n->what == IS_UP) {
		log_info("dependency up", LOG_S("server", s->name), LOG_S("address", s->address),
			LOG_I("downMs", n->lasted_ms));
		return;
	}
	time_format(since, n->since_ms);
	log_warn(n->what == IS_DOWN ? "dependency down" : "dependency still down", LOG_S("server", s->name),
		LOG_S("address", s->address), LOG_S("why", n->why), LOG_S("since", since),
		LOG_S("effect", n->needed ? "not ready" : "ready all the same"));
}

void dependency_set(struct dependency *d, bool is_up, const char *why)
{
	struct news news = { .what = NOTHING };

	pthread_mutex_lock(&lock);
	d->state = is_up ? UP : DOWN;
	d->met = d->met || is_up;
	snprintf(d->why, sizeof d->why, "%s", is_up ? "" : *why ? why : "it does not answer");
	update(d->server, &news);
	pthread_mutex_unlock(&lock);
	tell(d->server, &news);
}

void dependency_missing(void (*visit)(void *owner, const char *server, const char *why, bool needed), void *owner)
{
	const struct dependency *first;
	bool needed;

	pthread_mutex_lock(&lock);
	for (const struct server *s = servers; s; s = s->next)
		if (judge(s, &first, &needed) != UP)
			visit(owner, s->name, first->why, needed);
	pthread_mutex_unlock(&lock);
}
