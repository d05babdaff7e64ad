/* export - what of an account is registration's, for the archive of its owner. */
#include "auth/registration/export.h"
#include "auth/common/audit.h"
#include "auth/common/auth.h"
#include "auth/common/document.h"
#include "auth/common/export.h"
#include "auth/common/users.h"
#include "auth/registration/invitation.h"

#include <string.h>

static bson_t *by_id(const struct uuid *user)
{
	return BCON_NEW("_id", BCON_UUID(user));
}

static const struct export_list account = { USERS_COLLECTION, "created", by_id, NULL };

/* The first thing that is asked for: the owner's log says that the archive was. "address": where from. */
static void note(const struct web_request *q, const struct auth *a)
{
	const struct audit_details d = { .address = web_query(q, "address") };
	const char *text = web_path(q, "user");
	struct uuid user;

	if (uuid_parse(&user, text, strlen(text)) == 0)
		audit_write(a->store, &user, AUDIT_EXPORTED, &d);
}

static bson_t *by_maker(const struct uuid *user)
{
	return BCON_NEW("by", BCON_UUID(user));
}

static const struct export_list invitations = { INVITATIONS_COLLECTION, "created", by_maker, NULL };

void export_invitations_handle(struct web_request *q, void *owner)
{
	export_answer(q, owner, &invitations);
}

void export_account_handle(struct web_request *q, void *owner)
{
	if (export_answer(q, owner, &account) > 0)
		note(q, owner);
}
