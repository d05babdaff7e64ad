/* shared - one question for all devices, one for all owners; then each grant is put together. */
#include "auth/devices/shared.h"
#include "auth/devices/device.h"
#include "auth/common/document.h"
#include "auth/common/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what the ids of a list stand for ---- */

/* { _id: { $in: [the UUIDs that are @member of @list's objects] } } */
static bson_t *ids_filter(const json_t *list, const char *member)
{
	bson_t *filter = bson_new(), in, array;
	char key[24];
	struct uuid id;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &array);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *text = json_object_get(json_array_get(list, i), member);
		snprintf(key, sizeof key, "%zu", i);
		if (uuid_parse(&id, json_string_value(text), json_string_length(text)) == 0)
			bson_append_binary(&array, key, -1, BSON_SUBTYPE_UUID, id.b, sizeof id.b);
	}
	bson_append_array_end(&in, &array);
	bson_append_document_end(filter, &in);
	return filter;
}

static int add_document(json_t *by_id, const bson_t *doc, document_shower show)
{
	char key[UUID_TEXT_SIZE];
	struct uuid id;

	if (!document_uuid(doc, "_id", &id))
		return -EBADMSG;
	uuid_format(key, &id);
	return json_object_set_new(by_id, key, show(doc)) ? -EBADMSG : 0;
}

/* What of @collection has the ids that are @member of @list's objects, each as @show has it: members of an object. */
static int find_by_id(struct store *s, const char *collection, const json_t *list, const char *member,
	document_shower show, json_t **ret)
{
	bson_t *filter = ids_filter(list, member);
	json_t *by_id = json_object();
	struct store_cursor *c = NULL;
	const bson_t *doc;
	int r = store_find(s, collection, filter, NULL, &c);

	while (r == 0 && (r = store_next(c, &doc)) == 0)
		r = add_document(by_id, doc, show);
	store_cursor_close(c);
	bson_destroy(filter);
	if (r != STORE_E_MISSING) {
		json_decref(by_id);
		return r;
	}
	*ret = by_id;
	return 0;
}

/* All that another account is shown of one. */
static json_t *show_owner(const bson_t *user)
{
	return json_pack("{ss ss?}", "email", document_text(user, "email"), "name", document_text(user, "name"));
}

/* ---- putting together ---- */

/* What each grant becomes: from itself, its device and its owner. */
struct view {
	document_shower show_device;
	json_t *(*compose)(const json_t *grant, json_t *device, json_t *owner);
};

struct parties {
	json_t *devices, *owners; /* by id */
};

static int find_parties(struct store *s, const json_t *grants, document_shower show_device, struct parties *ret)
{
	struct parties p = { 0 };
	int r = find_by_id(s, DEVICES_COLLECTION, grants, "device", show_device, &p.devices);

	if (r == 0)
		r = find_by_id(s, USERS_COLLECTION, grants, "owner", show_owner, &p.owners);
	if (r) {
		json_decref(p.devices);
		return r;
	}
	*ret = p;
	return 0;
}

static json_t *part(const json_t *by_id, const json_t *grant, const char *member)
{
	return json_object_get(by_id, json_string_value(json_object_get(grant, member)));
}

static int compose_all(const json_t *grants, const struct parties *p, const struct view *v, json_t **ret)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(grants); i++) {
		const json_t *grant = json_array_get(grants, i);
		json_t *device = part(p->devices, grant, "device"), *owner = part(p->owners, grant, "owner");
		if (device && owner && json_array_append_new(list, v->compose(grant, device, owner))) {
			json_decref(list);
			return -ENOMEM;
		}
	}
	*ret = list;
	return 0;
}

static int view(struct store *s, const json_t *grants, const struct view *v, json_t **ret)
{
	struct parties p = { 0 };
	int r = json_array_size(grants) > 0 ? find_parties(s, grants, v->show_device, &p) : 0;

	if (r)
		return r;
	r = compose_all(grants, &p, v, ret);
	json_decref(p.devices);
	json_decref(p.owners);
	return r;
}

/* ---- the views ---- */

static json_t *compose_grant(const json_t *grant, json_t *device, json_t *owner)
{
	json_t *shown = json_copy((json_t *)(uintptr_t)grant);

	json_object_set(shown, "device", device);
	json_object_set(shown, "owner", owner);
	return shown;
}

static json_t *compose_name(const json_t *grant, json_t *device, json_t *owner)
{
	json_t *shown = json_copy(device);

	(void)owner;
	json_object_set(shown, "rights", json_object_get(grant, "rights"));
	return shown;
}

static json_t *compose_device(const json_t *grant, json_t *device, json_t *owner)
{
	json_t *shown = compose_name(grant, device, owner);
	enum rights r;

	json_object_set(shown, "owner", owner);
	if (!rights_read(&r, json_string_value(json_object_get(grant, "rights"))) || r < RIGHTS_MANAGE)
		json_object_del(shown, "rules");
	return shown;
}

int grants_resolve(struct store *s, const json_t *grants, json_t **ret)
{
	return view(s, grants, &(struct view){ device_name_json, compose_grant }, ret);
}

int shared_devices(struct store *s, const json_t *grants, json_t **ret)
{
	return view(s, grants, &(struct view){ device_shared_json, compose_device }, ret);
}

int shared_names(struct store *s, const json_t *grants, json_t **ret)
{
	return view(s, grants, &(struct view){ device_name_json, compose_name }, ret);
}

int shared_device(struct store *s, const struct permission *p, json_t **ret)
{
	char device[UUID_TEXT_SIZE], owner[UUID_TEXT_SIZE];
	json_t *list = NULL;

	uuid_format(device, &p->device);
	uuid_format(owner, &p->owner);
	json_t *grants = json_pack("[{ss ss ss}]", "device", device, "owner", owner, "rights", rights_text(p->rights));
	int r = grants ? shared_devices(s, grants, &list) : -ENOMEM;
	json_decref(grants);
	if (r)
		return r;
	r = json_array_size(list) > 0 ? 0 : STORE_E_MISSING;
	if (r == 0)
		*ret = json_incref(json_array_get(list, 0));
	json_decref(list);
	return r;
}
