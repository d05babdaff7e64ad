#include "query/page_policy.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { POLICY_MAX = 4096 };

/* Appends " scheme://host:port" of @url; of a host with a placeholder ("{s}.tiles.example") all its names. What is no
 * absolute URL is on this server, and needs nothing. */
static void put_origin(struct text *t, const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (!host)
		return;
	host += strlen("://");
	size_t n = strcspn(host, "/?#");
	if (strcspn(host, " ;,'\"") < n) /* would be another directive */
		return;
	text_putc(t, ' ');
	text_put(t, url, (size_t)(host - url));
	if (memchr(host, '{', n)) {
		const char *dot = memchr(host, '.', n);
		if (!dot)
			return;
		text_putc(t, '*');
		n -= (size_t)(dot - host);
		host = dot;
	}
	text_put(t, host, n);
}

char *page_policy(const struct page_places *p)
{
	char buf[POLICY_MAX];
	struct text t = text_in(buf, sizeof(buf));

	text_puts(&t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:");
	put_origin(&t, p->tile_url);
	text_puts(&t, "; connect-src 'self'");
	put_origin(&t, p->auth_url);
	put_origin(&t, p->live_url);
	text_puts(&t, "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	return text_ok(&t) ? strdup(buf) : NULL;
}
