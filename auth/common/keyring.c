/* keyring - reading, making and sealing keys; signing and verifying with them. */
#include "auth/common/keyring.h"
#include "auth/common/document.h"
#include "auth/common/schedule.h"
#include "auth/common/sealed.h"
#include "base/clock.h"
#include "base/text.h"
#include "service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char COLLECTION[] = "signing_keys";

enum {
	KEYS_MAX = TOKEN_KEYS_MAX,
	PEM_MAX = 512,
	JWK_MAX = 512,
	ROUNDS_MAX = 8, /* of looking again after a key was made, here or elsewhere */
	LOOK_AGAIN_MS = 1000, /* at most so often because of an unknown kid */
};

struct key {
	struct key_times times;
	char kid[TOKEN_KID_MAX];
	char jwk[JWK_MAX];
	uint8_t sealed[SEALED_OVERHEAD + PEM_MAX];
	size_t sealed_len;
};

struct key_list {
	struct key keys[KEYS_MAX];
	size_t n;
};

struct keyring {
	struct store *store;
	char *issuer;
	struct master master;
	bool can_sign;
	int64_t key_age_ms, token_age_ms;
	struct token_keys *verifier;

	pthread_mutex_t refreshing; /* one refresh at a time */
	int64_t refreshed_ms;
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

/* ---- private keys at rest ---- */

static void seal(const struct keyring *k, const char *pem, struct key *out)
{
	size_t n = strlen(pem);

	sealed_make(out->sealed, pem, n, k->master.seal);
	out->sealed_len = SEALED_OVERHEAD + n;
}

static int unseal(const struct keyring *k, const struct key *key, char ret_pem[static PEM_MAX + 1])
{
	int r = sealed_open(ret_pem, key->sealed, key->sealed_len, k->master.seal);

	if (r == 0)
		ret_pem[key->sealed_len - SEALED_OVERHEAD] = '\0'; /* read_key() took none that is shorter */
	return r;
}

/* ---- reading ---- */

static bool read_sealed(const bson_t *d, struct key *out)
{
	bson_iter_t i;
	bson_subtype_t subtype;
	uint32_t len;
	const uint8_t *bytes;

	if (!bson_iter_init_find(&i, d, "sealed") || !BSON_ITER_HOLDS_BINARY(&i))
		return false;
	bson_iter_binary(&i, &subtype, &len, &bytes);
	if (len <= SEALED_OVERHEAD || len > sizeof out->sealed)
		return false;
	memcpy(out->sealed, bytes, len);
	out->sealed_len = len;
	return true;
}

static int read_key(const bson_t *d, struct key *out)
{
	const char *kid = document_text(d, "kid"), *jwk = document_text(d, "jwk");

	if (!document_int(d, "_id", &out->times.number) || !document_time(d, "active", &out->times.active_ms) || !kid ||
		strlen(kid) >= sizeof out->kid || !jwk || strlen(jwk) >= sizeof out->jwk || !read_sealed(d, out))
		return -EBADMSG;
	memcpy(out->kid, kid, strlen(kid) + 1);
	memcpy(out->jwk, jwk, strlen(jwk) + 1);
	return 0;
}

/* The newest KEYS_MAX, in ascending order. */
static int list_read(struct store *s, struct key_list *l)
{
	bson_t *all = bson_new();
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(-1), "}", "limit", BCON_INT64(KEYS_MAX));
	struct store_cursor *c = NULL;
	const bson_t *d;
	struct key newest[KEYS_MAX];
	size_t n = 0;
	int r = store_find(s, COLLECTION, all, options, &c);

	while (r == 0 && n < KEYS_MAX && (r = store_next(c, &d)) == 0) {
		r = read_key(d, &newest[n]);
		n += r == 0;
	}
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(all);
	for (size_t i = 0; i < n; i++)
		l->keys[i] = newest[n - 1 - i];
	l->n = n;
	return r == STORE_E_MISSING ? 0 : r;
}

/* ---- making ---- */

static int new_kid(char out[static TOKEN_KID_MAX])
{
	struct uuid u;
	int r = uuid_random(&u);

	if (r == 0)
		uuid_format(out, &u);
	return r;
}

/* A new pair, sealed. *ret_jwk is the caller's to free(). */
static int generate(const struct keyring *k, struct key *out, char **ret_jwk)
{
	char *pem = NULL;
	int r = new_kid(out->kid);

	if (r == 0)
		r = token_key_generate(&pem);
	if (r == 0 && strlen(pem) > PEM_MAX)
		r = -EMSGSIZE;
	if (r == 0)
		r = token_jwk(pem, out->kid, ret_jwk);
	if (r == 0)
		seal(k, pem, out);
	if (pem)
		sodium_memzero(pem, strlen(pem));
	free(pem);
	return r;
}

/* Takes the number, unless somebody else was first; either is success. */
static int make_key(struct keyring *k, struct key_times times)
{
	struct key key;
	char *jwk = NULL;
	int r = generate(k, &key, &jwk);

	if (r == 0) {
		bson_t *d = BCON_NEW("_id", BCON_INT64(times.number), "kid", BCON_UTF8(key.kid), "active",
			BCON_DATE_TIME(times.active_ms), "jwk", BCON_UTF8(jwk), "sealed",
			BCON_BYTES(key.sealed, key.sealed_len));
		r = store_insert(k->store, COLLECTION, d);
		bson_destroy(d);
	}
	free(jwk);
	if (r == 0)
		log_info("signing key made", LOG_S("kid", key.kid), LOG_I("number", times.number));
	return r == STORE_E_DUPLICATE ? 0 : r;
}

static int drop_before(struct keyring *k, int64_t number)
{
	bson_t *filter = BCON_NEW("_id", "{", "$lt", BCON_INT64(number), "}");
	int r = store_delete_many(k->store, COLLECTION, filter, NULL);

	bson_destroy(filter);
	return r;
}

/* ---- taking a list into use ---- */

/* {"keys":[...]}; token_keys_load() sees whether it is one. NULL when memory is out. */
static char *jwks_of(const struct key_list *l, size_t first)
{
	char buf[KEYS_MAX * (JWK_MAX + 1) + 16];
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
static int signer_for(struct keyring *k, const struct key *key, struct token_signer **ret)
{
	char pem[PEM_MAX + 1];

	if (!k->can_sign || !strcmp(k->kid, key->kid)) /* only a refresh writes k->kid, and there is one at a time */
		return 0;
	int r = unseal(k, key, pem);
	if (r == 0)
		r = token_signer_open(ret, pem, key->kid, k->issuer, TOKEN_AUDIENCE);
	sodium_memzero(pem, sizeof pem);
	return r;
}

static int use_keys(struct keyring *k, const struct key_list *l, const struct schedule *s)
{
	const struct key *current = &l->keys[s->current];
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

static struct schedule schedule_of(const struct keyring *k, const struct key_list *l)
{
	struct key_times times[KEYS_MAX];

	for (size_t i = 0; i < l->n; i++)
		times[i] = l->keys[i].times;
	return schedule_keys(times, l->n, clock_real_ms(), k->key_age_ms, k->token_age_ms);
}

/* One look: 0 when the keys are in use, 1 when one was made and another look is due, else as keyring_refresh(). */
static int look(struct keyring *k, bool *ret_again)
{
	struct key_list l = { .n = 0 };
	int r = list_read(k->store, &l);

	if (r)
		return r;
	struct schedule s = schedule_of(k, &l);
	*ret_again = s.make && k->can_sign;
	if (*ret_again)
		r = make_key(k, s.made);
	else if (l.n == 0)
		r = KEYRING_E_EMPTY;
	else
		r = use_keys(k, &l, &s);
	if (r == 0 && !*ret_again && k->can_sign && s.first_kept > 0)
		r = drop_before(k, l.keys[s.first_kept].times.number);
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
