/* links_view - what query is told of a link: one device, and how much of it may be shown. */
#include "auth/devices/links.h"
#include "auth/devices/internal.h"
#include "auth/common/document.h"
#include "auth/common/share_link.h"
#include "auth/common/users.h"
#include "base/clock.h"

#include <errno.h>

/* Whoever opens a link that has ended sees nothing, whatever it showed. */
static json_t *nothing(void)
{
	return json_pack("{s:[], s:{sb sb si si}}", "devices", "limits", "live", false, "history", false, "blur", 0,
		"expires", 0);
}

static json_t *show_id(const bson_t *device)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	if (!document_uuid(device, "_id", &id))
		return NULL;
	uuid_format(text, &id);
	return json_pack("{ss}", "id", text);
}

/* None where the owner has it no more. */
static int show_device(const struct devices *d, const struct share_link *l, json_t **ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&l->device), "owner", BCON_UUID(&l->owner));
	bson_t *options = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}");
	int r = documents_list(d->store, DEVICES_COLLECTION, filter, options, show_id, ret);

	bson_destroy(options);
	bson_destroy(filter);
	return r;
}

static void answer(struct web_request *q, const struct devices *d, const struct share_link *l)
{
	json_t *devices = NULL;
	int r = users_there(d->store, &l->owner);

	if (r == 0)
		r = show_device(d, l, &devices);
	if (r == STORE_E_MISSING)
		web_reply(q, 200, nothing());
	else if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, json_pack("{so so}", "devices", devices, "limits", share_limits_json(&l->terms)));
}

/* Whether it shows anything now. */
static bool stands(const bson_t *doc, struct share_link *ret)
{
	return share_link_read(doc, ret) && ret->terms.expires_ms > clock_real_ms();
}

bool links_answer(struct web_request *q, const struct devices *d, const struct uuid *id)
{
	struct share_link l;
	bson_t *filter = BCON_NEW("_id", BCON_UUID(id)), *doc;
	int r = store_find_one(d->store, SHARE_LINKS_COLLECTION, filter, NULL, &doc);

	bson_destroy(filter);
	if (r == STORE_E_MISSING)
		return false;
	if (r) {
		auth_fail(q, r);
		return true;
	}
	if (stands(doc, &l))
		answer(q, d, &l);
	else
		web_reply(q, 200, nothing());
	bson_destroy(doc);
	return true;
}
