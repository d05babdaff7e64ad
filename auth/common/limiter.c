/*
 * limiter - buckets in tables of fixed size, WAYS to a place
 *
 * A bucket is kept as the time at which it will be whole again (the generic cell rate algorithm's theoretical arrival time,
 * ITU-T I.371): one number, right without being visited, and what tells which bucket says least.
 */
#include "auth/common/limiter.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 16, /* buckets in one place of a table */
	STRIKES_FREE = 5, /* failures in a row before the first shutting */
	DOUBLINGS_MAX = 30,
	US = 1000, /* in a millisecond */
};

/* All times in microseconds. One that is all zero is whole, and free. */
struct bucket {
	uint64_t key;
	int64_t whole; /* when it is whole again */
	int64_t struck; /* the last failure */
	int64_t known; /* until when the pair is known; 0: no pair */
	uint32_t strikes; /* failures since a success or a long quiet time */
	uint32_t owed; /* tokens that they took beyond what an attempt costs */
};

struct table {
	struct bucket *buckets; /* NULL: not limited */
	int64_t interval; /* in which one token comes back */
	int64_t burst;
};

struct limiter {
	pthread_mutex_t lock;
	struct limiter_options o;
	struct table tables[AUTH_LIMITS][LIMITER_KINDS];
	struct bucket *pairs;
	size_t mask; /* places of a table - 1 */
	struct series *pushed_out;
	uint8_t secret[crypto_generichash_KEYBYTES];
};

const char *limiter_name(enum auth_limit what)
{
	static const char *const names[AUTH_LIMITS] = {
		[AUTH_LIMIT_LOGIN] = "login",
		[AUTH_LIMIT_PASSWORD] = "password",
		[AUTH_LIMIT_CODE] = "code",
		[AUTH_LIMIT_SIGN_UP] = "sign_up",
		[AUTH_LIMIT_MAIL] = "mail",
		[AUTH_LIMIT_SECRET] = "secret",
		[AUTH_LIMIT_LINK] = "link",
		[AUTH_LIMIT_REFRESH] = "refresh",
		[AUTH_LIMIT_CLIENT] = "client",
		[AUTH_LIMIT_CLAIM] = "claim",
		[AUTH_LIMIT_SHARE] = "share",
	};

	return names[what];
}

/* ---- life ---- */

static int open_tables(struct limiter *l)
{
	size_t n = (l->mask + 1) * WAYS;

	l->pairs = calloc(n, sizeof *l->pairs);
	bool ok = l->pairs != NULL;
	for (int what = 0; what < AUTH_LIMITS; what++)
		for (int kind = 0; kind < LIMITER_KINDS; kind++) {
			const struct limit *limit = &l->o.limits[what][kind];
			struct table *t = &l->tables[what][kind];
			if (limit->n == 0)
				continue;
			t->interval = limit->period_ms * US / limit->n;
			t->burst = limit->burst;
			t->buckets = calloc(n, sizeof *t->buckets);
			ok = ok && t->buckets;
		}
	return ok ? 0 : -ENOMEM;
}

int limiter_open(struct limiter **ret, const struct limiter_options *o)
{
	struct limiter *l = calloc(1, sizeof *l);

	if (sodium_init() < 0 || !l) {
		free(l);
		return -ENOMEM;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->pushed_out = metric_series(metric_counter("pettrack_auth_limits_pushed_out_total",
					      "Addresses and accounts that were forgotten for want of room: see "
					      "AUTH_LIMIT_ENTRIES.",
					      NULL),
		NULL);
	randombytes_buf(l->secret, sizeof l->secret);
	l->o = *o;
	while ((int64_t)(l->mask + 1) * WAYS < o->entries)
		l->mask = l->mask * 2 + 1;
	int r = open_tables(l);
	if (r) {
		limiter_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

void limiter_close(struct limiter *l)
{
	if (!l)
		return;
	for (int what = 0; what < AUTH_LIMITS; what++)
		for (int kind = 0; kind < LIMITER_KINDS; kind++)
			free(l->tables[what][kind].buckets);
	free(l->pairs);
	pthread_mutex_destroy(&l->lock);
	sodium_memzero(l->secret, sizeof l->secret);
	free(l);
}

/* ---- one bucket ---- */

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Failures are remembered for twice as long as they can shut out, or the longest shutting would end in a clean slate. */
static int64_t strikes_end(const struct limiter *l, const struct bucket *b)
{
	return b->strikes ? b->struck + 2 * l->o.backoff_max_ms * US : 0;
}

/* Until when it says something that a fresh one does not. */
static int64_t matters_until(const struct limiter *l, const struct bucket *b)
{
	return b->known ? b->known : max(b->whole, strikes_end(l, b));
}

static void forget_what_is_over(const struct limiter *l, struct bucket *b, int64_t now)
{
	if (b->whole <= now) {
		b->whole = now;
		b->owed = 0;
	}
	if (strikes_end(l, b) <= now)
		b->strikes = 0;
}

/* Never deeper in debt than once its burst: a bucket that can be emptied for ever would be shut for ever. */
static void take(const struct table *t, struct bucket *b, int64_t tokens, int64_t now)
{
	b->whole = min(max(b->whole, now) + tokens * t->interval, now + 2 * t->burst * t->interval);
}

static void give_back(struct bucket *b, const struct table *t, int64_t tokens)
{
	b->whole = max(b->whole - tokens * t->interval, 0);
}

/* When the shutting ends that the last failure brought. */
static int64_t shut_until(const struct limiter *l, const struct bucket *b)
{
	if (b->strikes <= STRIKES_FREE)
		return 0;
	int64_t doublings = min(b->strikes - STRIKES_FREE - 1, DOUBLINGS_MAX);
	return b->struck + min(l->o.backoff_ms << doublings, l->o.backoff_max_ms) * US;
}

/* How long until it has a token. */
static int64_t must_wait(const struct limiter *l, const struct table *t, const struct bucket *b, int64_t now)
{
	int64_t token = b->whole + t->interval - t->burst * t->interval;

	return max(0, max(token, shut_until(l, b)) - now);
}

/* A service that is who it says may ask as often as it likes. */
static int64_t cost(enum auth_limit what)
{
	return what == AUTH_LIMIT_CLIENT ? 0 : 1;
}

static void strike(const struct limiter *l, const struct table *t, struct bucket *b, enum auth_limit what, int64_t now)
{
	int64_t more = l->o.failure_cost - cost(what);

	take(t, b, more, now);
	b->owed = (uint32_t)min(b->owed + more, 2 * t->burst);
	b->strikes++;
	b->struck = now;
}

/* ---- finding one ---- */

struct digest {
	uint64_t place, key;
};

/* Of what makes a bucket: the limit, and an address, an account, or both. */
static struct digest digest(
	const struct limiter *l, enum auth_limit what, const struct address *address, const char *account)
{
	crypto_generichash_state state;
	struct digest d;
	uint8_t head[] = { (uint8_t)what, address != NULL, account != NULL };

	crypto_generichash_init(&state, l->secret, sizeof l->secret, sizeof d);
	crypto_generichash_update(&state, head, sizeof head);
	if (address)
		crypto_generichash_update(&state, address->b, sizeof address->b);
	if (account)
		crypto_generichash_update(&state, (const uint8_t *)account, strlen(account));
	crypto_generichash_final(&state, (uint8_t *)&d, sizeof d);
	return d;
}

/* The bucket of @d. Where it is new it takes the place of the one that says least. */
static struct bucket *find(struct limiter *l, struct bucket *buckets, struct digest d, int64_t now)
{
	struct bucket *place = buckets + (d.place & l->mask) * WAYS, *least = place;

	for (struct bucket *b = place; b < place + WAYS; b++) {
		if (b->key == d.key) {
			forget_what_is_over(l, b, now);
			return b;
		}
		if (matters_until(l, b) < matters_until(l, least))
			least = b;
	}
	if (matters_until(l, least) > now)
		series_add(l->pushed_out, 1);
	*least = (struct bucket){ .key = d.key, .whole = now };
	return least;
}

/* Pairs of one account share a place, whichever the limit: so an account holds WAYS of them. */
static struct digest pair_digest(const struct limiter *l, const struct limiter_who *w)
{
	struct address address = address_group(&w->address);
	struct digest d = digest(l, w->what, &address, w->account);

	d.place = digest(l, AUTH_LIMITS, NULL, w->account).place;
	return d;
}

/* The bucket of the pair where it is known, else NULL. */
static struct bucket *find_pair(struct limiter *l, const struct limiter_who *w, int64_t now)
{
	if (!w->account)
		return NULL;
	struct digest d = pair_digest(l, w);
	struct bucket *place = l->pairs + (d.place & l->mask) * WAYS;
	for (struct bucket *b = place; b < place + WAYS; b++)
		if (b->key == d.key && b->known > now) {
			forget_what_is_over(l, b, now);
			return b;
		}
	return NULL;
}

static void learn_pair(struct limiter *l, const struct limiter_who *w, int64_t now)
{
	if (w->account && l->o.known_ms)
		find(l, l->pairs, pair_digest(l, w), now)->known = now + l->o.known_ms * US;
}

/* ---- an attempt ---- */

/* What one attempt takes from; at most one of each kind. */
struct purse {
	struct {
		const struct table *table;
		struct bucket *bucket; /* NULL: none */
	} of[LIMITER_KINDS];
	bool known;
};

static void add_bucket(struct limiter *l, struct purse *p, enum limiter_kind kind, const struct limiter_who *w,
	const struct address *address, int64_t now)
{
	const struct table *t = &l->tables[w->what][kind];

	if (!t->buckets)
		return;
	p->of[kind].table = t;
	p->of[kind].bucket = find(l, t->buckets, digest(l, w->what, address, address ? NULL : w->account), now);
}

/* A pair's bucket has the account's limit; where accounts are not limited, the address's. */
static const struct table *pair_table(const struct limiter *l, enum auth_limit what)
{
	const struct table *t = &l->tables[what][LIMITER_ACCOUNT];

	return t->buckets ? t : &l->tables[what][LIMITER_ADDRESS];
}

static struct purse purse(struct limiter *l, const struct limiter_who *w, int64_t now)
{
	struct address address = address_group(&w->address);
	struct purse p = { 0 };
	struct bucket *pair = find_pair(l, w, now);

	if (pair) {
		p.known = true;
		p.of[LIMITER_ACCOUNT].table = pair_table(l, w->what);
		p.of[LIMITER_ACCOUNT].bucket = p.of[LIMITER_ACCOUNT].table->buckets ? pair : NULL;
		return p;
	}
	add_bucket(l, &p, LIMITER_ADDRESS, w, &address, now);
	if (w->account)
		add_bucket(l, &p, LIMITER_ACCOUNT, w, NULL, now);
	return p;
}

static int64_t admit(struct limiter *l, const struct limiter_who *w, int64_t now, enum limiter_kind *ret_kind)
{
	struct purse p = purse(l, w, now);
	int64_t longest = 0;

	for (int kind = 0; kind < LIMITER_KINDS; kind++) {
		int64_t wait = p.of[kind].bucket ? must_wait(l, p.of[kind].table, p.of[kind].bucket, now) : 0;
		if (wait > longest) {
			longest = wait;
			*ret_kind = (enum limiter_kind)kind;
		}
	}
	for (int kind = 0; longest == 0 && kind < LIMITER_KINDS; kind++)
		if (p.of[kind].bucket)
			take(p.of[kind].table, p.of[kind].bucket, cost(w->what), now);
	return longest;
}

int64_t limiter_admit(struct limiter *l, const struct limiter_who *w, int64_t now_ms, enum limiter_kind *ret_kind)
{
	pthread_mutex_lock(&l->lock);
	int64_t wait = admit(l, w, now_ms * US, ret_kind);
	pthread_mutex_unlock(&l->lock);
	return (wait + US - 1) / US;
}

/* ---- how it ended ---- */

void limiter_failed(struct limiter *l, const struct limiter_who *w, int64_t now_ms)
{
	pthread_mutex_lock(&l->lock);
	struct purse p = purse(l, w, now_ms * US);
	for (int kind = 0; kind < LIMITER_KINDS; kind++)
		if (p.of[kind].bucket)
			strike(l, p.of[kind].table, p.of[kind].bucket, w->what, now_ms * US);
	pthread_mutex_unlock(&l->lock);
}

/* At a known pair all is forgiven. Elsewhere the account's own bucket is for failures, so it gets its token back and no
 * more; and the address is forgiven one failure: a guesser with an account of his own must not wash it clean. */
static void forgive(struct purse *p, enum auth_limit what)
{
	struct bucket *account = p->of[LIMITER_ACCOUNT].bucket, *address = p->of[LIMITER_ADDRESS].bucket;

	if (account)
		give_back(account, p->of[LIMITER_ACCOUNT].table, p->known ? account->owed : cost(what));
	if (account && p->known)
		account->strikes = account->owed = 0;
	if (address && address->strikes > 0)
		address->strikes--;
}

void limiter_succeeded(struct limiter *l, const struct limiter_who *w, int64_t now_ms)
{
	pthread_mutex_lock(&l->lock);
	struct purse p = purse(l, w, now_ms * US);
	forgive(&p, w->what);
	learn_pair(l, w, now_ms * US);
	pthread_mutex_unlock(&l->lock);
}

void limiter_refund(struct limiter *l, const struct limiter_who *w, int64_t now_ms)
{
	pthread_mutex_lock(&l->lock);
	struct purse p = purse(l, w, now_ms * US);
	for (int kind = 0; kind < LIMITER_KINDS; kind++)
		if (p.of[kind].bucket)
			give_back(p.of[kind].bucket, p.of[kind].table, cost(w->what));
	pthread_mutex_unlock(&l->lock);
}

double limiter_pushed_out(const struct limiter *l)
{
	return series_value(l->pushed_out);
}
