/* visible - GET /internal/v1/users/{id}/devices: what a user may see, his own and what is shared with him; or a link. */
#include "auth/devices/device.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/devices/links.h"
#include "auth/devices/shared.h"
#include "auth/common/users.h"

#include <errno.h>
#include <string.h>

/* At most @max of those of @collection whose @member is @user, each as @show has it. */
static int list_of(const struct devices *d, const char *collection, const char *member, const struct uuid *user,
	int64_t max, document_shower show, json_t **ret)
{
	bson_t *filter = BCON_NEW(member, BCON_UUID(user));
	bson_t *options = BCON_NEW("limit", BCON_INT64(max));
	int r = documents_list(d->store, collection, filter, options, show, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

static json_t *show_own(const bson_t *doc)
{
	json_t *shown = device_name_json(doc);

	json_object_set_new(shown, "rights", json_string(rights_text(RIGHTS_OWNER)));
	return shown;
}

static int list_own(const struct devices *d, const struct uuid *user, json_t **ret)
{
	return list_of(d, DEVICES_COLLECTION, "owner", user, d->options.per_user_max, show_own, ret);
}

/* Appends to @devices what is shared with @user. */
static int add_shared(const struct devices *d, const struct uuid *user, json_t *devices)
{
	json_t *grants = NULL, *shared = NULL;
	int r = list_of(d, GRANTS_COLLECTION, "grantee", user, d->options.grants_per_user, grant_json, &grants);

	if (r == 0)
		r = shared_names(d->store, grants, &shared);
	if (r == 0 && json_array_extend(devices, shared))
		r = -ENOMEM;
	json_decref(shared);
	json_decref(grants);
	return r;
}

/* None where he is gone. */
static int list_all(const struct devices *d, const struct uuid *user, json_t **ret)
{
	json_t *devices = NULL;
	int r = users_there(d->store, user);

	if (r == 0)
		r = list_own(d, user, &devices);
	else if (r == STORE_E_MISSING) {
		*ret = json_array();
		return *ret ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = add_shared(d, user, devices);
	if (r)
		json_decref(devices);
	else
		*ret = devices;
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
	int r = list_all(d, &user, &devices);
	if (r == 0) {
		web_reply(q, 200, json_pack("{so}", "devices", devices));
		return;
	}
	auth_fail(q, r);
}
