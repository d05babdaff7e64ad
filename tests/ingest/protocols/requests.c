#include "requests.h"

#include "base/text.h"

#include <check.h>
#include <string.h>

const char *request(const char *target, const char *headers, const char *body)
{
	static char buf[32 * 1024];
	struct text t = text_in(buf, sizeof buf);

	text_printf(&t, "%s %s HTTP/1.1\r\nHost: gateway\r\n%s", body ? "POST" : "GET", target, headers);
	if (body)
		text_printf(&t, "Content-Length: %zu\r\n", strlen(body));
	text_puts(&t, "\r\n");
	text_puts(&t, body ? body : "");
	ck_assert(text_ok(&t));
	return buf;
}
