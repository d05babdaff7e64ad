/*
 * mail_box - the collection of mails to be sent: putting in, claiming, taking out
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/mail_text.h"
#include "auth/common/master.h"
#include "store/store.h"

struct mail_box {
	struct store *store;
	uint8_t key[crypto_secretbox_KEYBYTES];
};

enum { MAIL_TO_SIZE = 256 };

/* One that is claimed. */
struct mail_item {
	struct uuid id, claim;
	int64_t tries; /* this one included */
	bool expired; /* it came too late */
	bool readable; /* else it was sealed by another secret */
	bool none; /* nobody is to have it */
	char to[MAIL_TO_SIZE];
	char message[MAIL_MESSAGE_SIZE];
	size_t len;
};

/* Makes the indexes. */
MUST_CHECK int mail_box_prepare(struct store *s);

/* Due at once. @expires_ms: when nobody wants it any more. 0, STORE_E_RETRY or negative. */
MUST_CHECK int mail_box_put(
	struct mail_box *b, enum mail_kind kind, const struct mail_head *head, const char *message, int64_t expires_ms);

/* The one that is due longest; nobody else gets it for @claim_ms. 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int mail_box_claim(struct mail_box *b, int64_t claim_ms, struct mail_item *ret);

/* Done with it. STORE_E_MISSING: the claim had ended. */
MUST_CHECK int mail_box_remove(struct mail_box *b, const struct mail_item *i);

/* Due again in @wait_ms. @tried: it counts. */
MUST_CHECK int mail_box_put_back(struct mail_box *b, const struct mail_item *i, int64_t wait_ms, bool tried);
