/* second_factor - reading what a user has, judging what he shows, writing what is used up. */
#include "auth/common/second_factor.h"
#include "auth/common/sealed.h"
#include "auth/common/users.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_MS = 15 * 60 * 1000 };

struct second_factor {
	struct store *store;
	uint8_t seal_key[crypto_secretbox_KEYBYTES];
	uint8_t recovery_key[crypto_generichash_KEYBYTES];
};

int second_factor_open(struct second_factor **ret, struct store *store, const struct master *master)
{
	struct second_factor *f = calloc(1, sizeof *f);

	if (!f)
		return -ENOMEM;
	f->store = store;
	memcpy(f->seal_key, master->factor, sizeof f->seal_key);
	memcpy(f->recovery_key, master->recovery, sizeof f->recovery_key);
	*ret = f;
	return 0;
}

void second_factor_close(struct second_factor *f)
{
	if (f)
		sodium_memzero(f, sizeof *f);
	free(f);
}

/* ---- secrets at rest ---- */

struct owned_secret {
	uint8_t secret[OTP_SECRET_SIZE];
	struct uuid user;
};

enum { SEALED_SIZE = SEALED_OVERHEAD + sizeof(struct owned_secret) };

static void seal(const struct second_factor *f, const struct owned_secret *o, uint8_t out[static SEALED_SIZE])
{
	sealed_make(out, o, sizeof *o, f->seal_key);
}

static int unseal(const struct second_factor *f, const struct uuid *user, const uint8_t sealed[static SEALED_SIZE],
	struct owned_secret *ret)
{
	int r = sealed_open(ret, sealed, SEALED_SIZE, f->seal_key);

	return r ? r : uuid_same(&ret->user, user) ? 0 : -EKEYREJECTED;
}

/* ---- what a user has ---- */

static int read_document(const struct second_factor *f, const struct uuid *user, bson_t **ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(user));
	bson_t *options = BCON_NEW("projection", "{", "totp", BCON_INT32(1), "totp_pending", BCON_INT32(1), "recovery",
		BCON_INT32(1), "}");
	int r = store_find_one(f->store, USERS_COLLECTION, filter, options, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* Applies @update, which is destroyed as @condition is, while @condition holds. */
static int change(const struct second_factor *f, const struct uuid *user, bson_t *condition, bson_t *update)
{
	int r = users_change(f->store, user, condition, update);

	bson_destroy(update);
	bson_destroy(condition);
	return r;
}

/* ---- showing ---- */

/* Which step @code is of, by the secret that @doc has sealed at @path, which is copied to @sealed. */
static int check_code(const struct second_factor *f, const struct uuid *user, const bson_t *doc, const char *path,
	const char *code, uint8_t sealed[static SEALED_SIZE], int64_t *ret_step)
{
	struct owned_secret o;

	if (!document_bytes(doc, path, sealed, SEALED_SIZE))
		return -EBADMSG;
	int r = unseal(f, user, sealed, &o);
	if (r == 0)
		r = otp_check(o.secret, clock_real_ms() / 1000, code, strlen(code), ret_step);
	sodium_memzero(&o, sizeof o);
	return r == OTP_E_WRONG ? SECOND_FACTOR_E_WRONG : r;
}

/* No step is taken twice, nor one before one that was (RFC 6238 section 5.2). */
static int take_code(const struct second_factor *f, const struct uuid *user, const bson_t *doc, const char *code)
{
	uint8_t sealed[SEALED_SIZE];
	int64_t step;
	int r = check_code(f, user, doc, "totp.sealed", code, sealed, &step);

	if (r)
		return r;
	r = change(f, user,
		BCON_NEW("totp.sealed", BCON_BYTES(sealed, sizeof sealed), "totp.step", "{", "$lt", BCON_INT64(step),
			"}"),
		BCON_NEW("$set", "{", "totp.step", BCON_INT64(step), "}"));
	return r == STORE_E_MISSING ? SECOND_FACTOR_E_WRONG : r;
}

static int take_recovery(const struct second_factor *f, const struct uuid *user, const char *code)
{
	uint8_t hash[SHA256_SIZE];

	if (recovery_hash(hash, code, strlen(code), user, f->recovery_key))
		return SECOND_FACTOR_E_WRONG;
	int r = change(f, user, BCON_NEW("recovery", BCON_BYTES(hash, sizeof hash)),
		BCON_NEW("$pull", "{", "recovery", BCON_BYTES(hash, sizeof hash), "}"));
	return r == STORE_E_MISSING ? SECOND_FACTOR_E_WRONG : r;
}

int second_factor_prove(
	struct second_factor *f, const struct uuid *user, const struct second_factor_proof *proof, bool *ret_recovery)
{
	bson_t *doc;
	int r = read_document(f, user, &doc);

	if (r)
		return r == STORE_E_MISSING ? SECOND_FACTOR_E_OFF : r;
	if (!document_has(doc, "totp"))
		r = SECOND_FACTOR_E_OFF;
	else if (proof->code)
		r = take_code(f, user, doc, proof->code);
	else
		r = proof->recovery_code ? take_recovery(f, user, proof->recovery_code) : SECOND_FACTOR_E_REQUIRED;
	bson_destroy(doc);
	if (r == 0 && ret_recovery)
		*ret_recovery = !proof->code;
	return r;
}

/* ---- turning it on ---- */

int second_factor_begin(struct second_factor *f, const struct uuid *user, uint8_t ret_secret[static OTP_SECRET_SIZE])
{
	struct owned_secret o = { .user = *user };
	uint8_t sealed[SEALED_SIZE];

	randombytes_buf(o.secret, sizeof o.secret);
	seal(f, &o, sealed);
	int r = change(f, user, BCON_NEW("totp", "{", "$exists", BCON_BOOL(false), "}"),
		BCON_NEW("$set", "{", "totp_pending", "{", "sealed", BCON_BYTES(sealed, sizeof sealed), "expires",
			BCON_DATE_TIME(clock_real_ms() + PENDING_MS), "}", "}"));
	if (r == 0)
		memcpy(ret_secret, o.secret, sizeof o.secret);
	sodium_memzero(&o, sizeof o);
	return r == STORE_E_MISSING ? SECOND_FACTOR_E_ON : r;
}

/* Appends [hash of each] as "recovery". */
static void append_codes(
	const struct second_factor *f, const struct uuid *user, const struct recovery_codes *codes, bson_t *set)
{
	uint8_t hash[SHA256_SIZE];
	bson_t list;
	char key[4];

	BSON_APPEND_ARRAY_BEGIN(set, "recovery", &list);
	for (int i = 0; i < RECOVERY_CODES; i++) {
		snprintf(key, sizeof key, "%d", i);
		if (recovery_hash(hash, codes->text[i], strlen(codes->text[i]), user, f->recovery_key) == 0)
			BSON_APPEND_BINARY(&list, key, BSON_SUBTYPE_BINARY, hash, sizeof hash);
	}
	bson_append_array_end(set, &list);
}

static void make_codes(struct recovery_codes *ret)
{
	for (int i = 0; i < RECOVERY_CODES; i++)
		recovery_make(ret->text[i]);
}

/* The secret that waits becomes the one that counts; the step it was confirmed by is used up. */
static int turn_on(const struct second_factor *f, const struct uuid *user, const uint8_t sealed[static SEALED_SIZE],
	int64_t step, const struct recovery_codes *codes)
{
	bson_t *update = BCON_NEW("$unset", "{", "totp_pending", BCON_UTF8(""), "}"), set;

	BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
	BCON_APPEND(&set, "totp", "{", "sealed", BCON_BYTES(sealed, SEALED_SIZE), "since",
		BCON_DATE_TIME(clock_real_ms()), "step", BCON_INT64(step), "}");
	append_codes(f, user, codes, &set);
	bson_append_document_end(update, &set);
	int r = change(f, user,
		BCON_NEW("totp", "{", "$exists", BCON_BOOL(false), "}", "totp_pending.sealed",
			BCON_BYTES(sealed, SEALED_SIZE)),
		update);
	return r == STORE_E_MISSING ? SECOND_FACTOR_E_ON : r; /* somebody was faster */
}

static int confirm(const struct second_factor *f, const struct uuid *user, const bson_t *doc, const char *code,
	const struct recovery_codes *codes)
{
	uint8_t sealed[SEALED_SIZE];
	int64_t expires_ms, step;

	if (document_has(doc, "totp"))
		return SECOND_FACTOR_E_ON;
	if (!document_time(doc, "totp_pending.expires", &expires_ms) || expires_ms <= clock_real_ms())
		return SECOND_FACTOR_E_WRONG;
	int r = check_code(f, user, doc, "totp_pending.sealed", code, sealed, &step);
	return r ? r : turn_on(f, user, sealed, step, codes);
}

int second_factor_confirm(
	struct second_factor *f, const struct uuid *user, const char *code, struct recovery_codes *ret)
{
	struct recovery_codes codes;
	bson_t *doc;
	int r = read_document(f, user, &doc);

	if (r)
		return r;
	make_codes(&codes);
	r = confirm(f, user, doc, code, &codes);
	bson_destroy(doc);
	if (r == 0)
		*ret = codes;
	sodium_memzero(&codes, sizeof codes);
	return r;
}

/* ---- afterwards ---- */

int second_factor_renew(struct second_factor *f, const struct uuid *user, struct recovery_codes *ret)
{
	struct recovery_codes codes;
	bson_t *update = bson_new(), set;

	make_codes(&codes);
	BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
	append_codes(f, user, &codes, &set);
	bson_append_document_end(update, &set);
	int r = change(f, user, BCON_NEW("totp", "{", "$exists", BCON_BOOL(true), "}"), update);
	if (r == 0)
		*ret = codes;
	sodium_memzero(&codes, sizeof codes);
	return r == STORE_E_MISSING ? SECOND_FACTOR_E_OFF : r;
}

int second_factor_end(struct second_factor *f, const struct uuid *user)
{
	return change(f, user, NULL,
		BCON_NEW("$unset", "{", "totp", BCON_UTF8(""), "totp_pending", BCON_UTF8(""), "recovery", BCON_UTF8(""),
			"}"));
}
