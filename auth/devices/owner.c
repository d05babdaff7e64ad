/* owner - what owners do with devices that exist, and those whom they let. Every filter names the owner. */
#include "auth/devices/device.h"
#include "auth/devices/end.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/devices/links.h"
#include "auth/devices/optional.h"
#include "auth/devices/page.h"
#include "auth/devices/shared.h"
#include "auth/common/audit.h"
#include "auth/common/check.h"

#include <errno.h>
#include <string.h>

/* Answers what went wrong. */
static void answer_failure(struct web_request *q, int r)
{
	if (r == STORE_E_MISSING)
		answer_no_device(q);
	else
		auth_fail(q, r);
}

/* Answers the device of @p, whose document is @doc, as the caller may see it. */
static void answer_device(struct web_request *q, const struct devices *d, const struct permission *p, const bson_t *doc)
{
	json_t *shown = NULL;
	int r = 0;

	if (p->rights == RIGHTS_OWNER)
		shown = device_json(doc);
	else
		r = shared_device(d->store, p, &shown);
	if (r)
		answer_failure(q, r);
	else if (shown)
		web_reply(q, 200, shown);
	else
		auth_fail(q, -EBADMSG);
}

/* ---- one ---- */

void device_get_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct permission p;
	bson_t *doc;

	if (!device_permit(q, d, RIGHTS_VIEW, &p))
		return;
	bson_t *filter = permitted_device(&p);
	int r = store_find_one(d->store, DEVICES_COLLECTION, filter, NULL, &doc);
	bson_destroy(filter);
	if (r) {
		answer_failure(q, r);
		return;
	}
	answer_device(q, d, &p, doc);
	bson_destroy(doc);
}

/* ---- all ---- */

/* Whether those are wanted that are shared with the caller, in place of his own; else answers what is wrong. */
static bool read_shared(struct web_request *q, bool *ret)
{
	const char *text = web_query(q, "shared");

	*ret = text && !strcmp(text, "true");
	if (!text || *ret || !strcmp(text, "false"))
		return true;
	web_problem(q, 400, "invalid_shared", "\"shared\" must be true or false.");
	return false;
}

static int find_own(const struct devices *d, const struct uuid *user, const struct page *p, struct page_found *ret)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(user));
	int r = page_find(d->store, DEVICES_COLLECTION, filter, p, device_json, ret);

	bson_destroy(filter);
	return r;
}

/* In the order in which they were shared. */
static int find_shared(const struct devices *d, const struct uuid *user, const struct page *p, struct page_found *ret)
{
	bson_t *filter = BCON_NEW("grantee", BCON_UUID(user));
	struct page_found grants;
	int r = page_find(d->store, GRANTS_COLLECTION, filter, p, grant_json, &grants);

	bson_destroy(filter);
	if (r)
		return r;
	*ret = grants;
	r = shared_devices(d->store, grants.list, &ret->list);
	json_decref(grants.list);
	return r;
}

void device_list_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const struct uuid *user = &web_claims(q)->subject;
	struct page p;
	struct page_found found;
	bool shared;

	if (!page_read(q, &p) || !read_shared(q, &shared))
		return;
	int r = shared ? find_shared(d, user, &p, &found) : find_own(d, user, &p, &found);
	if (r)
		auth_fail(q, r);
	else
		page_answer(q, "devices", &found);
}

/* ---- change ---- */

/* Fills @set and @unset, or answers what is wrong and returns false. What a member holds is replaced as a whole. */
static bool read_change(struct web_request *q, bson_t *set, bson_t *unset)
{
	const json_t *body = web_body(q);

	if (!body || !optional_check(q, body))
		return false;
	const json_t *name = json_object_get(body, "name");
	if (name && !check_name(name, NAME_MAX_CHARS)) {
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
		return false;
	}
	if (!name && !optional_any(body)) {
		web_problem(q, 422, "nothing_to_change", "Give \"name\", \"pet\", \"retention_days\" or \"rules\".");
		return false;
	}
	if (name)
		BSON_APPEND_UTF8(set, "name", json_string_value(name));
	optional_write(body, set, unset);
	return true;
}

/* The update of @set and @unset with its event. NULL when there is no randomness. */
static bson_t *marked_update(bson_t *set, const bson_t *unset)
{
	bson_t max = BSON_INITIALIZER, *update = NULL;

	if (outbox_mark_update(set, &max) == 0)
		update = BCON_NEW("$set", BCON_DOCUMENT(set), "$max", BCON_DOCUMENT(&max));
	if (update && unset && !bson_empty(unset))
		BSON_APPEND_DOCUMENT(update, "$unset", unset);
	bson_destroy(&max);
	return update;
}

/* Changes the device and has it published. */
static int change(
	const struct devices *d, const struct permission *p, bson_t *set, const bson_t *unset, bson_t **ret_doc)
{
	bson_t *update = marked_update(set, unset);

	if (!update)
		return -EIO;
	bson_t *filter = permitted_device(p);
	int r = store_find_and_modify(d->store, DEVICES_COLLECTION, filter, update, true, ret_doc);
	bson_destroy(filter);
	bson_destroy(update);
	if (r == 0)
		outbox_wake(d->outbox);
	return r;
}

static void log_change(struct web_request *q, const struct devices *d, const struct permission *p, const char *name)
{
	const json_t *body = web_body(q);
	char changed[64] = "";

	if (json_object_get(body, "name"))
		strcpy(changed, "name");
	optional_names(body, changed, sizeof changed);
	device_audit_change(q, d, p, name, changed);
}

static void apply_change(
	struct web_request *q, const struct devices *d, const struct permission *p, bson_t *set, const bson_t *unset)
{
	bson_t *doc;
	int r = change(d, p, set, unset, &doc);

	if (r) {
		answer_failure(q, r);
		return;
	}
	log_change(q, d, p, document_text(doc, "name"));
	answer_device(q, d, p, doc);
	bson_destroy(doc);
}

/* Whether all that the request changes is the caller's to change; else answers that. */
static bool may_change(struct web_request *q, const struct permission *p)
{
	if (p->rights == RIGHTS_OWNER || !json_object_get(web_body(q), "retention_days"))
		return true;
	answer_insufficient_rights(q, "Only its owner decides how long the device's history is kept.");
	return false;
}

void device_change_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	struct permission p;

	if (device_permit(q, d, RIGHTS_MANAGE, &p) && read_change(q, &set, &unset) && may_change(q, &p))
		apply_change(q, d, &p, &set, &unset);
	bson_destroy(&set);
	bson_destroy(&unset);
}

/* ---- a new secret ---- */

void device_secret_handle(struct web_request *q, void *owner)
{
	char secret[SECRET_SIZE];
	uint8_t hash[SHA256_SIZE];
	const struct devices *d = devices_of(owner);
	struct permission p;
	bson_t *doc;

	if (!device_permit(q, d, RIGHTS_OWNER, &p))
		return;
	secret_make(secret, hash);
	bson_t *set = BCON_NEW("secret", BCON_BYTES(hash, sizeof hash));
	int r = change(d, &p, set, NULL, &doc);
	bson_destroy(set);
	if (r) {
		answer_failure(q, r);
	} else {
		device_audit(q, d, AUDIT_DEVICE_SECRET, &p.device, document_text(doc, "name"));
		bson_destroy(doc);
		web_add_header(q, "Cache-Control", "no-store");
		web_reply(q, 200, json_pack("{ss}", "secret", secret));
	}
	sodium_memzero(secret, sizeof secret);
}

/* ---- the end ---- */

static int delete_device(const struct devices *d, const struct permission *p)
{
	bson_t *filter = permitted_device(p);
	int64_t n;
	int r = devices_end(d->store, d->outbox, filter, &n);

	bson_destroy(filter);
	return r == 0 && n == 0 ? STORE_E_MISSING : r;
}

static int end_grants(const struct devices *d, const struct permission *p)
{
	bson_t *filter = BCON_NEW("device", BCON_UUID(&p->device), "owner", BCON_UUID(&p->owner));
	int64_t n;
	int r = grants_end(d->store, d->outbox, filter, &n);

	bson_destroy(filter);
	return r;
}

/* First who else sees it: what a fault in between leaves is a device that is its owner's alone. */
void device_delete_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct permission p;

	if (!device_permit(q, d, RIGHTS_OWNER, &p))
		return;
	int r = end_grants(d, &p);
	if (r == 0)
		r = links_end(d, &p.owner, &p.device);
	if (r == 0)
		r = delete_device(d, &p);
	if (r) {
		answer_failure(q, r);
		return;
	}
	device_audit(q, d, AUDIT_DEVICE_DELETED, &p.device, NULL);
	web_reply(q, 204, NULL);
}
