/* audit - one insert an event. */
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "base/clock.h"
#include "service/log.h"
#include "store/index.h"

static int64_t keep_ms = 180LL * 86400000;

void audit_keep(int64_t ttl_ms)
{
	keep_ms = ttl_ms;
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

void audit_write(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d)
{
	char text[UUID_TEXT_SIZE];
	int r = insert(s, user, event, d);

	if (r == 0)
		return;
	uuid_format(text, user);
	log_error("audit event not written", LOG_S("event", event), LOG_S("user", text), LOG_I("result", r));
}
