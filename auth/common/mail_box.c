/* mail_box - a document a mail; recipient and text are sealed together. */
#include "auth/common/mail_box.h"
#include "auth/common/document.h"
#include "auth/common/sealed.h"
#include "base/clock.h"
#include "store/index.h"

#include <errno.h>
#include <string.h>

static const char COLLECTION[] = "mails";

enum {
	CONTENT_MAX = MAIL_TO_SIZE + MAIL_MESSAGE_SIZE,
	SEALED_MAX = SEALED_OVERHEAD + CONTENT_MAX,
	REMOVED_AFTER_S = 3600, /* so that a sender sees what came too late, and says so */
};

int mail_box_prepare(struct store *s)
{
	int r = index_ensure(s, COLLECTION, "due", BCON_NEW("due", BCON_INT32(1)), 0);

	return r ? r : index_ensure_ttl(s, COLLECTION, REMOVED_AFTER_S);
}

/* ---- what is sealed: "TO\0MESSAGE" ---- */

/* Returns the sealed length, 0 when it does not fit. */
static size_t seal(const struct mail_box *b, const char *to, const char *message, uint8_t out[static SEALED_MAX])
{
	uint8_t content[CONTENT_MAX];
	size_t to_len = strlen(to) + 1, len = strlen(message);

	if (to_len > MAIL_TO_SIZE || len > MAIL_MESSAGE_SIZE)
		return 0;
	memcpy(content, to, to_len);
	memcpy(content + to_len, message, len);
	sealed_make(out, content, to_len + len, b->key);
	sodium_memzero(content, sizeof content);
	return SEALED_OVERHEAD + to_len + len;
}

static bool split(const uint8_t *content, size_t len, struct mail_item *i)
{
	const uint8_t *end = memchr(content, '\0', len);
	size_t to_len = end ? (size_t)(end - content) + 1 : 0;

	if (to_len == 0 || to_len > sizeof i->to || len - to_len > sizeof i->message)
		return false;
	memcpy(i->to, content, to_len);
	memcpy(i->message, end + 1, len - to_len);
	i->len = len - to_len;
	return true;
}

static bool unseal(const struct mail_box *b, const uint8_t *sealed, size_t n, struct mail_item *i)
{
	uint8_t content[CONTENT_MAX];

	if (n <= SEALED_OVERHEAD || n > SEALED_MAX || sealed_open(content, sealed, n, b->key))
		return false;
	bool good = split(content, n - SEALED_OVERHEAD, i);
	sodium_memzero(content, sizeof content);
	return good;
}

/* ---- putting in ---- */

int mail_box_put(
	struct mail_box *b, enum mail_kind kind, const struct mail_head *head, const char *message, int64_t expires_ms)
{
	uint8_t sealed[SEALED_MAX];
	size_t n = seal(b, head->to, message, sealed);

	if (n == 0)
		return -EMSGSIZE;
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&head->id), "kind", BCON_UTF8(mail_kind_name(kind)), "sealed",
		BCON_BYTES(sealed, n), "created", BCON_DATE_TIME(head->date_ms), "due", BCON_DATE_TIME(head->date_ms),
		"tries", BCON_INT64(0), "expires", BCON_DATE_TIME(expires_ms));
	int r = store_insert(b->store, COLLECTION, doc);
	bson_destroy(doc);
	return r;
}

/* ---- claiming ---- */

static void read_sealed(const struct mail_box *b, const bson_t *doc, struct mail_item *i)
{
	bson_iter_t iter;
	bson_subtype_t subtype;
	uint32_t len;
	const uint8_t *bytes;

	if (!bson_iter_init_find(&iter, doc, "sealed") || !BSON_ITER_HOLDS_BINARY(&iter))
		return;
	bson_iter_binary(&iter, &subtype, &len, &bytes);
	i->readable = unseal(b, bytes, len, i);
}

static bool read_item(const struct mail_box *b, const bson_t *doc, struct mail_item *i)
{
	const char *kind = document_text(doc, "kind");
	int64_t expires;

	if (!document_uuid(doc, "_id", &i->id) || !document_int(doc, "tries", &i->tries) ||
		!document_time(doc, "expires", &expires) || !kind)
		return false;
	i->expired = expires <= clock_real_ms();
	i->none = !strcmp(kind, mail_kind_name(MAIL_NONE));
	i->readable = false;
	read_sealed(b, doc, i);
	return true;
}

int mail_box_claim(struct mail_box *b, int64_t claim_ms, struct mail_item *ret)
{
	int64_t now = clock_real_ms();
	bson_t *doc;
	int r = uuid_random(&ret->claim);

	if (r)
		return r;
	bson_t *filter = BCON_NEW("due", "{", "$lte", BCON_DATE_TIME(now), "}");
	bson_t *update = BCON_NEW("$set", "{", "due", BCON_DATE_TIME(now + claim_ms), "claim", BCON_UUID(&ret->claim),
		"}", "$inc", "{", "tries", BCON_INT64(1), "}");
	r = store_find_and_modify(b->store, COLLECTION, filter, update, true, &doc);
	bson_destroy(update);
	bson_destroy(filter);
	if (r)
		return r;
	bool ok = read_item(b, doc, ret);
	bson_destroy(doc);
	return ok ? 0 : -EBADMSG;
}

/* ---- and after ---- */

static bson_t *claimed(const struct mail_item *i)
{
	return BCON_NEW("_id", BCON_UUID(&i->id), "claim", BCON_UUID(&i->claim));
}

int mail_box_remove(struct mail_box *b, const struct mail_item *i)
{
	bson_t *filter = claimed(i);
	int r = store_delete_one(b->store, COLLECTION, filter);

	bson_destroy(filter);
	return r;
}

int mail_box_put_back(struct mail_box *b, const struct mail_item *i, int64_t wait_ms, bool tried)
{
	bson_t *filter = claimed(i);
	bson_t *update = BCON_NEW("$set", "{", "due", BCON_DATE_TIME(clock_real_ms() + wait_ms), "}", "$inc", "{",
		"tries", BCON_INT64(tried ? 0 : -1), "}");
	int r = store_update_one(b->store, COLLECTION, filter, update, false);

	bson_destroy(update);
	bson_destroy(filter);
	return r;
}
