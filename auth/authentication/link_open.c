/*
 * link_open - POST /v1/links/open: from the secret in a link to an access token that shows one device
 *
 * It is served where the keys to sign with are. The token names the link as its user and as its session, so that query asks
 * what the link shows as it asks what a person may see, and hears of its end as of any session's.
 */
#include "auth/authentication/internal.h"
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "auth/common/share_link.h"
#include "auth/common/users.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

enum { TOKEN_AGE_MAX_S = 300 };

#define DEVICES_COLLECTION "devices"

static void answer_no_link(struct web_request *q)
{
	web_problem(q, 404, "no_such_link", "There is no such link, or it has ended. Ask whoever gave it to you.");
}

/* What a stranger is told of the device. 0, STORE_E_MISSING where its owner has it no more, STORE_E_RETRY or negative. */
static int find_device(struct store *s, const struct share_link *l, json_t **ret)
{
	char id[UUID_TEXT_SIZE];
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&l->device), "owner", BCON_UUID(&l->owner)), *doc;
	bson_t *options = BCON_NEW(
		"projection", "{", "name", BCON_INT32(1), "pet.name", BCON_INT32(1), "_id", BCON_INT32(0), "}");
	int r = store_find_one(s, DEVICES_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	bson_destroy(filter);
	if (r)
		return r;
	uuid_format(id, &l->device);
	*ret = json_pack("{ss ss? ss?}", "id", id, "name", document_text(doc, "name"), "pet_name",
		document_text(doc, "pet.name"));
	bson_destroy(doc);
	return *ret ? 0 : -ENOMEM;
}

static int sign(const struct authentication *x, const struct share_link *l, int64_t now_ms,
	char token[static TOKEN_SIZE_MAX], int64_t *ret_age_s)
{
	struct token_claims c = {
		.subject = l->id, .session = l->id, .scope = "positions.read", .issued_s = now_ms / 1000
	};
	int64_t age_s = x->token_age_s < TOKEN_AGE_MAX_S ? x->token_age_s : TOKEN_AGE_MAX_S;

	c.expires_s = c.issued_s + age_s;
	if (c.expires_s > l->terms.expires_ms / 1000)
		c.expires_s = l->terms.expires_ms / 1000;
	*ret_age_s = c.expires_s - c.issued_s;
	return keyring_sign(x->keyring, &c, token, TOKEN_SIZE_MAX);
}

/* No access by a link is unwritten: one that cannot be is none. */
static int log_opened(struct web_request *q, const struct authentication *x, const struct share_link *l)
{
	struct audit_details details = audit_details_of(q);

	details.link = &l->id;
	details.device = &l->device;
	details.name = l->label;
	return audit_count(x->store, &l->owner, AUDIT_LINK_OPENED, &details);
}

static int answer_token(
	struct web_request *q, const struct authentication *x, const struct share_link *l, int64_t now_ms)
{
	char token[TOKEN_SIZE_MAX];
	json_t *device = NULL;
	int64_t age_s;
	int r = users_there(x->store, &l->owner);

	if (r == 0)
		r = find_device(x->store, l, &device);
	if (r == 0)
		r = sign(x, l, now_ms, token, &age_s);
	if (r == 0)
		r = log_opened(q, x, l);
	if (r) {
		json_decref(device);
		return r;
	}
	json_t *answer = json_pack("{ss ss sI so}", "access_token", token, "token_type", "Bearer", "expires_in",
		(json_int_t)age_s, "device", device);
	json_object_update_new(answer, share_terms_json(&l->terms));
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200, answer);
	return 0;
}

static int open_link(struct web_request *q, const struct authentication *x, const json_t *token)
{
	int64_t now = clock_real_ms();
	struct share_link l;
	bson_t *doc = NULL;
	int r = share_link_open(x->store, json_string_value(token), json_string_length(token), now, &doc);

	if (r)
		return r;
	r = share_link_read(doc, &l) ? answer_token(q, x, &l, now) : -EBADMSG;
	bson_destroy(doc);
	return r;
}

void link_open_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const json_t *body = web_body(q), *token = json_object_get(body, "token");

	if (!body)
		return;
	if (!json_is_string(token)) {
		web_problem(q, 400, "missing_token", "\"token\" must be a text.");
		return;
	}
	if (!auth_admit(q, owner, AUTH_LIMIT_LINK, json_string_value(token)))
		return;
	int r = open_link(q, x, token);
	authentication_count(x->links, r == STORE_E_MISSING ? "invalid" : r ? "failed" : "ok");
	if (r == STORE_E_MISSING)
		answer_no_link(q);
	else if (r)
		auth_fail(q, r);
}
