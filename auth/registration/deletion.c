/* deletion - the account is of no use from the answer on; what is left of it goes in the background (erasure). */
#include "auth/registration/deletion.h"
#include "auth/common/access_token.h"
#include "auth/common/auth.h"
#include "auth/common/confirm.h"
#include "auth/common/document.h"
#include "auth/common/proof.h"
#include "auth/common/session.h"
#include "base/clock.h"
#include "service/log.h"

#include <string.h>

enum { REFUSED = 403 };

static int find_subject(struct store *s, const struct user *user, struct erasure_subject *ret)
{
	*ret = (struct erasure_subject){ .user = user->id, .requested_ms = clock_real_ms() };
	memcpy(ret->email, user->email, sizeof ret->email);
	return former_find(s, &user->id, &ret->former);
}

static int remove_user(struct store *s, const struct uuid *user)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(user));
	int r = store_delete_one(s, USERS_COLLECTION, filter);

	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

/* Before they are ended, after which another process may be faster to remove them than the erasure is to count. */
static int note_what_ends(struct store *s, const struct erasure_subject *who, const struct uuid *receipt)
{
	int r = erasure_note_all(s, receipt, who, "sessions", SESSIONS_COLLECTION);

	return r ? r : erasure_note_all(s, receipt, who, "tokens", ACCESS_TOKENS_COLLECTION);
}

/* What is not left to the erasure's thread, so that it holds from the answer on. */
static int end_at_once(const struct auth *a, const struct erasure_subject *who, const struct uuid *receipt)
{
	int r = remove_user(a->store, &who->user);

	if (r == 0)
		r = note_what_ends(a->store, who, receipt);
	if (r == 0)
		r = session_revoke_all(a->store, a->outbox, &who->user, NULL);
	if (r == 0)
		r = access_tokens_revoke_all(a->store, a->outbox, &who->user);
	return r;
}

/* The receipt first: whatever fails after it, all of the account will go, and that is what is answered. */
static int end_account(const struct auth *a, const struct erasure_subject *who, struct uuid *ret_receipt)
{
	int r = erasure_begin(a->store, who, ret_receipt);

	if (r)
		return r;
	r = end_at_once(a, who, ret_receipt);
	if (r)
		log_error("account not ended at once", LOG_I("result", r), LOG_S("error", store_last_error()));
	erasure_wake(a->erasure);
	return 0;
}

static void answer_receipt(struct web_request *q, const struct uuid *receipt)
{
	char id[UUID_TEXT_SIZE], url[64] = "/v1/erasures/";

	uuid_format(id, receipt);
	strcat(url, id);
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 202, json_pack("{ss ss}", "receipt", id, "status_url", url));
}

void deletion_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	struct erasure_subject who;
	struct user user;
	struct uuid receipt;

	if (!confirm_password(q, a, &user) || proof_asked(q, a, &user, REFUSED) != PROOF_GOOD)
		return;
	int r = find_subject(a->store, &user, &who);
	if (r == 0)
		r = end_account(a, &who, &receipt);
	sodium_memzero(&user, sizeof user);
	if (r) {
		auth_fail(q, r);
		return;
	}
	auth_notice(a, MAIL_ACCOUNT_DELETED, who.email);
	answer_receipt(q, &receipt);
}

void erasure_get_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	const char *text = web_path(q, "receipt");
	struct uuid receipt;
	json_t *shown = NULL;
	int r = uuid_parse(&receipt, text, strlen(text)) ? STORE_E_MISSING : erasure_show(a->store, &receipt, &shown);

	web_add_header(q, "Cache-Control", "no-store");
	if (r == STORE_E_MISSING)
		web_problem(q, 404, "not_found", "There is no such receipt, or not any more.");
	else if (r)
		auth_fail(q, r);
	else
		web_reply(q, 200, shown);
}
