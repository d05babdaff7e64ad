/* erase - what of an ended account is registration's. */
#include "auth/common/document.h"
#include "auth/common/one_time.h"
#include "auth/common/users.h"
#include "auth/registration/invitation.h"
#include "auth/registration/registration.h"

static bson_t *by_id(const struct erasure_subject *who)
{
	return BCON_NEW("_id", BCON_UUID(&who->user));
}

static void put_email(bson_t *filter, const char *email)
{
	BSON_APPEND_UTF8(filter, "email", email);
}

/* Those that it made, and those that were made for its addresses. */
static bson_t *invitations(const struct erasure_subject *who)
{
	bson_t *named = erasure_filter_addresses(who, put_email, "created");
	bson_t *filter = BCON_NEW("$or", "[", "{", "by", BCON_UUID(&who->user), "}", BCON_DOCUMENT(named), "]");

	bson_destroy(named);
	return filter;
}

/* Those of others, by which it came. */
static bson_t *used_invitations(const struct erasure_subject *who)
{
	return erasure_filter_addresses(who, invitation_put_used, "created");
}

/* They stay used, by nobody that can be told. */
static int forget_address(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	bson_t *filter = used_invitations(who);
	bson_t *update = BCON_NEW("$set", "{", "used", BCON_BOOL(true), "}");
	int r = store_update_many(s, INVITATIONS_COLLECTION, filter, update, NULL);

	(void)o;
	bson_destroy(update);
	bson_destroy(filter);
	return r;
}

const struct erasure_part registration_erase[] = {
	{ .collection = USERS_COLLECTION, .filter = by_id },
	{ .collection = "links", .filter = erasure_filter_user },
	{ .name = "invitations", .collection = INVITATIONS_COLLECTION, .filter = invitations },
	{ .collection = INVITATIONS_COLLECTION, .filter = used_invitations, .erase = forget_address },
	{ 0 },
};
