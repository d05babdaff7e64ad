/* audit - one insert an event, or one update of those that are counted; now and then a look at how many there are. */
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "base/clock.h"
#include "service/log.h"
#include "store/index.h"

#include <string.h>

enum { HOUR_MS = 3600000 };

static int64_t keep_ms = 180LL * 86400000, keep_n = 10000;

void audit_keep(int64_t ttl_ms, int64_t per_user)
{
	keep_ms = ttl_ms;
	keep_n = per_user;
}

int audit_prepare(struct store *s)
{
	int r = index_ensure(s, AUDIT_COLLECTION, "user",
		BCON_NEW("user", BCON_INT32(1), "time", BCON_INT32(-1), "_id", BCON_INT32(-1)), 0);

	if (r == 0) /* what names somebody whose account ends is looked for */
		r = index_ensure(s, AUDIT_COLLECTION, "who", BCON_NEW("who", BCON_INT32(1)), INDEX_SPARSE);
	return r ? r : index_ensure_ttl(s, AUDIT_COLLECTION, 0);
}

struct audit_details audit_details_of(const struct web_request *q)
{
	const struct token_claims *c = web_claims(q);

	return (struct audit_details){
		.address = web_remote(q),
		.agent = web_header(q, "User-Agent"),
		.session = c && !c->service ? &c->session : NULL,
	};
}

/* ---- writing ---- */

static void append_uuid(bson_t *doc, const char *key, const struct uuid *u)
{
	if (u)
		BCON_APPEND(doc, key, BCON_UUID(u));
}

static void append_details(bson_t *doc, const struct audit_details *d)
{
	document_put_text(doc, "address", d->address);
	document_put_text(doc, "agent", d->agent);
	document_put_text(doc, "who", d->who);
	document_put_text(doc, "name", d->name);
	document_put_text(doc, "changed", d->changed);
	append_uuid(doc, "session", d->session);
	append_uuid(doc, "device", d->device);
	append_uuid(doc, "grant", d->grant);
	append_uuid(doc, "link", d->link);
	append_uuid(doc, "token", d->token);
}

static int insert(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d)
{
	struct uuid id;
	bson_t doc = BSON_INITIALIZER;
	int64_t now = clock_real_ms();
	int r = uuid_random(&id);

	if (r == 0) {
		BCON_APPEND(&doc, "_id", BCON_UUID(&id), "user", BCON_UUID(user), "time", BCON_DATE_TIME(now), "event",
			BCON_UTF8(event), "expires", BCON_DATE_TIME(now + keep_ms));
		if (d)
			append_details(&doc, d);
		r = store_insert(s, AUDIT_COLLECTION, &doc);
	}
	bson_destroy(&doc);
	return r;
}

/* ---- the bound ---- */

/* Removes what is older than the newest of those that are too many. */
static int trim(struct store *s, const struct uuid *user)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user)), *doc;
	bson_t *options = BCON_NEW("sort", "{", "time", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "skip",
		BCON_INT64(keep_n), "projection", "{", "time", BCON_INT32(1), "}");
	int64_t time;
	int r = store_find_one(s, AUDIT_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	if (r == 0) {
		if (document_time(doc, "time", &time)) {
			BCON_APPEND(filter, "time", "{", "$lte", BCON_DATE_TIME(time), "}");
			r = store_delete_many(s, AUDIT_COLLECTION, filter, NULL);
		}
		bson_destroy(doc);
	}
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

/* One event in so many: each look reads an index as far as the bound. */
static void trim_sometimes(struct store *s, const struct uuid *user)
{
	int64_t every = keep_n / 16 < AUDIT_SLACK ? keep_n / 16 : AUDIT_SLACK;

	if (every > 1 && randombytes_uniform((uint32_t)every) != 0)
		return;
	int r = trim(s, user);
	if (r)
		log_debug("audit events not counted", LOG_I("result", r)); /* the next look does it */
}

/* What became of writing an event. */
static int written(struct store *s, const struct uuid *user, const char *event, int r)
{
	char text[UUID_TEXT_SIZE];

	if (r == 0) {
		trim_sometimes(s, user);
		return 0;
	}
	uuid_format(text, user);
	log_error("audit event not written", LOG_S("event", event), LOG_S("user", text), LOG_I("result", r));
	return STORE_E_RETRY;
}

void audit_write(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d)
{
	(void)written(s, user, event, insert(s, user, event, d));
}

/* ---- counting ---- */

/* The _id of the events about @d's link, from its address, in the hour of @now_ms. */
static void counted_id(const struct audit_details *d, int64_t now_ms, struct uuid *ret)
{
	uint8_t hash[SHA256_SIZE];
	crypto_hash_sha256_state state;
	int64_t hour = now_ms / HOUR_MS;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, d->link->b, sizeof d->link->b);
	crypto_hash_sha256_update(&state, (const uint8_t *)&hour, sizeof hour);
	crypto_hash_sha256_update(&state, (const uint8_t *)d->address, strlen(d->address));
	crypto_hash_sha256_final(&state, hash);
	memcpy(ret->b, hash, sizeof ret->b);
}

static int count(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d)
{
	struct uuid id;
	int64_t now = clock_real_ms();
	bson_t first = BSON_INITIALIZER;

	counted_id(d, now, &id);
	BCON_APPEND(&first, "user", BCON_UUID(user), "time", BCON_DATE_TIME(now), "event", BCON_UTF8(event));
	append_details(&first, d);
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&id));
	bson_t *update = BCON_NEW("$setOnInsert", BCON_DOCUMENT(&first), "$set", "{", "last", BCON_DATE_TIME(now),
		"expires", BCON_DATE_TIME(now + keep_ms), "}", "$inc", "{", "count", BCON_INT64(1), "}");
	int r = store_update_one(s, AUDIT_COLLECTION, filter, update, true);
	if (r == STORE_E_DUPLICATE) /* two at once were the first */
		r = store_update_one(s, AUDIT_COLLECTION, filter, update, true);
	bson_destroy(update);
	bson_destroy(filter);
	bson_destroy(&first);
	return r;
}

int audit_count(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d)
{
	return written(s, user, event, count(s, user, event, d));
}
