/* keyring - the stored keys in use: which signs, which are shown, which must be made. */
#include "auth/common/keyring.h"
#include "auth/common/key_store.h"
#include "base/clock.h"
#include "base/text.h"
#include "service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS_MAX = 8, /* of looking again after a key was made, here or elsewhere */
	LOOK_AGAIN_MS = 1000, /* at most so often because of an unknown kid */
};

struct keyring {
	struct store *store;
	char *issuer;
	struct master master;
	bool can_sign;
	int64_t key_age_ms, token_age_ms, publish_ms;
	struct token_keys *verifier;

	pthread_mutex_t refreshing; /* one refresh at a time */
	int64_t refreshed_ms;
	_Atomic int64_t change_ms; /* when a key that waits is to sign; 0: none waits */
	pthread_rwlock_t lock; /* guards what follows */
	struct token_signer *signer;
	char kid[TOKEN_KID_MAX]; /* of @signer */
	char *jwks;
};

int keyring_open(struct keyring **ret, const struct keyring_options *o)
{
	struct keyring *k = calloc(1, sizeof *k);

	if (!k)
		return -ENOMEM;
	*k = (struct keyring){ .store = o->store,
		.issuer = strdup(o->issuer),
		.can_sign = o->master != NULL,
		.key_age_ms = o->key_age_ms,
		.token_age_ms = o->token_age_ms,
		.publish_ms = o->publish_ms,
		.refreshing = PTHREAD_MUTEX_INITIALIZER,
		.lock = PTHREAD_RWLOCK_INITIALIZER };
	if (o->master)
		k->master = *o->master;
	int r = k->issuer ? token_keys_open(&k->verifier, o->issuer, TOKEN_AUDIENCE) : -ENOMEM;
	if (r) {
		keyring_close(k);
		return r;
	}
	*ret = k;
	return 0;
}

void keyring_close(struct keyring *k)
{
	if (!k)
		return;
	token_signer_close(k->signer);
	token_keys_close(k->verifier);
	pthread_rwlock_destroy(&k->lock);
	pthread_mutex_destroy(&k->refreshing);
	sodium_memzero(&k->master, sizeof k->master);
	free(k->issuer);
	free(k->jwks);
	free(k);
}

/* ---- taking a list into use ---- */

/* {"keys":[...]}; token_keys_load() sees whether it is one. NULL when memory is out. */
static char *jwks_of(const struct stored_keys *l, size_t first)
{
	char buf[STORED_KEYS_MAX * (STORED_JWK_MAX + 1) + 16];
	struct text t = text_in(buf, sizeof buf);

	text_puts(&t, "{\"keys\":[");
	for (size_t i = first; i < l->n; i++) {
		text_puts(&t, i > first ? "," : "");
		text_puts(&t, l->keys[i].jwk);
	}
	text_puts(&t, "]}");
	return text_ok(&t) ? strdup(buf) : NULL;
}

/* Opens a signer where @key is not the one in use already. */
static int signer_for(struct keyring *k, const struct stored_key *key, struct token_signer **ret)
{
	char pem[STORED_PEM_MAX + 1];

	if (!k->can_sign || !strcmp(k->kid, key->kid)) /* only a refresh writes k->kid, and there is one at a time */
		return 0;
	int r = key_store_unseal(key, k->master.seal, pem);
	if (r == 0)
		r = token_signer_open(ret, pem, key->kid, k->issuer, TOKEN_AUDIENCE);
	sodium_memzero(pem, sizeof pem);
	return r;
}

static int use_keys(struct keyring *k, const struct stored_keys *l, const struct schedule *s)
{
	const struct stored_key *current = &l->keys[s->current];
	struct token_signer *signer = NULL;
	char *jwks = jwks_of(l, s->first_kept);
	int r = jwks ? signer_for(k, current, &signer) : -ENOMEM;

	if (r == 0)
		r = token_keys_load(k->verifier, jwks, strlen(jwks));
	if (r) {
		token_signer_close(signer);
		free(jwks);
		return r;
	}
	atomic_store(&k->change_ms, s->current + 1 < l->n ? l->keys[s->current + 1].times.active_ms : 0);
	pthread_rwlock_wrlock(&k->lock);
	free(k->jwks);
	k->jwks = jwks;
	if (signer) {
		token_signer_close(k->signer);
		k->signer = signer;
		memcpy(k->kid, current->kid, sizeof k->kid);
	}
	pthread_rwlock_unlock(&k->lock);
	if (signer)
		log_info("signing key in use", LOG_S("kid", current->kid), LOG_I("number", current->times.number));
	return 0;
}

static struct schedule schedule_of(const struct keyring *k, const struct stored_keys *l)
{
	struct key_times times[STORED_KEYS_MAX];

	for (size_t i = 0; i < l->n; i++)
		times[i] = l->keys[i].times;
	return schedule_keys(times, l->n, clock_real_ms(), k->key_age_ms, k->token_age_ms);
}

/* One look: 0 when the keys are in use, 1 when one was made and another look is due, else as keyring_refresh(). */
static int look(struct keyring *k, bool *ret_again)
{
	struct stored_keys l = { .n = 0 };
	int r = key_store_read(k->store, &l);

	if (r)
		return r;
	struct schedule s = schedule_of(k, &l);
	*ret_again = s.make && k->can_sign;
	if (*ret_again)
		r = key_store_make(k->store, &s.made, k->master.seal);
	else if (l.n == 0)
		r = KEYRING_E_EMPTY;
	else
		r = use_keys(k, &l, &s);
	if (r == 0 && !*ret_again && k->can_sign && s.first_kept > 0)
		r = key_store_drop_before(k->store, l.keys[s.first_kept].times.number);
	return r;
}

static int refresh_locked(struct keyring *k)
{
	bool again = true;
	int r = 0;

	for (int round = 0; round < ROUNDS_MAX && again && r == 0; round++)
		r = look(k, &again);
	k->refreshed_ms = clock_mono_ms();
	return r == 0 && again ? STORE_E_RETRY : r;
}

int keyring_refresh(struct keyring *k)
{
	pthread_mutex_lock(&k->refreshing);
	int r = refresh_locked(k);
	pthread_mutex_unlock(&k->refreshing);
	return r;
}

bool keyring_due(struct keyring *k)
{
	int64_t change_ms = atomic_load(&k->change_ms);

	return change_ms > 0 && change_ms <= clock_real_ms();
}

/* ---- rotation by command ---- */

/* The current key goes at once, and with it what it has signed; the one that waits signs, fetched or not. Those before it go
 * too: the one that is meant may have signed until a moment ago. */
static int replace(struct keyring *k, const struct stored_keys *l, const struct schedule *s)
{
	int64_t next = l->keys[s->current + 1].times.number;
	int r = key_store_activate(k->store, next, clock_real_ms());

	return r ? r : key_store_drop_before(k->store, next);
}

static int hasten(struct keyring *k, const struct stored_keys *l, const struct schedule *s)
{
	const struct key_times *next = &l->keys[s->current + 1].times;

	/* One more will be made, and none may be pushed out that has signed what is still good. */
	if (l->n - s->first_kept >= STORED_KEYS_MAX)
		return KEYRING_E_TOO_MANY;
	return key_store_activate(k->store, next->number, schedule_hasten(next, clock_real_ms(), k->publish_ms));
}

/* What there is, with a key that waits. */
static int read_pair(struct keyring *k, struct stored_keys *l, struct schedule *s)
{
	int r = refresh_locked(k);

	if (r == 0)
		r = key_store_read(k->store, l);
	if (r)
		return r;
	*s = schedule_of(k, l);
	return s->current + 1 < l->n ? 0 : STORE_E_RETRY;
}

static int rotate_locked(struct keyring *k, bool revoke, struct key_rotation *ret)
{
	struct stored_keys l;
	struct schedule s;
	int r = read_pair(k, &l, &s);

	if (r == 0)
		r = revoke ? replace(k, &l, &s) : hasten(k, &l, &s);
	if (r == 0)
		r = read_pair(k, &l, &s);
	if (r)
		return r;
	const struct stored_key *current = &l.keys[s.current], *next = &l.keys[s.current + 1];
	memcpy(ret->current, current->kid, sizeof ret->current);
	memcpy(ret->next, next->kid, sizeof ret->next);
	ret->next_active_ms = next->times.active_ms;
	return 0;
}

int keyring_rotate(struct keyring *k, bool revoke, struct key_rotation *ret)
{
	pthread_mutex_lock(&k->refreshing);
	int r = k->can_sign ? rotate_locked(k, revoke, ret) : -EPERM;
	pthread_mutex_unlock(&k->refreshing);
	return r;
}

/* ---- use ---- */

int keyring_sign(struct keyring *k, const struct token_claims *c, char *out, size_t size)
{
	pthread_rwlock_rdlock(&k->lock);
	int r = k->signer ? token_sign(k->signer, c, out, size) : -EAGAIN;
	pthread_rwlock_unlock(&k->lock);
	return r;
}

/* Another replica may sign with a key that this one has not read yet. Anybody can send a kid, so not too often. */
static bool look_for_unknown(struct keyring *k)
{
	pthread_mutex_lock(&k->refreshing);
	bool due = clock_mono_ms() - k->refreshed_ms >= LOOK_AGAIN_MS;
	bool found = due && refresh_locked(k) == 0;
	pthread_mutex_unlock(&k->refreshing);
	return found;
}

int keyring_verify(struct keyring *k, const char *token, size_t len, int64_t now_s, struct token_claims *ret)
{
	if (token_keys_count(k->verifier) == 0)
		return -EAGAIN;
	int r = token_verify(k->verifier, token, len, now_s, ret);
	if (r == TOKEN_E_UNKNOWN_KEY && look_for_unknown(k))
		r = token_verify(k->verifier, token, len, now_s, ret);
	return r;
}

char *keyring_jwks(struct keyring *k)
{
	pthread_rwlock_rdlock(&k->lock);
	char *copy = k->jwks ? strdup(k->jwks) : NULL;
	pthread_rwlock_unlock(&k->lock);
	return copy;
}
