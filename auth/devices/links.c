/* links - POST and GET /v1/devices/{id}/links; GET, PATCH and DELETE /v1/links/{id} */
#include "auth/devices/links.h"
#include "auth/devices/internal.h"
#include "auth/devices/links_terms.h"
#include "auth/devices/page.h"
#include "auth/devices/rights.h"
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "auth/common/one_time.h"
#include "base/clock.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what a link looks like ---- */

static json_t *link_json(const bson_t *doc)
{
	struct share_link l;
	char id[UUID_TEXT_SIZE], device[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE], used[TIME_TEXT_SIZE];

	if (!share_link_read(doc, &l))
		return NULL;
	uuid_format(id, &l.id);
	uuid_format(device, &l.device);
	time_format(created, l.created_ms);
	time_format(used, l.used_ms);
	json_t *terms = share_terms_json(&l.terms);
	json_t *link = json_pack("{ss ss ss? ss sI ss?}", "id", id, "device", device, "label", l.label, "created",
		created, "uses", (json_int_t)l.uses, "last_used", l.used_ms ? used : NULL);
	bool whole = terms && link && json_object_update(link, terms) == 0;
	json_decref(terms);
	if (whole)
		return link;
	json_decref(link);
	return NULL;
}

static void answer_no_link(struct web_request *q)
{
	web_problem(q, 404, "not_found", "You have no such link.");
}

static void answer_failure(struct web_request *q, int r)
{
	if (r == STORE_E_MISSING)
		answer_no_link(q);
	else
		auth_fail(q, r);
}

static void answer_link(struct web_request *q, const bson_t *doc)
{
	json_t *link = link_json(doc);

	if (link)
		web_reply(q, 200, link);
	else
		auth_fail(q, -EBADMSG);
}

/* ---- what a request says ---- */

struct wish {
	struct share_terms terms;
	bool label_given;
	const char *label; /* NULL: none; borrowed from the body */
};

/* Reads the body into @w, whose terms are what they were before; or answers what is wrong with it and returns false. */
static bool read_wish(struct web_request *q, const struct devices *d, struct wish *w)
{
	const json_t *body = web_body(q);
	struct check_fault fault;

	if (!body)
		return false;
	const json_t *label = json_object_get(body, "label");
	if (label && !json_is_null(label) && !check_name(label, NAME_MAX_CHARS)) {
		web_problem(q, 422, "invalid_link", "\"label\" must be a text of 1 to %d characters, or null.",
			NAME_MAX_CHARS);
		return false;
	}
	if (!link_terms_read(&w->terms, body, clock_real_ms(), d->options.link_age_max_ms, &fault)) {
		web_problem(q, 422, "invalid_link", "\"%s\" must %s.", fault.member, fault.must);
		return false;
	}
	w->label_given = label != NULL;
	w->label = json_string_value(label);
	return true;
}

/* ---- making one ---- */

/* Whether the owner may have one more; else answers that, and returns false. */
static bool check_room(struct web_request *q, const struct devices *d, const struct uuid *owner)
{
	const int64_t max = d->options.links_per_user;
	bool room = false;
	bson_t *filter = BCON_NEW("owner", BCON_UUID(owner));
	int r = documents_room(d->store, SHARE_LINKS_COLLECTION, filter, max, &room);

	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else if (!room)
		web_problem(q, 409, "too_many_links", "One user may have %d links, those that have ended included.",
			(int)max);
	return r == 0 && room;
}

static int make_document(
	const struct permission *p, const struct wish *w, const uint8_t hash[static SHA256_SIZE], bson_t *doc)
{
	struct uuid id;
	int r = uuid_random(&id);

	if (r)
		return r;
	BCON_APPEND(doc, "_id", BCON_UUID(&id), "owner", BCON_UUID(&p->owner), "device", BCON_UUID(&p->device), "token",
		BCON_BYTES(hash, SHA256_SIZE), "created", BCON_DATE_TIME(clock_real_ms()), "uses", BCON_INT64(0));
	if (w->label)
		BSON_APPEND_UTF8(doc, "label", w->label);
	share_terms_write(&w->terms, doc, NULL);
	return 0;
}

/* @shown, with what is told once: the token, and the link that it is part of. */
static int add_secret(const struct auth *a, json_t *shown, const char *token)
{
	char url[AUTH_URL_SIZE];
	bool known = auth_url(a, "share", token, url);

	if (!shown || json_object_set_new(shown, "token", json_string(token)) ||
		json_object_set_new(shown, "url", known ? json_string(url) : json_null()))
		return -ENOMEM;
	sodium_memzero(url, sizeof url);
	return 0;
}

static void log_event(struct web_request *q, const struct devices *d, const char *event, const bson_t *doc)
{
	struct audit_details details = audit_details_of(q);
	struct share_link l;

	if (!share_link_read(doc, &l))
		return;
	details.link = &l.id;
	details.device = &l.device;
	details.name = l.label;
	audit_write(d->store, &l.owner, event, &details);
}

/* Stores @doc and shows it. 0 and *ret the caller's, STORE_E_RETRY or negative. */
static int insert(const struct auth *a, const bson_t *doc, const char *token, json_t **ret)
{
	int r = store_insert(a->store, SHARE_LINKS_COLLECTION, doc);
	json_t *shown = r ? NULL : link_json(doc);

	if (r == 0)
		r = add_secret(a, shown, token);
	if (r)
		json_decref(shown);
	else
		*ret = shown;
	return r;
}

static void create(struct web_request *q, const struct auth *a, const struct permission *p, const struct wish *w)
{
	char token[ONE_TIME_SIZE], location[64];
	uint8_t hash[SHA256_SIZE];
	bson_t doc = BSON_INITIALIZER;
	json_t *link = NULL;

	one_time_token(token, hash);
	int r = make_document(p, w, hash, &doc);
	if (r == 0)
		r = insert(a, &doc, token, &link);
	if (r == 0) {
		log_event(q, a->devices, AUDIT_LINK_MADE, &doc);
		snprintf(location, sizeof location, "/v1/links/%s", json_string_value(json_object_get(link, "id")));
		web_add_header(q, "Location", location);
		web_add_header(q, "Cache-Control", "no-store");
		web_reply(q, 201, link);
	} else {
		auth_fail(q, r);
	}
	sodium_memzero(token, sizeof token);
	bson_destroy(&doc);
}

void link_create_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct wish w = { .terms = { .live = true, .from_ms = SHARE_ALWAYS, .until_ms = SHARE_FOR_EVER } };
	struct permission p;

	if (device_permit(q, d, RIGHTS_OWNER, &p) && read_wish(q, d, &w) && check_room(q, d, &p.owner))
		create(q, owner, &p, &w);
}

/* ---- all of a device ---- */

void link_list_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct page page;
	struct page_found found;
	struct permission p;

	if (!page_read(q, &page) || !device_permit(q, d, RIGHTS_OWNER, &p))
		return;
	bson_t *filter = BCON_NEW("owner", BCON_UUID(&p.owner), "device", BCON_UUID(&p.device), "revoked", "{",
		"$exists", BCON_BOOL(false), "}");
	int r = page_find(d->store, SHARE_LINKS_COLLECTION, filter, &page, link_json, &found);
	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else
		page_answer(q, "links", &found);
}

/* ---- one ---- */

/* The filter for {id} of the caller's that is not revoked, or NULL when it is no id, which is answered. */
static bson_t *own_link(struct web_request *q)
{
	const char *text = web_path(q, "id");
	struct uuid id;

	if (uuid_parse(&id, text, strlen(text))) {
		answer_no_link(q);
		return NULL;
	}
	return BCON_NEW("_id", BCON_UUID(&id), "owner", BCON_UUID(&web_claims(q)->subject), "revoked", "{", "$exists",
		BCON_BOOL(false), "}");
}

/* The caller's link {id}, his to bson_destroy(). NULL: that is answered. */
static bson_t *find_link(struct web_request *q, const struct devices *d)
{
	bson_t *filter = own_link(q), *doc = NULL;

	if (!filter)
		return NULL;
	int r = store_find_one(d->store, SHARE_LINKS_COLLECTION, filter, NULL, &doc);
	bson_destroy(filter);
	if (r)
		answer_failure(q, r);
	return r ? NULL : doc;
}

void link_get_handle(struct web_request *q, void *owner)
{
	bson_t *doc = find_link(q, devices_of(owner));

	if (!doc)
		return;
	answer_link(q, doc);
	bson_destroy(doc);
}

/* ---- changing and renewing it ---- */

static void write_label(const struct wish *w, bson_t *set, bson_t *unset)
{
	if (w->label)
		BSON_APPEND_UTF8(set, "label", w->label);
	else if (w->label_given)
		BSON_APPEND_UTF8(unset, "label", "");
}

/* Its event has whoever looks through the link asked for anew. */
static int change(const struct devices *d, const bson_t *filter, const struct wish *w, bson_t **ret_doc)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		share_terms_write(&w->terms, &set, &unset);
		write_label(w, &set, &unset);
		bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max));
		if (!bson_empty(&unset))
			BSON_APPEND_DOCUMENT(update, "$unset", &unset);
		r = store_find_and_modify(d->store, SHARE_LINKS_COLLECTION, filter, update, true, ret_doc);
		bson_destroy(update);
	}
	bson_destroy(&unset);
	bson_destroy(&max);
	bson_destroy(&set);
	if (r == 0)
		outbox_wake(d->outbox);
	return r;
}

static void apply_change(struct web_request *q, const struct devices *d, const struct wish *w, bool renewed)
{
	bson_t *filter = own_link(q), *doc;

	if (!filter)
		return;
	int r = change(d, filter, w, &doc);
	bson_destroy(filter);
	if (r) {
		answer_failure(q, r);
		return;
	}
	log_event(q, d, renewed ? AUDIT_LINK_RENEWED : AUDIT_LINK_CHANGED, doc);
	answer_link(q, doc);
	bson_destroy(doc);
}

/* Two changes at once: the later one is what the link shows, as a whole. */
void link_change_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct share_link before = { 0 };
	bson_t *doc = find_link(q, d);

	if (!doc)
		return;
	bool good = share_link_read(doc, &before);
	bson_destroy(doc);
	struct wish w = { .terms = before.terms };
	if (!good)
		auth_fail(q, -EBADMSG);
	else if (read_wish(q, d, &w))
		apply_change(q, d, &w, w.terms.expires_ms != before.terms.expires_ms);
}

/* ---- the end ---- */

static void end_link(struct web_request *q, const struct devices *d, const bson_t *filter, const bson_t *doc)
{
	int64_t n = 0;
	int r = share_links_revoke(d->store, d->outbox, filter, &n);

	if (r == 0 && n == 0)
		r = STORE_E_MISSING;
	if (r) {
		answer_failure(q, r);
		return;
	}
	log_event(q, d, AUDIT_LINK_REVOKED, doc);
	web_reply(q, 204, NULL);
}

void link_revoke_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	bson_t *doc = find_link(q, d);

	if (!doc)
		return;
	bson_t *filter = own_link(q);
	if (filter)
		end_link(q, d, filter, doc);
	bson_destroy(filter);
	bson_destroy(doc);
}

int links_end(const struct devices *d, const struct uuid *owner, const struct uuid *device)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(owner), "device", BCON_UUID(device));
	int r = share_links_revoke(d->store, d->outbox, filter, NULL);

	bson_destroy(filter);
	return r;
}

bson_t *links_of_account(const struct erasure_subject *who)
{
	return BCON_NEW("owner", BCON_UUID(&who->user));
}

int links_erase(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = links_of_account(who);
	int r = share_links_revoke(s, o, filter, NULL);

	bson_destroy(filter);
	return r;
}
