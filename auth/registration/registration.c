/* registration - the role as a whole: its routes, its settings, its collections. */
#include "auth/common/access_token.h"
#include "auth/common/session.h"
#include "auth/registration/deletion.h"
#include "auth/registration/export.h"
#include "auth/registration/internal.h"
#include "auth/registration/invitation.h"
#include "service/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct web_route registration_routes[] = {
	{ "POST", "/v1/users", register_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/users/verify", verify_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/users/verification", verification_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/password-resets", reset_ask_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/password-resets/confirm", reset_confirm_handle, WEB_PUBLIC, NULL },
	{ "GET", "/v1/account", account_get_handle, WEB_USER, "account.read" },
	{ "PATCH", "/v1/account", account_patch_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/password", account_password_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/email", email_ask_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/email/confirm", email_confirm_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/account/deletion", deletion_handle, WEB_USER, NULL },
	{ "GET", "/v1/erasures/{receipt}", erasure_get_handle, WEB_PUBLIC, NULL },
	{ "GET", "/v1/invitations", invitations_list_handle, WEB_USER, NULL },
	{ "POST", "/v1/invitations", invitations_create_handle, WEB_USER, NULL },
	{ "DELETE", "/v1/invitations/{id}", invitations_delete_handle, WEB_USER, NULL },
	{ "POST", "/internal/v1/invitations", invitations_issue_handle, WEB_SERVICE, "users.invite" },
	{ "GET", "/internal/v1/export/account/{user}", export_account_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/export/invitations/{user}", export_invitations_handle, WEB_SERVICE, "account.export" },
	{ 0 },
};

/* A new password ends sessions; the end of an account, personal access tokens too. */
const struct outbox_source *const registration_sources[] = { &sessions_source, &access_tokens_source, NULL };

const char *sign_up_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static const char *const names[] = {
		[SIGN_UP_OPEN] = "open",
		[SIGN_UP_CLOSED] = "closed",
		[SIGN_UP_INVITATION] = "invitation",
	};

	(void)min;
	(void)max;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i])) {
			*(enum sign_up *)target = (enum sign_up)i;
			return NULL;
		}
	return "must be open, closed or invitation";
}

int registration_open(struct registration **ret, const struct auth *a, const struct registration_options *o)
{
	static const char *const labels[] = { "result", NULL };
	struct registration *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->auth = a;
	r->store = a->store;
	r->options = *o;
	r->requests = metric_counter("pettrack_auth_registrations_total", "Requests for an account.", labels);
	*ret = r;
	return 0;
}

void registration_close(struct registration *r)
{
	free(r);
}

int registration_prepare(struct store *s)
{
	int r = users_prepare(s);

	if (r == 0)
		r = one_time_prepare(s);
	return r ? r : invitation_prepare(s);
}
