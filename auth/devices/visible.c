/* visible - GET /internal/v1/users/{id}/devices: what a user may see, his own and what is shared with him; or a link. */
#include "auth/devices/device.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/devices/links.h"
#include "auth/devices/shared.h"

#include <errno.h>
#include <string.h>

/* ---- his own ---- */

static json_t *show_own(const bson_t *doc)
{
	json_t *shown = device_name_json(doc);

	json_object_set_new(shown, "rights", json_string(rights_text(RIGHTS_OWNER)));
	return shown;
}

static int list_own(const struct devices *d, const struct uuid *user, json_t **ret)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(user));
	bson_t *options = BCON_NEW("limit", BCON_INT64(d->options.per_user_max));
	int r = documents_list(d->store, DEVICES_COLLECTION, filter, options, show_own, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* ---- what is shared with him ---- */

static int list_accepted(const struct devices *d, const struct uuid *user, json_t **ret)
{
	bson_t *filter = BCON_NEW("grantee", BCON_UUID(user));
	bson_t *options = BCON_NEW("limit", BCON_INT64(d->options.grants_per_user));
	int r = documents_list(d->store, GRANTS_COLLECTION, filter, options, grant_json, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

/* Appends them to @devices. */
static int add_shared(const struct devices *d, const struct uuid *user, json_t *devices)
{
	json_t *grants = NULL, *shared = NULL;
	int r = list_accepted(d, user, &grants);

	if (r == 0)
		r = shared_names(d->store, grants, &shared);
	if (r == 0 && json_array_extend(devices, shared))
		r = -ENOMEM;
	json_decref(shared);
	json_decref(grants);
	return r;
}

void user_devices_handle(struct web_request *q, void *owner)
{
	const struct devices *d = devices_of(owner);
	const char *text = web_path(q, "id");
	json_t *devices = NULL;
	struct uuid user;

	if (uuid_parse(&user, text, strlen(text))) {
		web_problem(q, 404, "not_found", "A user's id is a UUID.");
		return;
	}
	if (links_answer(q, d, &user))
		return;
	int r = list_own(d, &user, &devices);
	if (r == 0)
		r = add_shared(d, &user, devices);
	if (r == 0) {
		web_reply(q, 200, json_pack("{so}", "devices", devices));
		return;
	}
	json_decref(devices);
	auth_fail(q, r);
}
