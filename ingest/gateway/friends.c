/* friends - a table of owners, in the order of their use, and a list of wants. */
#include "ingest/gateway/friends.h"

#include "base/clock.h"
#include "base/uuid_map.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

static const int64_t MS_NS = 1000000;

struct entry {
	struct uuid_link link; /* the owner's id */
	TAILQ_ENTRY(entry) used;
	TAILQ_ENTRY(entry) want;
	struct friend_set *set; /* NULL: never heard of */
	int64_t set_ms; /* when it was; clock_mono_ms(), as are the next */
	int64_t used_ms;
	bool wanted; /* on the list of wants */
	bool taken; /* taken from it, and neither settled nor put off */
};

TAILQ_HEAD(entries, entry);

struct friends {
	struct friends_options o;
	struct series *fresh, *stale, *none;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wanted;
	struct uuid_map owners;
	struct entries used; /* least recently first */
	struct entries wants;
	size_t wants_n, pets;
};

/* ---- sets ---- */

static int compare(const void *a, const void *b)
{
	const struct protocol_member *x = a, *y = b;

	return memcmp(&x->position.device, &y->position.device, sizeof x->position.device);
}

struct friend_set *friend_set_new(const struct protocol_member *members, size_t n)
{
	size_t names = 0;

	for (size_t i = 0; i < n; i++)
		names += strlen(members[i].name) + 1;
	struct friend_set *s = malloc(sizeof *s + n * sizeof *members + names);
	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->n = n;
	char *name = (char *)&s->members[n];
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(members[i].name) + 1;
		s->members[i] = members[i];
		s->members[i].name = memcpy(name, members[i].name, size);
		name += size;
	}
	if (n > 0)
		qsort(s->members, n, sizeof *members, compare);
	return s;
}

static struct friend_set *set_ref(struct friend_set *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void friend_set_unref(struct friend_set *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		free(s);
}

/* ---- entries ---- */

static struct entry *find(const struct friends *f, const struct uuid *owner)
{
	return UUID_MAP_FIND(&f->owners, owner, struct entry, link);
}

static void want(struct friends *f, struct entry *e)
{
	e->wanted = true;
	TAILQ_INSERT_TAIL(&f->wants, e, want);
	f->wants_n++;
	pthread_cond_signal(&f->wanted);
}

static void want_no_more(struct friends *f, struct entry *e)
{
	e->wanted = false;
	TAILQ_REMOVE(&f->wants, e, want);
	f->wants_n--;
}

static void change_set(struct friends *f, struct entry *e, struct friend_set *set)
{
	f->pets -= e->set ? e->set->n : 0;
	f->pets += set ? set->n : 0;
	friend_set_unref(e->set);
	e->set = set;
}

/* A want that is taken and not there any more is settled for nobody. */
static void drop(struct friends *f, struct entry *e)
{
	if (e->wanted)
		want_no_more(f, e);
	change_set(f, e, NULL);
	uuid_map_remove(&f->owners, &e->link);
	TAILQ_REMOVE(&f->used, e, used);
	free(e);
}

static void shrink(struct friends *f, const struct entry *keep)
{
	struct entry *e;

	while (f->owners.n + f->pets > (size_t)f->o.max && (e = TAILQ_FIRST(&f->used)) && e != keep)
		drop(f, e);
}

static struct entry *add(struct friends *f, const struct uuid *owner)
{
	struct entry *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->link.key = *owner;
	uuid_map_add(&f->owners, &e->link);
	TAILQ_INSERT_TAIL(&f->used, e, used);
	shrink(f, e);
	return e;
}

/* ---- for the loops ---- */

static bool is_newer(const struct entry *e, int64_t age_ms, int64_t now_ms)
{
	return e && e->set && now_ms - e->set_ms < age_ms;
}

/* The entry of @owner, made where there is none, wanted where it is not fresh. NULL: memory is out. */
static struct entry *use(struct friends *f, const struct uuid *owner, int64_t now_ms)
{
	struct entry *e = find(f, owner);

	if (!e)
		e = add(f, owner);
	if (!e)
		return NULL;
	e->used_ms = now_ms;
	TAILQ_REMOVE(&f->used, e, used);
	TAILQ_INSERT_TAIL(&f->used, e, used);
	if (!is_newer(e, f->o.fresh_ms, now_ms) && !e->wanted && !e->taken)
		want(f, e);
	return e;
}

void friends_want(struct friends *f, const struct uuid *owner, int64_t now_ms)
{
	pthread_mutex_lock(&f->lock);
	use(f, owner, now_ms);
	pthread_mutex_unlock(&f->lock);
}

struct friend_set *friends_find(struct friends *f, const struct uuid *owner, int64_t now_ms)
{
	pthread_mutex_lock(&f->lock);
	struct entry *e = use(f, owner, now_ms);
	bool fresh = is_newer(e, f->o.fresh_ms, now_ms), good = is_newer(e, f->o.stale_ms, now_ms);
	struct friend_set *set = good ? set_ref(e->set) : NULL;
	pthread_mutex_unlock(&f->lock);
	series_add(fresh ? f->fresh : good ? f->stale : f->none, 1);
	return set;
}

/* ---- for whoever asks query ---- */

bool friends_take(struct friends *f, struct uuid *ret_owner, int wait_ms)
{
	const int64_t until_ns = clock_mono_ns() + (int64_t)wait_ms * MS_NS;
	const struct timespec until = { .tv_sec = until_ns / (1000 * MS_NS), .tv_nsec = until_ns % (1000 * MS_NS) };

	pthread_mutex_lock(&f->lock);
	while (TAILQ_EMPTY(&f->wants) && pthread_cond_clockwait(&f->wanted, &f->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	struct entry *e = TAILQ_FIRST(&f->wants);
	if (e) {
		want_no_more(f, e);
		e->taken = true;
		*ret_owner = e->link.key;
	}
	pthread_mutex_unlock(&f->lock);
	return e != NULL;
}

void friends_settle(struct friends *f, const struct uuid *owner, struct friend_set *set, int64_t now_ms)
{
	pthread_mutex_lock(&f->lock);
	struct entry *e = find(f, owner);
	if (e) {
		e->taken = false;
		e->set_ms = now_ms;
		change_set(f, e, set);
		shrink(f, e);
	} else {
		friend_set_unref(set);
	}
	pthread_mutex_unlock(&f->lock);
}

void friends_put_off(struct friends *f, const struct uuid *owner, int64_t now_ms)
{
	pthread_mutex_lock(&f->lock);
	struct entry *e = find(f, owner);
	if (e) {
		e->taken = false;
		if (!e->wanted && now_ms - e->used_ms <= f->o.stale_ms)
			want(f, e);
	}
	pthread_mutex_unlock(&f->lock);
}

struct friends_counts friends_count(struct friends *f)
{
	pthread_mutex_lock(&f->lock);
	struct friends_counts c = { f->owners.n, f->pets, f->wants_n };
	pthread_mutex_unlock(&f->lock);
	return c;
}

/* ---- life ---- */

static void register_metrics(struct friends *f)
{
	static const char *const labels[] = { "result", NULL };
	struct metric *found = metric_counter("pettrack_gateway_friends_total",
		"Answers that tell of the owner's other pets, by what was cached of them.", labels);

	f->fresh = metric_series(found, (const char *const[]){ "fresh" });
	f->stale = metric_series(found, (const char *const[]){ "stale" });
	f->none = metric_series(found, (const char *const[]){ "none" });
}

int friends_open(struct friends **ret, const struct friends_options *o)
{
	struct friends *f = calloc(1, sizeof *f);

	if (!f)
		return -ENOMEM;
	int r = uuid_map_open(&f->owners);
	if (r < 0) {
		free(f);
		return r;
	}
	f->o = *o;
	TAILQ_INIT(&f->used);
	TAILQ_INIT(&f->wants);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->wanted, NULL);
	register_metrics(f);
	*ret = f;
	return 0;
}

void friends_close(struct friends *f)
{
	struct entry *e;

	if (!f)
		return;
	while ((e = TAILQ_FIRST(&f->used)))
		drop(f, e);
	uuid_map_close(&f->owners);
	pthread_cond_destroy(&f->wanted);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
