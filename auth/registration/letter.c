/* letter - a mail and the link in it. */
#include "auth/registration/internal.h"
#include "base/clock.h"

#include <string.h>

static bool carries_link(const struct link_mail *l)
{
	return l->link != ONE_TIME_NONE || l->mail == MAIL_NONE;
}

int send_link(const struct registration *r, const struct link_mail *l)
{
	char token[ONE_TIME_SIZE], url[AUTH_URL_SIZE];
	int64_t expires_ms = l->link == ONE_TIME_NONE ? clock_real_ms() : l->expires_ms;

	if (!mail_configured(r->auth->mailer))
		return 0;
	int result = one_time_make(r->store, l->link, &l->user, l->to, expires_ms, token);
	if (result)
		return result;
	(void)auth_url(r->auth, carries_link(l) ? l->word : NULL, token, url); /* mail needs a public URL */
	result = mail_queue(
		r->auth->mailer, l->mail, l->to, &(struct mail_values){ .url = url, .expires_ms = l->expires_ms });
	sodium_memzero(token, sizeof token);
	sodium_memzero(url, sizeof url);
	return result;
}
