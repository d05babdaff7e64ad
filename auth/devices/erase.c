/* erase - what of an ended account is the role devices'. */
#include "auth/common/audit.h"
#include "auth/common/document.h"
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

/* ---- what others read of it in their own logs ---- */

static void put_who(bson_t *filter, const char *email)
{
	BSON_APPEND_UTF8(filter, "who", email);
}

static bson_t *named_in_audit(const struct erasure_subject *who)
{
	return erasure_filter_addresses(who, put_who, "time");
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
	{ .name = "devices", .collection = DEVICES_COLLECTION, .filter = own_devices, .erase = end_devices },
	{ .name = "audit_events", .collection = AUDIT_COLLECTION, .filter = erasure_filter_user },
	{ .collection = AUDIT_COLLECTION, .filter = named_in_audit, .erase = forget_name },
	{ 0 },
};
