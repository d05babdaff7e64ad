/* erase - what of an ended account is authentication's. */
#include "auth/authentication/authentication.h"
#include "auth/common/access_token.h"
#include "auth/common/session.h"

static int end_sessions(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	return session_revoke_all(s, o, &who->user, NULL);
}

static int end_tokens(struct store *s, struct outbox *o, const struct erasure_subject *who)
{
	return access_tokens_revoke_all(s, o, &who->user);
}

const struct erasure_part authentication_erase[] = {
	{ .name = "sessions", .collection = SESSIONS_COLLECTION, .filter = erasure_filter_user, .erase = end_sessions },
	{ .name = "tokens",
		.collection = ACCESS_TOKENS_COLLECTION,
		.filter = erasure_filter_user,
		.erase = end_tokens },
	{ 0 },
};
