/* refresh - tokens and families. */
#include "auth/authentication/refresh.h"

#include <errno.h>
#include <string.h>

enum { SESSION_AT = 0, RANDOM_AT = 16, TAG_AT = 48, TAG_SIZE = REFRESH_BYTES - TAG_AT };

/* ---- tokens ---- */

static void make_tag(uint8_t out[static TAG_SIZE], const uint8_t bytes[static REFRESH_BYTES], const uint8_t *tag_key)
{
	crypto_generichash(out, TAG_SIZE, bytes, TAG_AT, tag_key, crypto_generichash_KEYBYTES);
}

static void complete(struct refresh_token *t)
{
	memcpy(t->session.b, t->bytes + SESSION_AT, sizeof t->session.b);
	crypto_hash_sha256(t->hash, t->bytes, sizeof t->bytes);
}

void refresh_make(struct refresh_token *ret, const struct uuid *session, const uint8_t *tag_key)
{
	memcpy(ret->bytes + SESSION_AT, session->b, sizeof session->b);
	randombytes_buf(ret->bytes + RANDOM_AT, TAG_AT - RANDOM_AT);
	make_tag(ret->bytes + TAG_AT, ret->bytes, tag_key);
	complete(ret);
}

int refresh_read(struct refresh_token *ret, const char *text, size_t len, const uint8_t *tag_key)
{
	struct refresh_token t;
	uint8_t tag[TAG_SIZE];
	size_t n;

	if (text_unbase64(t.bytes, sizeof t.bytes, &n, text, len) || n != sizeof t.bytes)
		return -EINVAL;
	make_tag(tag, t.bytes, tag_key);
	if (!text_same_secret(tag, t.bytes + TAG_AT, sizeof tag))
		return -EINVAL;
	complete(&t);
	*ret = t;
	return 0;
}

void refresh_text(const struct refresh_token *t, char out[static REFRESH_TEXT_SIZE])
{
	text_base64url(out, t->bytes, sizeof t->bytes);
}

/* ---- boxes ---- */

static void box_key(uint8_t out[static crypto_secretbox_KEYBYTES], const struct refresh_token *t)
{
	static const char use[] = "pettrack: the successor of this token";

	crypto_generichash(out, crypto_secretbox_KEYBYTES, (const uint8_t *)use, sizeof use, t->bytes, sizeof t->bytes);
}

void refresh_box(
	const struct refresh_token *token, const struct refresh_token *next, uint8_t box[static REFRESH_BOX_SIZE])
{
	uint8_t key[crypto_secretbox_KEYBYTES];

	box_key(key, token);
	randombytes_buf(box, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, next->bytes, sizeof next->bytes, box, key);
	sodium_memzero(key, sizeof key);
}

int refresh_unbox(
	struct refresh_token *ret, const struct refresh_token *token, const uint8_t box[static REFRESH_BOX_SIZE])
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	struct refresh_token t;

	box_key(key, token);
	int failed = crypto_secretbox_open_easy(
		t.bytes, box + crypto_secretbox_NONCEBYTES, REFRESH_BOX_SIZE - crypto_secretbox_NONCEBYTES, box, key);
	sodium_memzero(key, sizeof key);
	if (failed)
		return -EINVAL;
	complete(&t);
	*ret = t;
	return 0;
}

/* ---- families ---- */

enum family_verdict family_judge(
	const struct family *f, const uint8_t hash[static SHA256_SIZE], int64_t now_ms, int64_t grace_ms)
{
	if (f->revoked || f->expires_ms <= now_ms)
		return FAMILY_ENDED;
	if (text_same_secret(hash, f->current, SHA256_SIZE))
		return FAMILY_ROTATE;
	if (f->has_previous && text_same_secret(hash, f->previous, SHA256_SIZE) && now_ms - f->rotated_ms <= grace_ms)
		return FAMILY_REPEAT;
	return FAMILY_REUSED;
}
