/* erase - what of an ended account is the role devices'. */
#include "auth/common/audit.h"
#include "auth/common/document.h"
#include "auth/common/share_link.h"
#include "auth/common/share_link.h"
#include "auth/devices/end.h"
#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/devices/links.h"

/* ---- devices ---- */

/* With those whose events are not sent yet. */
static bson_t *own_devices(const struct erasure_subject *who)
{
	return BCON_NEW("$or", "[", "{", "owner", BCON_UUID(&who->user), "}", "{", "former_owner",
		BCON_UUID(&who->user), "}", "]");
}

static int end_devices(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = BCON_NEW("owner", BCON_UUID(&who->user));
	int64_t n;
	int r = devices_end(s, o, filter, &n);

	bson_destroy(filter);
	return r;
}

/* ---- links ---- */

static bson_t *own_links(const struct erasure_subject *who)
{
	return BCON_NEW("owner", BCON_UUID(&who->user));
}

static int end_links(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = own_links(who);
	int64_t n;
	int r = share_links_revoke(s, o, filter, &n);

	bson_destroy(filter);
	return r;
}

/* ---- what others read of it in their own logs ---- */

static bson_t *named_in_audit(const struct erasure_subject *who)
{
	return BCON_NEW("who", BCON_UTF8(who->email));
}

static int forget_name(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = named_in_audit(who);
	bson_t *update = BCON_NEW("$unset", "{", "who", BCON_UTF8(""), "}");
	int r = store_update_many(s, AUDIT_COLLECTION, filter, update, NULL);

	(void)o;
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

const struct erasure_part devices_erase[] = {
	{ .name = "grants", .collection = GRANTS_COLLECTION, .filter = grants_of_account, .erase = grants_erase },
	{ .name = "links", .collection = SHARE_LINKS_COLLECTION, .filter = links_of_account, .erase = links_erase },
	{ .name = "links", .collection = SHARE_LINKS_COLLECTION, .filter = own_links, .erase = end_links },
	{ .name = "devices", .collection = DEVICES_COLLECTION, .filter = own_devices, .erase = end_devices },
	{ .name = "audit_events", .collection = AUDIT_COLLECTION, .filter = erasure_filter_user },
	{ .collection = AUDIT_COLLECTION, .filter = named_in_audit, .erase = forget_name },
	{ 0 },
};
