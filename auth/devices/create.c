/* create - POST /v1/devices */
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "auth/devices/optional.h"
#include "auth/devices/unknown.h"
#include "auth/common/audit.h"
#include "auth/common/check.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a request says; borrowed from its body. */
struct wish {
	const char *name, *identifier; /* @identifier: NULL when one is to be made */
	const char *code; /* that @identifier is claimed with; NULL: none */
	const json_t *body;
};

static const json_t *present(const json_t *body, const char *name)
{
	const json_t *v = json_object_get(body, name);

	return json_is_null(v) ? NULL : v;
}

/* Reads the wish, or answers what is wrong with it and returns false. */
static bool read_wish(struct web_request *q, struct wish *w)
{
	const json_t *body = web_body(q);

	if (!body || !optional_check(q, body))
		return false;
	const json_t *name = json_object_get(body, "name"), *identifier = present(body, "identifier");
	const json_t *code = present(body, "code");
	*w = (struct wish){ json_string_value(name), json_string_value(identifier), json_string_value(code), body };
	if (!check_name(name, NAME_MAX_CHARS))
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
	else if (identifier && (!w->identifier || !identifier_good(w->identifier, json_string_length(identifier))))
		web_problem(q, 422, "invalid_identifier",
			"\"identifier\" must be 1 to %d letters, digits, '.', '_' or '-'.", IDENTIFIER_SIZE - 1);
	else if (code && (!w->code || !identifier))
		web_problem(q, 422, "invalid_code", "\"code\" must be the text that goes with \"identifier\".");
	else
		return true;
	return false;
}

/* ---- whether it may be ---- */

/* Whether the code of @w is right; else answers that, and returns false. */
static bool check_code(struct web_request *q, const struct auth *a, const struct wish *w)
{
	const struct devices *d = a->devices;
	bool right = false;
	char user[UUID_TEXT_SIZE];

	uuid_format(user, &web_claims(q)->subject);
	if (!auth_admit(q, a, AUTH_LIMIT_CLAIM, user))
		return false;
	int r = unknown_check_code(d->store, w->identifier, w->code, &right);
	if (r) {
		auth_refund(q, a, AUTH_LIMIT_CLAIM, user);
		auth_fail(q, r);
		return false;
	}
	(right ? auth_restore : auth_penalise)(q, a, AUTH_LIMIT_CLAIM, user);
	metric_add(d->claims, (const char *const[]){ right ? "right" : "wrong" }, 1);
	if (!right)
		web_problem(q, 403, "wrong_code",
			"This is not the code of the identifier. It changes: ask for the one that is listed now.");
	return right;
}

/* Whether the person may have the identifier of @w, if it is free; else answers that, and returns false. */
static bool check_claim(struct web_request *q, const struct auth *a, const struct wish *w)
{
	if (w->code)
		return check_code(q, a, w);
	if (!w->identifier || !a->devices->options.claim_required)
		return true;
	web_problem(q, 403, "code_required",
		"An identifier is claimed here by its \"code\": ask whoever runs this installation.");
	return false;
}

/* Whether the person may have one more; else answers that, and returns false. */
static bool check_room(struct web_request *q, const struct devices *d)
{
	const int64_t max = d->options.per_user_max;
	bool room = false;
	bson_t *filter = BCON_NEW("owner", BCON_UUID(&web_claims(q)->subject));
	int r = documents_room(d->store, DEVICES_COLLECTION, filter, max, &room);

	bson_destroy(filter);
	if (r)
		auth_fail(q, r);
	else if (!room)
		web_problem(q, 409, "too_many_devices", "One user may have %d devices.", (int)max);
	return r == 0 && room;
}

/* ---- making it ---- */

static int make_document(const struct wish *w, const struct uuid *user, const char *identifier,
	const uint8_t secret[static SHA256_SIZE], bson_t *doc)
{
	struct uuid id;
	int r = uuid_random(&id);

	if (r)
		return r;
	BCON_APPEND(doc, "_id", BCON_UUID(&id), "owner", BCON_UUID(user), "name", BCON_UTF8(w->name), "identifier",
		BCON_UTF8(identifier), "secret", BCON_BYTES(secret, SHA256_SIZE), "created",
		BCON_DATE_TIME(clock_real_ms()));
	optional_write(w->body, doc, NULL);
	return outbox_mark_new(doc);
}

/* 0 and the device as it is shown, secret included; STORE_E_DUPLICATE: the identifier is taken. */
static int insert(const struct devices *d, const struct uuid *user, const struct wish *w, json_t **ret)
{
	char made[IDENTIFIER_SIZE], secret[SECRET_SIZE];
	uint8_t hash[SHA256_SIZE];
	bson_t doc = BSON_INITIALIZER;

	identifier_make(made);
	secret_make(secret, hash);
	int r = make_document(w, user, w->identifier ? w->identifier : made, hash, &doc);
	if (r == 0)
		r = store_insert(d->store, DEVICES_COLLECTION, &doc);
	if (r == 0) {
		json_t *shown = device_json(&doc);
		r = shown && json_object_set_new(shown, "secret", json_string(secret)) == 0 ? 0 : -ENOMEM;
		if (r == 0)
			*ret = shown;
		else
			json_decref(shown);
	}
	sodium_memzero(secret, sizeof secret);
	bson_destroy(&doc);
	return r;
}

/* An identifier that is made here may, once in a long while, exist: then another. */
static int insert_until_free(const struct devices *d, const struct uuid *user, const struct wish *w, json_t **ret)
{
	enum { TRIES_MAX = 4 };
	int r = insert(d, user, w, ret);

	for (int i = 1; i < TRIES_MAX && r == STORE_E_DUPLICATE && !w->identifier; i++)
		r = insert(d, user, w, ret);
	return r;
}

static void answer_created(struct web_request *q, json_t *device)
{
	char location[64];

	snprintf(location, sizeof location, "/v1/devices/%s", json_string_value(json_object_get(device, "id")));
	web_add_header(q, "Location", location);
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 201, device);
}

static void log_created(struct web_request *q, const struct devices *d, const json_t *device)
{
	const json_t *text = json_object_get(device, "id");
	struct uuid id;

	if (uuid_parse(&id, json_string_value(text), json_string_length(text)) == 0)
		device_audit(q, d, AUDIT_DEVICE_ADDED, &id, json_string_value(json_object_get(device, "name")));
}

static void create(struct web_request *q, const struct devices *d, const struct wish *w)
{
	json_t *device = NULL;
	int r = insert_until_free(d, &web_claims(q)->subject, w, &device);

	if (r == STORE_E_DUPLICATE) {
		web_problem(q, 409, "identifier_taken", "Another device has this identifier.");
	} else if (r) {
		auth_fail(q, r);
	} else {
		outbox_wake(d->outbox);
		if (w->identifier)
			unknown_forget(d->store, w->identifier);
		log_created(q, d, device);
		answer_created(q, device);
	}
}

void device_create_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	struct wish w;

	if (read_wish(q, &w) && check_room(q, d) && check_claim(q, owner, &w))
		create(q, d, &w);
}
