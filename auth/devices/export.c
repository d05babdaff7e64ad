/* export - what of an account is the role devices', for the archive of its owner. */
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "auth/common/export.h"
#include "auth/common/share_link.h"
#include "auth/devices/export.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"

static bson_t *given_or_received(const struct uuid *user)
{
	return BCON_NEW("$or", "[", "{", "owner", BCON_UUID(user), "}", "{", "grantee", BCON_UUID(user), "}", "]");
}

static const struct export_list devices = { DEVICES_COLLECTION, "created", export_filter_owner, NULL };
static const struct export_list grants = { GRANTS_COLLECTION, "created", given_or_received, NULL };
static const struct export_list links = { SHARE_LINKS_COLLECTION, "created", export_filter_owner, NULL };
static const struct export_list audit = { AUDIT_COLLECTION, "time", export_filter_user, NULL };

void export_devices_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &devices);
}

void export_grants_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &grants);
}

void export_links_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &links);
}

void export_audit_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &audit);
}
