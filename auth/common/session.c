/* session - one look by _id, at every request: a revoked session ends here at once, in every replica. */
#include "auth/common/session.h"
#include "auth/common/document.h"
#include "auth/common/revocation.h"
#include "base/clock.h"

int session_stands(struct store *s, const struct uuid *session)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(session), "revoked", "{", "$exists", BCON_BOOL(false), "}",
		"expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
	int r = store_exists(s, SESSIONS_COLLECTION, filter);

	bson_destroy(filter);
	return r;
}

const struct outbox_source sessions_source = { SESSIONS_COLLECTION, revocation_plan };

int session_revoke(struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *session)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(session));

	if (user)
		BCON_APPEND(filter, "user", BCON_UUID(user));
	return revocation_write_one(s, outbox, SESSIONS_COLLECTION, filter);
}

int session_revoke_all(struct store *s, struct outbox *outbox, const struct uuid *user, const struct uuid *except)
{
	bson_t *filter = BCON_NEW("user", BCON_UUID(user));

	if (except)
		BCON_APPEND(filter, "_id", "{", "$ne", BCON_UUID(except), "}");
	return revocation_write_all(s, outbox, SESSIONS_COLLECTION, filter);
}
