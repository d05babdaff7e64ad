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

static bson_t *by_inviter(const struct erasure_subject *who)
{
	return BCON_NEW("by", BCON_UUID(&who->user));
}

/* Those that it made, and those that were made for its address. */
static bson_t *invitations(const struct erasure_subject *who)
{
	return BCON_NEW(
		"$or", "[", "{", "by", BCON_UUID(&who->user), "}", "{", "email", BCON_UTF8(who->email), "}", "]");
}

const struct erasure_part registration_erase[] = {
	{ .collection = USERS_COLLECTION, .filter = by_id },
	{ .collection = "links", .filter = erasure_filter_user },
	{ .name = "invitations", .collection = INVITATIONS_COLLECTION, .filter = invitations },
	{ .name = "invitations", .collection = "invitations", .filter = by_inviter },
	{ 0 },
};
