/* personal - a table of answers by digest, in the order of their use; and another way in by the token's id. */
#include "query/access/personal.h"
#include "base/clock.h"
#include "base/uuid_map.h"
#include "secret/secret.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	AWAY_MS = 500, /* auth did not answer: not asked again before */
	DENIED_MS = 60000, /* between two lines in the log about it */
	FORM_SIZE = TOKEN_SIZE_MAX + 32,
};

#define PATH "/v1/oauth/introspect"

struct entry {
	struct uuid_link by_digest; /* its first half: nobody finds two tokens with the same */
	struct uuid_link by_id;
	TAILQ_ENTRY(entry) use;
	uint8_t digest[SECRET_HASH_SIZE];
	struct token_claims claims;
	int64_t asked_ms; /* monotonic */
};

struct personal {
	struct personal_options o;
	struct series *asked_well, *asked_badly;
	pthread_mutex_t lock; /* guards the rest */
	struct uuid_map digests, ids;
	TAILQ_HEAD(, entry) uses; /* least recently used first */
	uint64_t forgotten; /* how often personal_forget() was called */
	bool away; /* auth did not answer when it was asked last */
	int64_t away_until_ms; /* monotonic, as is the next */
	int64_t denied_told_ms;
};

/* ---- life ---- */

int personal_open(struct personal **ret, const struct personal_options *o)
{
	static const char *const labels[] = { "result", NULL };
	struct personal *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->o = *o;
	TAILQ_INIT(&p->uses);
	pthread_mutex_init(&p->lock, NULL);
	struct metric *asks = metric_counter("pettrack_query_personal_token_asks_total",
		"Questions to auth for what stands behind a personal access token.", labels);
	p->asked_well = metric_series(asks, (const char *const[]){ "ok" });
	p->asked_badly = metric_series(asks, (const char *const[]){ "failed" });
	int r = uuid_map_open(&p->digests);
	if (r == 0)
		r = uuid_map_open(&p->ids);
	if (r) {
		personal_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

static void drop(struct personal *p, struct entry *e)
{
	TAILQ_REMOVE(&p->uses, e, use);
	uuid_map_remove(&p->digests, &e->by_digest);
	uuid_map_remove(&p->ids, &e->by_id);
	free(e);
}

static void drop_all(struct personal *p)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&p->uses)))
		drop(p, e);
}

void personal_close(struct personal *p)
{
	if (!p)
		return;
	if (p->digests.buckets && p->ids.buckets)
		drop_all(p);
	uuid_map_close(&p->digests);
	uuid_map_close(&p->ids);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- the table; with the lock held ---- */

static struct uuid key_of(const uint8_t digest[static SECRET_HASH_SIZE])
{
	struct uuid key;

	memcpy(key.b, digest, sizeof key.b);
	return key;
}

static struct entry *find(struct personal *p, const uint8_t digest[static SECRET_HASH_SIZE])
{
	const struct uuid key = key_of(digest);
	struct entry *e = UUID_MAP_FIND(&p->digests, &key, struct entry, by_digest);

	if (!e || memcmp(e->digest, digest, SECRET_HASH_SIZE) != 0)
		return NULL;
	TAILQ_REMOVE(&p->uses, e, use);
	TAILQ_INSERT_TAIL(&p->uses, e, use);
	return e;
}

static void forget_id(struct personal *p, const struct uuid *id)
{
	struct entry *e = UUID_MAP_FIND(&p->ids, id, struct entry, by_id);

	if (e)
		drop(p, e);
}

/* Without memory it is asked for again. */
static void remember(struct personal *p, const uint8_t digest[static SECRET_HASH_SIZE],
	const struct token_claims *claims, int64_t asked_ms)
{
	struct entry *e = calloc(1, sizeof *e);

	forget_id(p, &claims->session);
	if (!e)
		return;
	while (p->digests.n > 0 && (int64_t)p->digests.n >= p->o.max)
		drop(p, TAILQ_FIRST(&p->uses));
	memcpy(e->digest, digest, sizeof e->digest);
	e->claims = *claims;
	e->asked_ms = asked_ms;
	e->by_digest.key = key_of(digest);
	e->by_id.key = claims->session;
	uuid_map_add(&p->digests, &e->by_digest);
	uuid_map_add(&p->ids, &e->by_id);
	TAILQ_INSERT_TAIL(&p->uses, e, use);
}

void personal_forget(struct personal *p, const struct uuid *id)
{
	pthread_mutex_lock(&p->lock);
	p->forgotten++;
	if (id)
		forget_id(p, id);
	else
		drop_all(p);
	pthread_mutex_unlock(&p->lock);
}

/* ---- asking auth ---- */

static bool read_uuid(const json_t *answer, const char *name, struct uuid *ret)
{
	const json_t *v = json_object_get(answer, name);

	return json_is_string(v) && uuid_parse(ret, json_string_value(v), json_string_length(v)) == 0;
}

/* Only an access token that is limited: another sort must not pass for one, nor one without scopes, which could do all. */
static bool read_claims(const json_t *answer, struct token_claims *c)
{
	const char *type = json_string_value(json_object_get(answer, "token_type"));
	const char *scope = json_string_value(json_object_get(answer, "scope"));
	size_t n = scope ? strlen(scope) : 0;

	if (!type || strcmp(type, "Bearer") != 0 || n == 0 || n >= sizeof c->scope ||
		scope[strspn(scope, " ")] == '\0' || !read_uuid(answer, "sub", &c->subject) ||
		!read_uuid(answer, "sid", &c->session))
		return false;
	memcpy(c->scope, scope, n + 1);
	c->issued_s = json_integer_value(json_object_get(answer, "iat"));
	c->expires_s = json_integer_value(json_object_get(answer, "exp"));
	return true;
}

/* Unreserved characters only, so that the form needs no escapes. */
static bool is_plain(const char *token, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = token[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
			c != '_')
			return false;
	}
	return true;
}

/* 0 and *ret_active, CLIENT_E_*, or -errno. */
static int ask(struct personal *p, const char *token, size_t len, struct token_claims *ret, bool *ret_active)
{
	char form[FORM_SIZE];
	json_t *answer = NULL;
	struct token_claims c = { 0 };

	snprintf(form, sizeof form, "token=%.*s", (int)len, token);
	int r = client_form(p->o.client, PATH, form, &answer);
	explicit_bzero(form, sizeof form);
	bool active = r == 0 && json_is_true(json_object_get(answer, "active"));
	if (r == 0 && active && !read_claims(answer, &c))
		r = CLIENT_E_MALFORMED;
	json_decref(answer);
	series_add(r ? p->asked_badly : p->asked_well, 1);
	if (r)
		return r;
	*ret = c;
	*ret_active = active;
	return 0;
}

/* That auth is away, others tell. With the lock held. */
static void tell_refusal(struct personal *p, int r)
{
	int64_t now_ms = clock_mono_ms();

	if (r < 0 || r == CLIENT_E_RETRY || (p->denied_told_ms && now_ms - p->denied_told_ms < DENIED_MS))
		return;
	p->denied_told_ms = now_ms;
	log_error("auth does not tell this program what stands behind personal access tokens: has its client the scope "
		  "tokens.introspect?",
		LOG_S("why", client_last_error()));
}

/* ---- verification ---- */

static int judge_time(const struct token_claims *c, struct token_claims *ret)
{
	if (c->expires_s <= clock_real_ms() / 1000)
		return TOKEN_E_EXPIRED;
	*ret = *c;
	return 0;
}

/* From memory, where that is not older than @age_max_ms; else -EAGAIN. */
static int recall(
	struct personal *p, const uint8_t digest[static SECRET_HASH_SIZE], int64_t age_max_ms, struct token_claims *ret)
{
	const struct entry *e = find(p, digest);

	return e && clock_mono_ms() - e->asked_ms <= age_max_ms ? judge_time(&e->claims, ret) : -EAGAIN;
}

/* What auth said; with the lock held. Not remembered when something was ended meanwhile: it may have been this. */
static int take_answer(struct personal *p, const uint8_t digest[static SECRET_HASH_SIZE],
	const struct token_claims *claims, bool active, int64_t asked_ms, uint64_t forgotten, struct token_claims *ret)
{
	struct entry *e = find(p, digest);

	if (!active) {
		if (e)
			drop(p, e);
		return TOKEN_E_MALFORMED;
	}
	if (forgotten == p->forgotten)
		remember(p, digest, claims, asked_ms);
	return judge_time(claims, ret);
}

/* With the lock held, but for the question. */
static int ask_and_judge(struct personal *p, const char *token, size_t len,
	const uint8_t digest[static SECRET_HASH_SIZE], struct token_claims *ret)
{
	const uint64_t forgotten = p->forgotten;
	const int64_t asked_ms = clock_mono_ms();
	struct token_claims claims;
	bool active = false;

	if (asked_ms < p->away_until_ms)
		return recall(p, digest, p->o.stale_ms, ret);
	if (p->away) /* one tries; the others do not wait with it */
		p->away_until_ms = asked_ms + AWAY_MS;
	pthread_mutex_unlock(&p->lock);
	int r = ask(p, token, len, &claims, &active);
	pthread_mutex_lock(&p->lock);
	p->away = r == CLIENT_E_RETRY;
	p->away_until_ms = p->away ? clock_mono_ms() + AWAY_MS : 0;
	if (r == 0)
		return take_answer(p, digest, &claims, active, asked_ms, forgotten, ret);
	tell_refusal(p, r);
	return r == -ENOMEM ? r : recall(p, digest, p->o.stale_ms, ret);
}

int personal_verify(struct personal *p, const char *token, size_t len, struct token_claims *ret)
{
	uint8_t digest[SECRET_HASH_SIZE];

	if (len >= TOKEN_SIZE_MAX || !is_plain(token, len))
		return TOKEN_E_MALFORMED;
	secret_sha256(digest, token, len);
	pthread_mutex_lock(&p->lock);
	int r = recall(p, digest, p->o.ttl_ms, ret);
	if (r == -EAGAIN)
		r = ask_and_judge(p, token, len, digest, ret);
	pthread_mutex_unlock(&p->lock);
	return r;
}
