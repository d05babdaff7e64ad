/* devices - the role as a whole: its routes and its collection. */
#include "auth/devices/internal.h"
#include "auth/devices/audit_list.h"
#include "auth/devices/device.h"
#include "auth/devices/export.h"
#include "auth/devices/grants.h"
#include "auth/devices/unknown.h"
#include "auth/common/share_link.h"
#include "store/index.h"

#include <errno.h>
#include <stdlib.h>

const struct web_route devices_routes[] = {
	{ "POST", "/v1/devices", device_create_handle, WEB_USER, "devices.write" },
	{ "GET", "/v1/devices", device_list_handle, WEB_USER, "devices.read" },
	{ "GET", "/v1/devices/{id}", device_get_handle, WEB_USER, "devices.read" },
	{ "PATCH", "/v1/devices/{id}", device_change_handle, WEB_USER, "devices.write" },
	{ "POST", "/v1/devices/{id}/secret", device_secret_handle, WEB_USER, "devices.write" },
	{ "DELETE", "/v1/devices/{id}", device_delete_handle, WEB_USER, "devices.write" },
	{ "POST", "/v1/devices/{id}/grants", grant_give_handle, WEB_USER },
	{ "GET", "/v1/devices/{id}/grants", grants_of_device_handle, WEB_USER, "devices.read" },
	{ "GET", "/v1/grants", grant_list_handle, WEB_USER, "devices.read" },
	{ "POST", "/v1/grants/{id}/accept", grant_accept_handle, WEB_USER },
	{ "POST", "/v1/grants/{id}/decline", grant_decline_handle, WEB_USER },
	{ "DELETE", "/v1/grants/{id}", grant_end_handle, WEB_USER },
	{ "POST", "/v1/devices/{id}/links", link_create_handle, WEB_USER },
	{ "GET", "/v1/devices/{id}/links", link_list_handle, WEB_USER },
	{ "GET", "/v1/links/{id}", link_get_handle, WEB_USER },
	{ "PATCH", "/v1/links/{id}", link_change_handle, WEB_USER },
	{ "DELETE", "/v1/links/{id}", link_revoke_handle, WEB_USER },
	{ "GET", "/v1/audit", audit_list_handle, WEB_USER, "account.read" },
	{ "POST", "/internal/v1/devices/lookup", lookup_handle, WEB_SERVICE, "devices.lookup" },
	{ "POST", "/internal/v1/devices/unknown", contacts_handle, WEB_SERVICE, "devices.lookup" },
	{ "GET", "/internal/v1/devices/unknown", unknown_list_handle, WEB_SERVICE, "devices.unknown" },
	{ "GET", "/internal/v1/devices", retention_list_handle, WEB_SERVICE, "devices.retention" },
	{ "GET", "/internal/v1/export/devices/{user}", export_devices_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/export/grants/{user}", export_grants_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/export/links/{user}", export_links_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/export/audit/{user}", export_audit_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/users/{id}/devices", user_devices_handle, WEB_SERVICE, "access.read" },
	{ 0 },
};

static const struct outbox_source changed_devices = { DEVICES_COLLECTION, device_plan };
const struct outbox_source *const devices_sources[] = { &changed_devices, &grants_source, &share_links_source, NULL };

int devices_open(struct devices **ret, const struct auth *a, const struct devices_options *o)
{
	static const char *const labels[] = { "result", NULL };
	struct devices *d = calloc(1, sizeof *d);

	if (!d)
		return -ENOMEM;
	*d = (struct devices){ .store = a->store, .outbox = a->outbox, .options = *o };
	d->claims = metric_counter("pettrack_auth_claims_total",
		"Codes that were shown to claim a tracker, by result: right or wrong.", labels);
	*ret = d;
	return 0;
}

void devices_close(struct devices *d)
{
	free(d);
}

int devices_prepare(struct store *s)
{
	/* Sparse: a deleted device has no identifier. */
	int r = index_ensure(s, DEVICES_COLLECTION, "identifier", BCON_NEW("identifier", BCON_INT32(1)),
		INDEX_UNIQUE | INDEX_SPARSE);

	if (r == 0)
		r = index_ensure(s, DEVICES_COLLECTION, "owner",
			BCON_NEW("owner", BCON_INT32(1), "created", BCON_INT32(1), "_id", BCON_INT32(1)), 0);
	if (r == 0)
		r = index_ensure(
			s, DEVICES_COLLECTION, "former_owner", BCON_NEW("former_owner", BCON_INT32(1)), INDEX_SPARSE);
	if (r == 0)
		r = outbox_index_ensure(s, DEVICES_COLLECTION);
	if (r == 0)
		r = unknown_prepare(s);
	if (r == 0)
		r = grants_prepare(s);
	return r ? r : share_links_prepare(s);
}
