/*
 * osmand - the HTTP requests of OsmAnd and Traccar Client, one position each, on a kept connection
 *
 * Speed is in knots. The secret goes into the header Authorization, where no log of URLs sees it.
 */
#include "base/text.h"
#include "cli/simulation/dialect.h"

#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 8 * 1024, BODY_MAX = 8 * 1024 };

static const double knots_per_mps = 3600.0 / 1852.0;

static void put_parameter(struct text *t, const char *name, double v, int decimals)
{
	text_putc(t, '&');
	text_puts(t, name);
	text_putc(t, '=');
	text_fixed(t, v, decimals);
}

static void put_query(struct text *t, const char *identifier, const struct position *p)
{
	/* What an identifier may hold needs no escape. */
	text_puts(t, "id=");
	text_puts(t, identifier);
	text_puts(t, "&timestamp=");
	text_int(t, p->time_ms);
	text_puts(t, "&lat=");
	text_e7(t, p->lat_e7);
	text_puts(t, "&lon=");
	text_e7(t, p->lon_e7);
	if (position_has(p, POSITION_SPEED))
		put_parameter(t, "speed", p->speed_mps * knots_per_mps, 4);
	if (position_has(p, POSITION_COURSE))
		put_parameter(t, "bearing", p->course_deg, 1);
	if (position_has(p, POSITION_ALTITUDE))
		put_parameter(t, "altitude", p->altitude_m, 1);
	if (position_has(p, POSITION_ACCURACY))
		put_parameter(t, "accuracy", p->accuracy_m, 1);
	if (position_has(p, POSITION_BATTERY))
		put_parameter(t, "batt", p->battery_pct, 0);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct text t = text_in((char *)out, size);

	(void)n;
	text_puts(&t, "POST /?");
	put_query(&t, identifier, p);
	text_puts(&t, " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ");
	text_puts(&t, secret);
	text_puts(&t, "\r\nContent-Length: 0\r\n\r\n");
	return text_ok(&t) ? t.len : 0;
}

/* ---- answers ---- */

/* The value of the header @name in @head, which ends with an empty line. NULL when there is none. */
static const char *header(const char *head, size_t len, const char *name, size_t *ret_n)
{
	const char *end = head + len, *line = memchr(head, '\n', len);
	size_t name_n = strlen(name);

	for (; line && end - ++line > (ptrdiff_t)name_n; line = memchr(line, '\n', (size_t)(end - line))) {
		if (strncasecmp(line, name, name_n) != 0 || line[name_n] != ':')
			continue;
		const char *value = line + name_n + 1, *stop = memchr(value, '\r', (size_t)(end - value));
		while (stop && value < stop && *value == ' ')
			value++;
		*ret_n = stop ? (size_t)(stop - value) : 0;
		return stop ? value : NULL;
	}
	return NULL;
}

static struct reply by_status(int64_t status)
{
	if (status >= 200 && status < 300)
		return (struct reply){ .kind = REPLY_TAKEN, .taken = 1 };
	if (status == 429 || status >= 500)
		return (struct reply){ .kind = REPLY_LATER };
	return (struct reply){ .kind = status == 401 || status == 403 ? REPLY_DENIED : REPLY_REFUSED };
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	static const struct reply more = { .kind = REPLY_MORE }, garbage = { .kind = REPLY_GARBAGE };
	const char *head = (const char *)bytes, *end = memmem(head, len, "\r\n\r\n", 4), *value;
	int64_t status, body = 0;
	size_t n;

	(void)greeting;
	(void)sent;
	if (memcmp(head, "HTTP/1.1 ", len < 9 ? len : 9) != 0)
		return garbage;
	if (!end)
		return len > HEAD_MAX ? garbage : more;
	size_t head_n = (size_t)(end - head) + 4;
	if (head_n < 16 || text_to_int(&status, head + 9, 3) || status < 200)
		return garbage;
	value = header(head, head_n, "Content-Length", &n);
	if (value && (text_to_int(&body, value, n) || body < 0 || body > BODY_MAX))
		return garbage;
	if (!value && status != 204) /* a body of unknown length */
		return garbage;
	if (len - head_n < (size_t)body)
		return more;
	struct reply r = by_status(status);
	r.used = head_n + (size_t)body;
	value = header(head, head_n, "Connection", &n);
	r.last = value && n == 5 && strncasecmp(value, "close", 5) == 0;
	return r;
}

const struct dialect dialect_osmand = {
	.name = "osmand",
	.protocol = "osmand",
	.port = 5055,
	.records_max = 1,
	.frame = frame,
	.read = read_answer,
};
