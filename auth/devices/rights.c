/* rights - one look at the device, as its owner's, and one at the grant, as its grantee's. */
#include "auth/devices/rights.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/common/document.h"
#include "auth/common/users.h"

#include <string.h>

static const char *const names[] = {
	[RIGHTS_VIEW] = "view",
	[RIGHTS_MANAGE] = "manage",
	[RIGHTS_OWNER] = "owner",
};

const char *rights_text(enum rights r)
{
	return names[r];
}

bool rights_read(enum rights *ret, const char *text)
{
	for (int r = RIGHTS_VIEW; text && r < RIGHTS_OWNER; r++)
		if (!strcmp(text, names[r])) {
			*ret = (enum rights)r;
			return true;
		}
	return false;
}

/* ---- answers ---- */

void answer_no_device(struct web_request *q)
{
	web_problem(q, 404, "not_found", "You have no such device.");
}

void answer_insufficient_rights(struct web_request *q, const char *detail)
{
	web_problem(q, 403, "insufficient_rights", "%s", detail);
}

/* ---- who may ---- */

static int find_own(const struct devices *d, const struct uuid *device, const struct uuid *user, struct permission *ret)
{
	const struct permission own = { *device, *user, RIGHTS_OWNER };
	bson_t *filter = permitted_device(&own);
	int r = store_exists(d->store, DEVICES_COLLECTION, filter);

	bson_destroy(filter);
	if (r == 0)
		*ret = own;
	return r;
}

/* 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
static int find_permission(
	const struct devices *d, const struct uuid *device, const struct uuid *user, struct permission *ret)
{
	struct permission p;
	int r = find_own(d, device, user, ret);

	if (r != STORE_E_MISSING)
		return r;
	r = grant_permission(d->store, device, user, &p);
	if (r == 0)
		r = users_there(d->store, &p.owner); /* what an account that is gone gave is over */
	if (r == 0)
		*ret = p;
	return r;
}

bool device_permit(struct web_request *q, const struct devices *d, enum rights least, struct permission *ret)
{
	const char *text = web_path(q, "id");
	struct uuid device;
	int r = STORE_E_MISSING;

	if (uuid_parse(&device, text, strlen(text)) == 0)
		r = find_permission(d, &device, &web_claims(q)->subject, ret);
	if (r == STORE_E_MISSING)
		answer_no_device(q);
	else if (r)
		auth_fail(q, r);
	else if (ret->rights < least)
		answer_insufficient_rights(q, least == RIGHTS_OWNER ? "Only its owner may do that with the device."
								    : "The device is shared with you to view it only.");
	else
		return true;
	return false;
}

bson_t *permitted_device(const struct permission *p)
{
	return BCON_NEW("_id", BCON_UUID(&p->device), "owner", BCON_UUID(&p->owner));
}
