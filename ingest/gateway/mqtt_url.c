/* mqtt_url - scheme, host, port. */
#include "ingest/gateway/mqtt_url.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* The text behind @scheme, or NULL. */
static const char *behind(const char *text, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(text, scheme, n) == 0 ? text + n : NULL;
}

static bool is_host(const char *s, size_t n, bool bracketed)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(bracketed ? ":.%" : "-._", s[i]))
			return false;
	return n > 0 && n < MQTT_HOST_SIZE && bracketed == (memchr(s, ':', n) != NULL);
}

/* ":PORT", or nothing. */
static int parse_port(uint16_t *port, const char *text)
{
	int64_t v;

	if (*text == '\0')
		return 0;
	if (*text != ':' || text_to_int(&v, text + 1, strlen(text + 1)) < 0 || v < 1 || v > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)v;
	return 0;
}

int mqtt_url_parse(struct mqtt_url *ret, const char *text)
{
	const char *plain = behind(text, "mqtt://"), *secure = behind(text, "mqtts://");
	const char *host = plain ? plain : secure;
	struct mqtt_url url = { .tls = secure != NULL, .port = secure ? MQTT_TLS_PORT : MQTT_PORT };

	if (!host)
		return -EINVAL;
	bool bracketed = *host == '[';
	host += bracketed;
	size_t n = strcspn(host, bracketed ? "]" : ":");
	if (!is_host(host, n, bracketed) || (bracketed && host[n] != ']'))
		return -EINVAL;
	memcpy(url.host, host, n);
	if (parse_port(&url.port, host + n + bracketed) < 0)
		return -EINVAL;
	*ret = url;
	return 0;
}
