/* export - what of an account is authentication's, for the archive of its owner. */
#include "auth/authentication/export.h"
#include "auth/common/access_token.h"
#include "auth/common/export.h"
#include "auth/common/session.h"

static const struct export_list sessions = { SESSIONS_COLLECTION, "created", export_filter_user, NULL };
static const struct export_list tokens = { ACCESS_TOKENS_COLLECTION, "created", export_filter_user, NULL };

void export_sessions_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &sessions);
}

void export_tokens_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &tokens);
}
