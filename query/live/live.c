#include "query/live/live.h"
#include "query/live/hub.h"
#include "query/live/reader.h"
#include "query/live/stats.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { FILES_BESIDE = 1024 }; /* open files that are not clients */

struct live {
	struct live_shared shared;
	struct reader *reader;
	struct hub **hubs;
	size_t hubs_n;
};

/* ---- to all hubs ---- */

static void hand_over(void *owner, struct batch *b)
{
	struct live *l = owner;

	for (size_t i = 0; i < l->hubs_n; i++)
		hub_hand_over(l->hubs[i], b);
}

static void on_changed(void *owner, const struct uuid *user)
{
	struct live *l = owner;

	for (size_t i = 0; i < l->hubs_n; i++)
		hub_changed(l->hubs[i], user);
}

static void on_ended(void *owner, const struct uuid *user, const struct uuid *session)
{
	struct live *l = owner;

	for (size_t i = 0; i < l->hubs_n; i++)
		hub_ended(l->hubs[i], user, session);
}

/* ---- life ---- */

/* Each client is an open file; libwebsockets takes what is allowed when it starts for all there will ever be. */
static void allow_files(int64_t connections)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connections + FILES_BESIDE;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted <= limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < wanted)
		log_warn("too few open files are allowed for so many connections", LOG_I("connections", connections),
			LOG_I("files", limit.rlim_cur));
}

static int open_shared(struct live_shared *s)
{
	int r = workers_open(&s->askers, s->o.workers);

	if (r == 0)
		r = workers_open(&s->readers, s->o.workers);
	if (r == 0)
		r = past_source_open(&s->past, latest_find_stored, s->o.store);
	if (r == 0)
		r = counts_open(&s->users);
	return r ? r : counts_open(&s->addresses);
}

static int open_hubs(struct live *l)
{
	uint16_t port = l->shared.o.port;
	int r = 0;

	l->hubs = calloc((size_t)l->shared.o.loops, sizeof(struct hub *));
	if (!l->hubs)
		return -ENOMEM;
	while (r == 0 && l->hubs_n < (size_t)l->shared.o.loops) {
		r = hub_open(&l->hubs[l->hubs_n], &l->shared, port);
		if (r == 0)
			port = hub_port(l->hubs[l->hubs_n++]);
	}
	return r;
}

int live_open(struct live **ret, const struct live_options *o)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->shared.o = *o;
	stats_open();
	allow_files(o->connections_max);
	int r = open_shared(&l->shared);
	if (r == 0)
		r = open_hubs(l);
	if (r == 0)
		r = reader_open(&l->reader, &l->shared.o, hand_over, l);
	if (r) {
		live_close(l);
		return r;
	}
	access_set_watch(o->access, &(struct access_watch){ on_changed, on_ended, l });
	*ret = l;
	return 0;
}

uint16_t live_port(const struct live *l)
{
	return hub_port(l->hubs[0]);
}

/* In the order in which one part speaks to the next. */
void live_close(struct live *l)
{
	if (!l)
		return;
	access_set_watch(l->shared.o.access, NULL);
	reader_close(l->reader);
	for (size_t i = 0; i < l->hubs_n; i++)
		hub_drain(l->hubs[i]);
	for (size_t i = 0; i < l->hubs_n; i++)
		hub_stop(l->hubs[i]);
	workers_close(l->shared.askers);
	workers_close(l->shared.readers);
	for (size_t i = 0; i < l->hubs_n; i++)
		hub_close(l->hubs[i]);
	free(l->hubs);
	counts_close(l->shared.users);
	counts_close(l->shared.addresses);
	past_source_close(l->shared.past);
	free(l);
}
