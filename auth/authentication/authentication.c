/* authentication - the role as a whole: its routes and its parts. */
#include "auth/authentication/export.h"
#include "auth/authentication/internal.h"
#include "auth/authentication/rotate.h"
#include "auth/common/access_token.h"
#include "auth/common/session.h"
#include "auth/common/share_link.h"
#include "auth/common/users.h"
#include "service/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct web_route authentication_routes[] = {
	{ "POST", "/v1/sessions", login_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/sessions/refresh", refresh_handle, WEB_PUBLIC, NULL },
	{ "GET", "/v1/sessions", session_list_handle, WEB_USER, NULL },
	{ "DELETE", "/v1/sessions", session_revoke_others_handle, WEB_USER, NULL },
	{ "DELETE", "/v1/sessions/current", logout_handle, WEB_USER, NULL },
	{ "DELETE", "/v1/sessions/{id}", session_revoke_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/totp", totp_begin_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/totp/confirm", totp_confirm_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/totp/disable", totp_disable_handle, WEB_USER, NULL },
	{ "POST", "/v1/account/recovery-codes", recovery_codes_handle, WEB_USER, NULL },
	{ "POST", "/v1/links/open", link_open_handle, WEB_PUBLIC, NULL },
	{ "GET", "/v1/tokens", token_list_handle, WEB_USER, NULL },
	{ "POST", "/v1/tokens", token_create_handle, WEB_USER, NULL },
	{ "DELETE", "/v1/tokens/{id}", token_delete_handle, WEB_USER, NULL },
	{ "GET", "/internal/v1/export/sessions/{user}", export_sessions_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/internal/v1/export/tokens/{user}", export_tokens_handle, WEB_SERVICE, "account.export" },
	{ "GET", "/.well-known/jwks.json", jwks_handle, WEB_PUBLIC, NULL },
	{ "GET", "/.well-known/oauth-authorization-server", metadata_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/oauth/token", service_token_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/oauth/introspect", introspect_handle, WEB_PUBLIC, NULL },
	{ "POST", "/v1/oauth/revoke", revoke_handle, WEB_PUBLIC, NULL },
	{ "POST", "/internal/v1/keys/rotate", rotate_handle, WEB_SERVICE, "keys.rotate" },
	{ 0 },
};

const struct outbox_source *const authentication_sources[] = { &sessions_source, &access_tokens_source,
	&key_changes_source, NULL };

int authentication_open(struct authentication **ret, const struct auth *a, const struct authentication_options *o)
{
	static const char *const labels[] = { "result", NULL };
	struct authentication *x = calloc(1, sizeof *x);

	if (!x)
		return -ENOMEM;
	x->hasher = a->hasher;
	x->keyring = a->keyring;
	x->upkeep = a->upkeep;
	x->store = a->store;
	x->clients = o->clients;
	x->issuer = o->issuer;
	x->base_url = o->base_url;
	x->token_age_s = o->token_age_ms / 1000;
	x->personal_age_ms = o->personal_age_ms;
	x->personal_max = o->personal_per_user;
	x->sessions = (struct sessions_options){
		.store = a->store,
		.outbox = a->outbox,
		.refresh_age_ms = o->refresh_age_ms,
		.grace_ms = o->grace_ms,
		.per_user_max = o->sessions_per_user,
	};
	memcpy(x->sessions.tag_key, o->master->tag, sizeof x->sessions.tag_key);
	x->logins = metric_counter("pettrack_auth_logins_total", "Log-ins by result.", labels);
	x->refreshes = metric_counter("pettrack_auth_refreshes_total", "Refresh tokens shown, by result.", labels);
	x->service_tokens =
		metric_counter("pettrack_auth_service_tokens_total", "Requests for service tokens, by result.", labels);
	x->links = metric_counter("pettrack_auth_links_opened_total", "Share links shown, by result.", labels);
	*ret = x;
	return 0;
}

void authentication_close(struct authentication *x)
{
	if (x)
		sodium_memzero(x, sizeof *x);
	free(x);
}

int authentication_prepare(struct store *s)
{
	int r = users_prepare(s);

	if (r == 0)
		r = sessions_prepare(s);
	if (r == 0)
		r = access_tokens_prepare(s);
	if (r == 0)
		r = key_changes_prepare(s);
	return r ? r : share_links_prepare(s);
}

void authentication_count(struct metric *m, const char *result)
{
	metric_add(m, (const char *const[]){ result }, 1);
}
