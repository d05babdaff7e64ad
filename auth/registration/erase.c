/* erase - what of an ended account is registration's. */
#include "auth/common/document.h"
#include "auth/registration/registration.h"

static bson_t *by_id(const struct erasure_subject *who)
{
	return BCON_NEW("_id", BCON_UUID(&who->user));
}

static bson_t *by_inviter(const struct erasure_subject *who)
{
	return BCON_NEW("by", BCON_UUID(&who->user));
}

const struct erasure_part registration_erase[] = {
	{ .collection = "users", .filter = by_id },
	{ .collection = "links", .filter = erasure_filter_user },
	{ .name = "invitations", .collection = "invitations", .filter = by_inviter },
	{ 0 },
};
