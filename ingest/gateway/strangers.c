/* strangers - a search tree by identifier (a balanced one: names are chosen by whoever sends them), and their order. */
#include "ingest/gateway/strangers.h"

#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct listed {
	struct stranger stranger; /* first: the tree compares strangers */
	STAILQ_ENTRY(listed) link;
};

STAILQ_HEAD(listed_ones, listed);

struct strangers {
	pthread_mutex_t lock; /* guards all below */
	void *tree;
	struct listed_ones order; /* of the first contact */
	size_t n, max;
	struct series *no_room, *refused;
};

static const int64_t CONTACTS_MAX = 1000000000; /* as auth has it */

static int compare(const void *a, const void *b)
{
	const struct stranger *one = a, *other = b;

	return strcmp(one->identifier, other->identifier);
}

static struct listed *find(const struct strangers *s, const struct stranger *key)
{
	struct listed *const *at = tfind(key, &s->tree, compare);

	return at ? *at : NULL;
}

static struct listed *add(struct strangers *s, const struct stranger *key)
{
	struct listed *e = s->n < s->max ? calloc(1, sizeof *e) : NULL;
	if (!e)
		return NULL;
	e->stranger = *key;
	if (!tsearch(e, &s->tree, compare)) {
		free(e);
		return NULL;
	}
	STAILQ_INSERT_TAIL(&s->order, e, link);
	s->n++;
	return e;
}

void strangers_note(struct strangers *s, const char *identifier, const char *protocol, const struct address *from)
{
	struct stranger key = { .protocol = protocol, .from = *from };

	if (!protocol_identifier_possible(identifier))
		return;
	strcpy(key.identifier, identifier);
	pthread_mutex_lock(&s->lock);
	struct listed *e = find(s, &key);
	if (!e)
		e = add(s, &key);
	if (e) {
		e->stranger.protocol = protocol;
		e->stranger.from = *from;
		e->stranger.contacts += e->stranger.contacts < CONTACTS_MAX;
	}
	pthread_mutex_unlock(&s->lock);
	if (!e)
		series_add(s->no_room, 1);
}

static void take_first(struct strangers *s, struct stranger *ret)
{
	struct listed *e = STAILQ_FIRST(&s->order);

	STAILQ_REMOVE_HEAD(&s->order, link);
	tdelete(e, &s->tree, compare);
	s->n--;
	*ret = e->stranger;
	free(e);
}

size_t strangers_take(struct strangers *s, struct stranger *out, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	while (n < max && !STAILQ_EMPTY(&s->order))
		take_first(s, &out[n++]);
	pthread_mutex_unlock(&s->lock);
	return n;
}

void strangers_forget(struct strangers *s, const struct stranger *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		series_add(s->refused, (double)list[i].contacts);
}

static void register_metric(struct strangers *s)
{
	static const char *const by_reason[] = { "reason", NULL };
	struct metric *dropped = metric_counter("pettrack_gateway_strangers_dropped_total",
		"Contacts of unknown devices that auth is not told of.", by_reason);

	s->no_room = metric_series(dropped, (const char *const[]){ "no_room" });
	s->refused = metric_series(dropped, (const char *const[]){ "refused" });
}

int strangers_open(struct strangers **ret, int64_t max)
{
	struct strangers *s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	s->max = (size_t)max;
	STAILQ_INIT(&s->order);
	int r = -pthread_mutex_init(&s->lock, NULL);
	if (r < 0) {
		free(s);
		return r;
	}
	register_metric(s);
	*ret = s;
	return 0;
}

void strangers_close(struct strangers *s)
{
	struct stranger last;

	if (!s)
		return;
	while (!STAILQ_EMPTY(&s->order))
		take_first(s, &last);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
