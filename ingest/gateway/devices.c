/* devices - a hash table whose entries stand on shelves by their state, and a list of wants. */
#include "ingest/gateway/devices.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <time.h>

enum state {
	ASKED, /* never answered yet */
	KNOWN,
	UNKNOWN,
	UNAVAILABLE,
};

/* An entry that is wanted (on the list of wants, or taken from it and not settled) is not freed. */
struct entry {
	struct entry *next; /* in its bucket */
	TAILQ_ENTRY(entry) used; /* on the shelf of its state */
	TAILQ_ENTRY(entry) want;
	uint64_t hash;
	uint64_t ticket; /* of the last want */
	int64_t until_ms; /* KNOWN: when to ask again; UNKNOWN, UNAVAILABLE: for how long */
	uint8_t state;
	bool wanted, taken;
	bool stale; /* forgotten while it was wanted: the answer on its way may be the old one */
	struct uuid id, owner;
	uint8_t secret[SECRET_HASH_SIZE];
	struct rules *rules; /* NULL: none, as most have */
	struct fix last;
	char identifier[];
};

TAILQ_HEAD(entries, entry);

/* Entries of one kind, least recently used first. */
struct shelf {
	struct entries list;
	size_t n;
};

struct devices {
	struct devices_options o;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wanted;
	struct entry **buckets;
	size_t mask; /* buckets - 1 */
	uint64_t seed;
	struct shelf known, asked, others; /* by state */
	struct entries wants;
	size_t wants_n;
	uint64_t last_ticket, taken_ticket, settled_ticket;
};

/* ---- the table ---- */

static uint64_t hash_of(const struct devices *d, const char *identifier)
{
	uint64_t h = d->seed;

	for (const char *c = identifier; *c; c++) {
		h = (h ^ (uint8_t)*c) * 0xD6E8FEB86659FD93u;
		h ^= h >> 32;
	}
	return h;
}

static struct entry **find(struct devices *d, const char *identifier, uint64_t hash)
{
	struct entry **at = &d->buckets[hash & d->mask];

	while (*at && ((*at)->hash != hash || strcmp((*at)->identifier, identifier) != 0))
		at = &(*at)->next;
	return at;
}

static struct entry *lookup(struct devices *d, const char *identifier)
{
	return *find(d, identifier, hash_of(d, identifier));
}

/* Those being asked about are apart, so that nobody has to search for one that may be dropped. */
static struct shelf *shelf_of(struct devices *d, const struct entry *e)
{
	return e->state == KNOWN ? &d->known : e->state == ASKED ? &d->asked : &d->others;
}

static void leave_shelf(struct devices *d, struct entry *e)
{
	struct shelf *shelf = shelf_of(d, e);

	TAILQ_REMOVE(&shelf->list, e, used);
	shelf->n--;
}

static void join_shelf(struct devices *d, struct entry *e)
{
	struct shelf *shelf = shelf_of(d, e);

	TAILQ_INSERT_TAIL(&shelf->list, e, used);
	shelf->n++;
}

static void use(struct devices *d, struct entry *e)
{
	leave_shelf(d, e);
	join_shelf(d, e);
}

static void entry_free(struct entry *e)
{
	free(e->rules);
	free(e);
}

static void drop(struct devices *d, struct entry *e)
{
	*find(d, e->identifier, e->hash) = e->next;
	leave_shelf(d, e);
	entry_free(e);
}

/* The least recently used of @shelf that nobody waits for. */
static bool drop_one(struct devices *d, struct shelf *shelf)
{
	struct entry *e;

	TAILQ_FOREACH(e, &shelf->list, used)
	{
		if (!e->wanted) {
			drop(d, e);
			return true;
		}
	}
	return false;
}

static void change_state(struct devices *d, struct entry *e, enum state state)
{
	leave_shelf(d, e);
	e->state = (uint8_t)state;
	join_shelf(d, e);
	if (d->known.n > (size_t)d->o.known_max)
		drop_one(d, &d->known);
}

/* ---- wants ---- */

static void want(struct devices *d, struct entry *e)
{
	e->wanted = true;
	e->taken = false;
	e->ticket = ++d->last_ticket;
	TAILQ_INSERT_TAIL(&d->wants, e, want);
	d->wants_n++;
	pthread_cond_signal(&d->wanted);
}

/* For one more that is not known. */
static bool has_room(const struct devices *d)
{
	return d->asked.n + d->others.n < (size_t)d->o.others_max;
}

static struct entry *add(struct devices *d, const char *identifier, uint64_t hash)
{
	if (!has_room(d) && !drop_one(d, &d->others))
		return NULL;
	size_t n = strlen(identifier) + 1;
	struct entry *e = calloc(1, sizeof *e + n);
	if (!e)
		return NULL;
	memcpy(e->identifier, identifier, n);
	e->hash = hash;
	e->state = ASKED;
	e->next = d->buckets[hash & d->mask];
	d->buckets[hash & d->mask] = e;
	join_shelf(d, e);
	return e;
}

static void tell(const struct entry *e, struct device *ret)
{
	ret->id = e->id;
	ret->owner = e->owner;
	memcpy(ret->secret, e->secret, sizeof ret->secret);
	ret->last = e->last;
	if (e->rules)
		ret->rules = *e->rules;
	else
		rules_clear(&ret->rules);
}

static int answer(struct devices *d, struct entry *e, int64_t now_ms, struct device *ret, uint64_t *ret_ticket)
{
	bool old = now_ms >= e->until_ms;

	use(d, e);
	if (e->state == KNOWN) {
		if (old && !e->wanted)
			want(d, e);
		tell(e, ret);
		return 0;
	}
	if (e->state != ASKED && old)
		change_state(d, e, ASKED);
	if (e->state == UNKNOWN)
		return DEVICES_E_UNKNOWN;
	if (e->state == UNAVAILABLE)
		return DEVICES_E_UNAVAILABLE;
	if (!e->wanted)
		want(d, e);
	*ret_ticket = e->ticket;
	return DEVICES_E_WAIT;
}

int devices_find(struct devices *d, const char *identifier, int64_t now_ms, struct device *ret, uint64_t *ret_ticket)
{
	uint64_t hash = hash_of(d, identifier);
	int r = DEVICES_E_UNAVAILABLE;

	pthread_mutex_lock(&d->lock);
	struct entry *e = *find(d, identifier, hash);
	if (!e && !protocol_identifier_possible(identifier))
		r = DEVICES_E_UNKNOWN;
	else if (!e)
		e = add(d, identifier, hash);
	if (e)
		r = answer(d, e, now_ms, ret, ret_ticket);
	pthread_mutex_unlock(&d->lock);
	return r;
}

void devices_follow(struct devices *d, const char *identifier, const struct fix *fix)
{
	pthread_mutex_lock(&d->lock);
	struct entry *e = lookup(d, identifier);
	if (e && fix->time_ms > e->last.time_ms)
		e->last = *fix;
	pthread_mutex_unlock(&d->lock);
}

uint64_t devices_settled(struct devices *d)
{
	pthread_mutex_lock(&d->lock);
	uint64_t ticket = d->settled_ticket;
	pthread_mutex_unlock(&d->lock);
	return ticket;
}

/* ---- settling ---- */

static void wait_for_want(struct devices *d, int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (TAILQ_EMPTY(&d->wants) && pthread_cond_timedwait(&d->wanted, &d->lock, &until) == 0)
		;
}

size_t devices_take(struct devices *d, devices_identifier *out, size_t max, int wait_ms)
{
	struct entry *e;
	size_t n = 0;

	pthread_mutex_lock(&d->lock);
	wait_for_want(d, wait_ms);
	for (; n < max && (e = TAILQ_FIRST(&d->wants)); n++) {
		TAILQ_REMOVE(&d->wants, e, want);
		d->wants_n--;
		e->taken = true;
		d->taken_ticket = e->ticket;
		strcpy(out[n], e->identifier);
	}
	pthread_mutex_unlock(&d->lock);
	return n;
}

/* The entry of @identifier when it was taken and has not been settled; NULL also when it must be asked about again. */
static struct entry *settling(struct devices *d, const char *identifier)
{
	struct entry *e = lookup(d, identifier);

	if (!e || !e->taken)
		return NULL;
	e->wanted = e->taken = false;
	if (!e->stale)
		return e;
	e->stale = false;
	want(d, e);
	return NULL;
}

static void settle(struct devices *d, struct entry *e, const struct device *device, struct rules *rules, int64_t now_ms)
{
	e->until_ms = now_ms + (device ? d->o.known_ms : d->o.unknown_ms);
	free(e->rules);
	e->rules = rules;
	if (device && !uuid_same(&e->id, &device->id))
		e->last = (struct fix){ 0 };
	if (device) {
		e->id = device->id;
		e->owner = device->owner;
		memcpy(e->secret, device->secret, sizeof e->secret);
	}
	change_state(d, e, device ? KNOWN : UNKNOWN);
}

static struct rules *copy_of(const struct rules *rules)
{
	struct rules *copy = malloc(sizeof *copy);

	if (copy)
		*copy = *rules;
	return copy;
}

void devices_settle(struct devices *d, const char *identifier, const struct device *device, int64_t now_ms)
{
	struct rules *rules = NULL;

	if (device && !rules_none(&device->rules) && !(rules = copy_of(&device->rules))) {
		devices_settle_unavailable(d, identifier, now_ms); /* rather than without its rules */
		return;
	}
	pthread_mutex_lock(&d->lock);
	struct entry *e = settling(d, identifier);
	if (e)
		settle(d, e, device, rules, now_ms);
	else
		free(rules);
	pthread_mutex_unlock(&d->lock);
}

void devices_settle_unavailable(struct devices *d, const char *identifier, int64_t now_ms)
{
	pthread_mutex_lock(&d->lock);
	struct entry *e = settling(d, identifier);
	if (e) {
		e->until_ms = now_ms + d->o.unavailable_ms;
		if (e->state != KNOWN)
			change_state(d, e, UNAVAILABLE);
	}
	pthread_mutex_unlock(&d->lock);
}

void devices_batch_done(struct devices *d)
{
	pthread_mutex_lock(&d->lock);
	d->settled_ticket = d->taken_ticket;
	pthread_mutex_unlock(&d->lock);
}

/* ---- changes ---- */

void devices_forget(struct devices *d, const char *identifier)
{
	pthread_mutex_lock(&d->lock);
	struct entry *e = lookup(d, identifier);
	if (e && e->wanted) {
		e->stale = e->taken;
		change_state(d, e, ASKED);
	} else if (e && (e->state != KNOWN || has_room(d))) { /* it keeps its last fix, and one that is about to come */
		e->until_ms = 0;
		change_state(d, e, UNAVAILABLE);
	} else if (e) {
		drop(d, e);
	}
	pthread_mutex_unlock(&d->lock);
}

void devices_doubt_all(struct devices *d)
{
	struct entry *e;

	pthread_mutex_lock(&d->lock);
	TAILQ_FOREACH(e, &d->known.list, used)
	e->until_ms = 0;
	pthread_mutex_unlock(&d->lock);
}

struct devices_counts devices_count(struct devices *d)
{
	pthread_mutex_lock(&d->lock);
	struct devices_counts c = { d->known.n, d->asked.n + d->others.n, d->wants_n };
	pthread_mutex_unlock(&d->lock);
	return c;
}

/* ---- life ---- */

static int open_locks(struct devices *d)
{
	pthread_condattr_t monotonic;
	int r = -pthread_mutex_init(&d->lock, NULL);

	if (r < 0)
		return r;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	r = -pthread_cond_init(&d->wanted, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (r < 0)
		pthread_mutex_destroy(&d->lock);
	return r;
}

static size_t buckets_for(int64_t entries)
{
	size_t n = 64;

	while (n < (size_t)entries && n < (size_t)1 << 24)
		n *= 2;
	return n;
}

int devices_open(struct devices **ret, const struct devices_options *o)
{
	struct devices *d = calloc(1, sizeof *d);
	if (!d)
		return -ENOMEM;
	size_t n = buckets_for(o->known_max + o->others_max);
	d->o = *o;
	d->mask = n - 1;
	TAILQ_INIT(&d->known.list);
	TAILQ_INIT(&d->asked.list);
	TAILQ_INIT(&d->others.list);
	TAILQ_INIT(&d->wants);
	d->buckets = calloc(n, sizeof(struct entry *));
	int r = d->buckets ? 0 : -ENOMEM;
	if (r == 0 && getrandom(&d->seed, sizeof d->seed, 0) != (ssize_t)sizeof d->seed)
		r = -errno;
	if (r == 0)
		r = open_locks(d);
	if (r < 0) {
		free(d->buckets);
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

void devices_close(struct devices *d)
{
	if (!d)
		return;
	for (size_t i = 0; i <= d->mask; i++) {
		for (struct entry *e = d->buckets[i], *next; e; e = next) {
			next = e->next;
			entry_free(e);
		}
	}
	pthread_cond_destroy(&d->wanted);
	pthread_mutex_destroy(&d->lock);
	free(d->buckets);
	free(d);
}
