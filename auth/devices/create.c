/* create - POST /v1/devices */
#include "auth/devices/device.h"
#include "auth/devices/internal.h"
#include "auth/devices/pet.h"
#include "auth/devices/retention.h"
#include "auth/common/check.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a request says; borrowed from its body. */
struct wish {
	const char *name, *identifier; /* @identifier: NULL when one is to be made */
	const json_t *pet, *retention; /* NULL: none */
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
	struct pet_fault fault;

	if (!body)
		return false;
	const json_t *name = json_object_get(body, "name"), *identifier = present(body, "identifier");
	*w = (struct wish){ json_string_value(name), json_string_value(identifier), present(body, "pet"),
		present(body, "retention_days") };
	if (w->retention && !retention_check(q, w->retention))
		return false;
	if (!check_name(name, NAME_MAX_CHARS))
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
	else if (identifier && (!w->identifier || !identifier_good(w->identifier, json_string_length(identifier))))
		web_problem(q, 422, "invalid_identifier",
			"\"identifier\" must be 1 to %d letters, digits, '.', '_' or '-'.", IDENTIFIER_SIZE - 1);
	else if (w->pet && !pet_check(w->pet, clock_real_ms(), &fault))
		web_problem(q, 422, "invalid_pet", "\"%s\" must %s.", fault.member, fault.must);
	else
		return true;
	return false;
}

/* Whether @user may have one more. Two requests at once may both be let in: the maximum is a bound on what one user
 * costs, not a promise to the last device. */
static int check_room(const struct devices *d, const struct uuid *user, bool *ret_room)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(user));
	bson_t *options =
		BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}", "skip", BCON_INT64(d->per_user_max - 1));
	bson_t *doc;
	int r = store_find_one(d->store, DEVICES_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	bson_destroy(filter);
	if (r == 0)
		bson_destroy(doc);
	else if (r != STORE_E_MISSING)
		return r;
	*ret_room = r == STORE_E_MISSING;
	return 0;
}

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
	if (w->pet)
		pet_write(w->pet, doc);
	if (w->retention)
		retention_write(w->retention, doc);
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

void device_create_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const struct uuid *user = &web_claims(q)->subject;
	struct wish w;
	bool room = false;
	json_t *device = NULL;

	if (!read_wish(q, &w))
		return;
	int r = check_room(d, user, &room);
	if (r == 0 && !room) {
		web_problem(q, 409, "too_many_devices", "One user may have %d devices.", (int)d->per_user_max);
		return;
	}
	if (r == 0)
		r = insert_until_free(d, user, &w, &device);
	if (r == STORE_E_DUPLICATE) {
		web_problem(q, 409, "identifier_taken", "Another device has this identifier.");
	} else if (r) {
		auth_fail(q, r);
	} else {
		outbox_wake(d->outbox);
		answer_created(q, device);
	}
}
