/*
 * refresh - refresh tokens, and the judgement of one that is shown
 *
 * A token is session (16 bytes), 256 random bits, and a tag that only we can make. MongoDB has its SHA-256 and nothing
 * it could be made from. The tag tells an old token of ours from one that somebody thought up: only the first may revoke its
 * family, and only our own tokens cost a look at the database.
 *
 * The successor of a token is kept in a box that only the token itself opens. So whoever shows it twice within the grace, two
 * tabs at once or a client whose answer was lost, gets the same successor: the family stays one line, and a thief and the owner
 * end up with the same token, of which the second use after the grace is seen.
 *
 * Thread: any. Pure but for randomness.
 */
#pragma once

#include "auth/common/document.h"
#include "base/text.h"
#include "base/uuid.h"

#include <stdbool.h>

enum {
	REFRESH_BYTES = 16 + 32 + 16,
	REFRESH_TEXT_SIZE = TEXT_BASE64_SIZE(REFRESH_BYTES),
	REFRESH_BOX_SIZE = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + REFRESH_BYTES,
};

struct refresh_token {
	struct uuid session;
	uint8_t bytes[REFRESH_BYTES];
	uint8_t hash[SHA256_SIZE];
};

/* A new one of @session. @tag_key: crypto_generichash_KEYBYTES bytes. */
void refresh_make(struct refresh_token *ret, const struct uuid *session, const uint8_t *tag_key);

/* 0, or -EINVAL when @text is no token of ours. */
MUST_CHECK int refresh_read(struct refresh_token *ret, const char *text, size_t len, const uint8_t *tag_key);

void refresh_text(const struct refresh_token *t, char out[static REFRESH_TEXT_SIZE]);

/* Puts @next into a box that @token opens; and out again: 0, or -EINVAL when it was another's box. */
void refresh_box(
	const struct refresh_token *token, const struct refresh_token *next, uint8_t box[static REFRESH_BOX_SIZE]);
MUST_CHECK int refresh_unbox(
	struct refresh_token *ret, const struct refresh_token *token, const uint8_t box[static REFRESH_BOX_SIZE]);

/* ---- families ---- */

struct family {
	struct uuid user;
	bool revoked;
	int64_t expires_ms, rotated_ms;
	uint8_t current[SHA256_SIZE];
	bool has_previous;
	uint8_t previous[SHA256_SIZE]; /* was current until rotated_ms */
	uint8_t box[REFRESH_BOX_SIZE]; /* current, for who has previous */
};

enum family_verdict {
	FAMILY_ENDED, /* revoked or over */
	FAMILY_ROTATE, /* the current token: make the next */
	FAMILY_REPEAT, /* the previous one, within the grace: the same successor again */
	FAMILY_REUSED, /* an older one of ours: somebody else has it too */
};

enum family_verdict family_judge(
	const struct family *f, const uint8_t hash[static SHA256_SIZE], int64_t now_ms, int64_t grace_ms);
