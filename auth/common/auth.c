/* auth - the answers and checks that every role shares. */
#include "auth/common/auth.h"
#include "auth/common/access_token.h"
#include "auth/common/session.h"
#include "base/clock.h"
#include "base/text.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

/* A personal access token. */
static int verify_personal(const struct auth *a, const char *token, size_t len, struct token_claims *ret)
{
	int r = access_token_verify(a->store, token, len, ret);

	return r == STORE_E_MISSING ? TOKEN_E_MALFORMED : r > 0 ? -EAGAIN : r;
}

int auth_verify(void *owner, const char *token, size_t len, struct token_claims *ret)
{
	const struct auth *a = owner;
	struct token_claims claims;

	if (!a->keyring || !upkeep_prepared(a->upkeep))
		return -EAGAIN;
	if (token_is_personal(token, len))
		return verify_personal(a, token, len, ret);
	int r = keyring_verify(a->keyring, token, len, clock_real_ms() / 1000, &claims);
	if (r == 0 && !claims.service) {
		r = session_stands(a->store, &claims.session);
		r = r == STORE_E_MISSING ? TOKEN_E_EXPIRED : r > 0 ? -EAGAIN : r;
	}
	if (r == 0)
		*ret = claims;
	return r;
}

void auth_fail(struct web_request *q, int r)
{
	if (r == STORE_E_RETRY || r == -EAGAIN) {
		web_add_header(q, "Retry-After", "1");
		web_problem(q, 503, "unavailable", "A server that is needed does not answer. Try again.");
		return;
	}
	log_error("request failed", LOG_S("error", r < 0 ? strerror(-r) : store_last_error()), LOG_I("result", r));
	web_problem(q, 500, "internal", "This should not happen; it was logged.");
}

void auth_busy(struct web_request *q)
{
	web_add_header(q, "Retry-After", "1");
	web_problem(q, 503, "busy", "Too many passwords are being checked. Try again.");
}

const char *auth_url_setting(const char *text, void *target, int64_t min, int64_t max)
{
	const char *host = !strncmp(text, "https://", 8) ? text + 8 : !strncmp(text, "http://", 7) ? text + 7 : "/";

	(void)min;
	(void)max;
	for (const char *s = text; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("?#@\"<>\\", *s))
			return "must be http(s)://HOST[:PORT][/PATH], without a query";
	if (*host == '/' || *host == '\0' || strlen(text) > AUTH_URL_SIZE / 2)
		return "must be http(s)://HOST[:PORT][/PATH], of at most 256 bytes";
	*(const char **)target = text;
	return NULL;
}

bool auth_url(const struct auth *a, const char *what, const char *token, char out[static AUTH_URL_SIZE])
{
	struct text t = text_in(out, AUTH_URL_SIZE);
	size_t n = a->public_url ? strlen(a->public_url) : 0;

	while (n > 0 && a->public_url[n - 1] == '/')
		n--;
	text_put(&t, n > 0 ? a->public_url : "", n);
	text_putc(&t, '/');
	if (what)
		text_printf(&t, "#%s=%s", what, token);
	if (n > 0 && text_ok(&t))
		return true;
	out[0] = '\0';
	return false;
}

void auth_notice(const struct auth *a, enum mail_kind kind, const char *to)
{
	char url[AUTH_URL_SIZE];

	(void)auth_url(a, NULL, NULL, url);
	int r = mail_queue(a->mailer, kind, to, &(struct mail_values){ .url = url });
	if (r)
		log_warn("notice not written", LOG_S("kind", mail_kind_name(kind)), LOG_I("result", r));
}
